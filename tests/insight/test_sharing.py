"""What people share, and which groups share most, as it follows from the people themselves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest
from insight_crowd import CROWD, FIRST, SECOND, Crowd, Trait, traits, values, weights
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.insight.groups import Groups
from deeppersona_graph.model.tree import Tree, normal, shown

pytestmark = pytest.mark.live


@pytest.mark.parametrize("places", [(0, 1), (3, 17), (5, 9, 31), (0, 1, 2, 3, 4)])
def test_what_people_share_is_what_their_exports_share(
    api: DeepPersona, crowd: Crowd, places: tuple[int, ...]
) -> None:
    people = [crowd.people[FIRST][place] for place in places]
    weigh = weights(crowd.people[FIRST])
    found = api.shared([one.id for one in people])
    common = set.intersection(*map(traits, people))
    assert {(one.attribute, normal(one.value)) for one in found.traits} == common
    for one in found.traits:
        assert one.weight == pytest.approx(weigh[one.attribute, normal(one.value)])
        assert one.path == crowd.tree.by_id[one.attribute].path
    assert found.weight == pytest.approx(sum(weigh[trait] for trait in common))
    assert found.concerned == len(crowd.people[FIRST])
    assert [one.weight for one in found.traits] == sorted((one.weight for one in found.traits), reverse=True)


def test_attributes_of_which_nothing_is_shared_are_told_with_the_values_in_order(
    api: DeepPersona, crowd: Crowd
) -> None:
    people = crowd.people[FIRST][:3]
    found = api.shared([one.id for one in people])
    every = [values(one) for one in people]
    shared = {one.attribute for one in found.traits}
    expected = {
        (attribute, tuple(of_one[attribute] for of_one in every))
        for attribute in set.intersection(*map(set, every)) - shared
    }
    assert {(one.attribute, one.values) for one in found.differing} == expected
    assert found.attributes == len(shared) + len(expected)


def test_people_of_two_populations_are_weighed_among_both(api: DeepPersona, crowd: Crowd) -> None:
    one, other = crowd.people[FIRST][4], crowd.people[SECOND][7]
    weigh = weights(crowd.everybody)
    found = api.shared([one.id, other.id])
    assert found.concerned == len(crowd.everybody)
    assert found.weight == pytest.approx(sum(weigh[trait] for trait in traits(one) & traits(other)))


def test_each_shared_trait_is_explained_by_its_path_through_the_graph(api: DeepPersona, crowd: Crowd) -> None:
    people = crowd.people[FIRST][:2]
    found = api.shared([one.id for one in people])
    first, second = (one.situation.name for one in people)
    trait = found.traits[0]
    told = f"({first})-HAS-({shown(trait.path)} = {trait.value})-HAS-({second})"
    assert trait.explained([one.name for one in found.people]) == told


def test_superseded_edges_are_not_shared(
    api: DeepPersona, crowd: Crowd, driver: Driver, population: str
) -> None:
    wanted: dict[str, Any] = {"population": population, "seed": 8, "taxonomy": CROWD, "depth": 14}
    people = list(api.generate(2, values="bank", **wanted))
    ids = [one.id for one in people]
    before = api.shared(ids)
    gone = before.traits[0].attribute
    driver.execute_query(
        "MATCH (:Persona {id: $id})-[has:HAS]->(:Attribute {taxonomy: $taxonomy, id: $gone}) "
        "SET has.source = 'superseded'",
        id=ids[0], taxonomy=crowd.tree.name, gone=gone, database_=api.graph.database,
    )  # fmt: skip
    assert {one.attribute for one in api.shared(ids).traits} == {
        one.attribute for one in before.traits if one.attribute != gone
    }


def test_fewer_than_two_people_share_nothing(api: DeepPersona, crowd: Crowd) -> None:
    with pytest.raises(InputError, match="1 persona given; sharing takes two or more"):
        api.shared([crowd.people[FIRST][0].id])


def test_nobody_is_compared_with_themselves(api: DeepPersona, crowd: Crowd) -> None:
    one = crowd.people[FIRST][0]
    with pytest.raises(InputError, match=rf"\({one.id}\) is named twice"):
        api.shared([one.id, one.id[:12]])


def test_somebody_unknown_is_told_with_the_nearest_names(api: DeepPersona, crowd: Crowd) -> None:
    one = crowd.people[FIRST][0]
    with pytest.raises(UnknownNameError, match="no persona is called 'Nobody At All'"):
        api.shared([one.id, "Nobody At All"])


def test_people_of_two_taxonomies_share_nothing(
    api: DeepPersona, crowd: Crowd, human: Tree, population: str
) -> None:
    (other,) = api.generate(1, population=population, seed=1, taxonomy=human.name, depth=3, values="bank")
    with pytest.raises(InputError, match="compare people of one taxonomy"):
        api.shared([crowd.people[FIRST][0].id, other.id])


def closed(having: list[set[Trait]], members: Iterable[int]) -> tuple[frozenset[int], frozenset[Trait]]:
    """The closed group of some people: everybody who has all that they have in common, and that."""
    common = set.intersection(*(having[place] for place in members))
    return frozenset(place for place, one in enumerate(having) if common <= one), frozenset(common)


def told(found: Groups) -> list[tuple[frozenset[int], frozenset[Trait]]]:
    """Groups as places of people, and traits."""
    return [
        (
            frozenset(one.index for one in group.people),
            frozenset((one.attribute, normal(one.value)) for one in group.traits),
        )
        for group in found.groups
    ]


@pytest.mark.parametrize(("size", "least"), [(2, 5), (3, 5), (3, 9), (5, 4)])
def test_a_group_is_all_people_with_all_that_they_have_in_common(
    api: DeepPersona, crowd: Crowd, size: int, least: int
) -> None:
    people = list(crowd.people[FIRST])
    weigh, having = weights(people), [traits(one) for one in people]
    found = api.groups(FIRST, least, size)
    assert found.groups
    for (members, common), group in zip(told(found), found.groups, strict=True):
        assert (members, common) == closed(having, members)
        assert len(members) >= size
        assert len(common) >= least
        assert group.weight == pytest.approx(sum(weigh[trait] for trait in common))
    assert len(set(told(found))) == len(found.groups)


def test_the_heaviest_pairs_are_those_found_by_looking_at_all(api: DeepPersona, crowd: Crowd) -> None:
    people = list(crowd.people[FIRST])
    weigh, having = weights(people), [traits(one) for one in people]
    every = {closed(having, pair) for pair in combinations(range(len(people)), 2)}
    heaviest = sorted(
        (sum(weigh[t] for t in common) for _, common in every if len(common) >= 5), reverse=True
    )
    found = api.groups(FIRST, 5, 2, limit=8)
    assert [group.weight for group in found.groups] == pytest.approx(heaviest[:8])


def test_the_heaviest_three_are_those_found_by_looking_at_all(api: DeepPersona, crowd: Crowd) -> None:
    people = list(crowd.people[FIRST])
    weigh, having = weights(people), [traits(one) for one in people]
    heaviest = max(
        sum(weigh[trait] for trait in having[a] & having[b] & having[c])
        for a, b, c in combinations(range(len(people)), 3)
    )
    found = api.groups(FIRST, 1, 3, limit=5)
    assert found.groups[0].weight == pytest.approx(heaviest)
    assert api.groups(FIRST, 1, 3, limit=5) == found


def test_no_group_has_more_in_common_than_anybody_has(api: DeepPersona, crowd: Crowd) -> None:
    assert crowd.people
    assert api.groups(FIRST, 40, 3).groups == ()


def test_groups_are_found_anew_once_something_changed(
    api: DeepPersona, crowd: Crowd, population: str
) -> None:
    wanted: dict[str, Any] = {"population": population, "seed": 3, "taxonomy": crowd.tree.name, "depth": 14}
    list(api.generate(4, values="bank", **wanted))
    assert api.groups(population, 1, 2).concerned == 4
    list(api.generate(9, values="bank", **wanted))
    assert api.groups(population, 1, 2).concerned == 9


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [({"min_traits": 0}, "--min 0"), ({"min_people": 1}, "--people 1"), ({"limit": 0}, "--limit 0")],
)
def test_groups_of_nothing_are_refused(
    api: DeepPersona, crowd: Crowd, wanted: dict[str, int], complaint: str
) -> None:
    assert crowd.people
    with pytest.raises(InputError, match=complaint):
        api.groups(FIRST, **wanted)


def test_an_unknown_population_is_told_with_the_nearest_names(api: DeepPersona, crowd: Crowd) -> None:
    assert crowd.people
    with pytest.raises(UnknownNameError, match=f"nearest: .*{FIRST}"):
        api.groups(f"{FIRST}s")


def test_an_empty_population_is_said_to_be_empty(
    api: DeepPersona, crowd: Crowd, driver: Driver, population: str
) -> None:
    driver.execute_query(
        "CREATE (:Population {name: $name, seed: 1, specification: '{}'})",
        name=population, database_=api.graph.database,
    )  # fmt: skip
    empty = f"the population {population!r} has no people"
    with pytest.raises(InputError, match=empty):
        api.groups(population)
    with pytest.raises(InputError, match=empty):
        api.having(["Age > 40"], population=population)
    with pytest.raises(InputError, match=empty):
        api.nearest(crowd.people[FIRST][0].id, population=population)
    with pytest.raises(InputError, match=empty):
        api.compare(FIRST, population)
