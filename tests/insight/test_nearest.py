"""Who is nearest, by what is shared and by the profiles' vectors."""

from __future__ import annotations

import numpy as np
import pytest
from insight_crowd import CROWD, FIRST, SECOND, Crowd, traits, weights
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live


def test_the_nearest_share_most_by_weight(api: DeepPersona, crowd: Crowd) -> None:
    one, *others = crowd.people[FIRST]
    weigh = weights(crowd.people[FIRST])
    expected = {
        other.id: (
            len(traits(one) & traits(other)),
            sum(weigh[trait] for trait in traits(one) & traits(other)),
        )
        for other in others
    }
    found = api.nearest(one.id, limit=1000)
    for neighbour in found.neighbours:
        shared, weight = expected[neighbour.person.id]
        assert neighbour.shared == shared
        assert neighbour.weight == pytest.approx(weight)
    assert len(found.neighbours) == sum(shared > 0 for shared, _ in expected.values())
    told = [round(neighbour.weight or 0, 6) for neighbour in found.neighbours]
    assert told == sorted(told, reverse=True)
    assert [n.person.id for n in api.nearest(one.id, limit=3).neighbours] == [
        n.person.id for n in found.neighbours[:3]
    ]


def test_nearness_in_another_population_agrees_with_what_is_shared(api: DeepPersona, crowd: Crowd) -> None:
    one = crowd.people[FIRST][2]
    found = api.nearest(one.id, population=SECOND, limit=4)
    assert {neighbour.person.population for neighbour in found.neighbours} == {SECOND}
    for neighbour in found.neighbours:
        assert api.shared([one.id, neighbour.person.id]).weight == pytest.approx(neighbour.weight)


def test_by_embedding_the_nearest_have_the_greatest_cosine(
    api: DeepPersona, crowd: Crowd, driver: Driver
) -> None:
    one = crowd.people[FIRST][0]
    rows = driver.execute_query(
        "MATCH (p:Persona {population: $population}) RETURN p.id AS id, p.embedding AS vector",
        population=FIRST, database_=api.graph.database,
    ).records  # fmt: skip
    vectors = {row["id"]: np.array(row["vector"]) for row in rows}
    cosines = {other: float(vectors[one.id] @ vector) for other, vector in vectors.items() if other != one.id}
    found = api.nearest(one.id, by="embedding", limit=1000)
    assert len(found.neighbours) == len(cosines)
    for neighbour in found.neighbours:
        assert neighbour.similarity == pytest.approx(cosines[neighbour.person.id], abs=1e-4)
    told = [round(neighbour.similarity or 0, 6) for neighbour in found.neighbours]
    assert told == sorted(told, reverse=True)


def test_somebody_alone_has_nobody_near(api: DeepPersona, crowd: Crowd, population: str) -> None:
    assert crowd.people
    (one,) = api.generate(1, population=population, seed=1, taxonomy=CROWD, depth=5, values="bank")
    assert api.nearest(one.id).neighbours == ()
    assert api.nearest(one.id, by="embedding").neighbours == ()


def test_somebody_without_a_vector_is_told_so(
    api: DeepPersona, crowd: Crowd, driver: Driver, population: str
) -> None:
    assert crowd.people
    (one,) = api.generate(1, population=population, seed=1, taxonomy=CROWD, depth=5, values="bank")
    driver.execute_query(
        "MATCH (p:Persona {id: $id}) REMOVE p.embedding", id=one.id, database_=api.graph.database
    )
    with pytest.raises(InputError, match="has no embedding; ask --by attributes"):
        api.nearest(one.id, by="embedding")


def test_unknown_names_are_told_with_the_nearest(api: DeepPersona, crowd: Crowd) -> None:
    with pytest.raises(UnknownNameError, match="no persona is called"):
        api.nearest("Nobody At All")
    with pytest.raises(UnknownNameError, match=f"nearest: .*{FIRST}"):
        api.nearest(crowd.people[FIRST][0].id, population=f"{FIRST}x")


def test_people_of_another_taxonomy_are_not_near(
    api: DeepPersona, crowd: Crowd, human: Tree, population: str
) -> None:
    list(api.generate(1, population=population, seed=1, taxonomy=human.name, depth=3, values="bank"))
    one = crowd.people[FIRST][0]
    with pytest.raises(InputError, match="compare people of one taxonomy"):
        api.nearest(one.id, population=population)
    with pytest.raises(InputError, match="compare populations of one taxonomy"):
        api.compare(FIRST, population)
