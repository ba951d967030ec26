"""The strata of a persona, and what was passed over, against what happened when it was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.api.coverage import Strata
from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.model.persona import STRATA, Persona
from deeppersona_graph.model.selectable import Candidacy
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.fill import Arrival, Walk
from deeppersona_graph.personas.passed_over import PassedOver

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[Walk]:
    """The walks that people are made by, noted as they begin."""
    noted: list[Walk] = []
    begin = Walk.begin

    def noting(walk: Walk, given: Any) -> None:
        noted.append(walk)
        begin(walk, given)

    monkeypatch.setattr(Walk, "begin", noting)
    return noted


def made(api: DeepPersona, tree: Tree, population: str, count: int, **wanted: Any) -> list[Persona]:
    asked: dict[str, Any] = {"taxonomy": tree.name, "depth": 12, "seed": 5, "narrative": "none", **wanted}
    list(api.generate(count, population=population, **asked))
    return list(api.personas(population))


def passed(found: Strata) -> tuple[PassedOver, ...]:
    assert found.candidates is not None
    return found.candidates.passed_over


def in_time(person: Persona, tree: Tree, arrivals: Mapping[str, Arrival]) -> set[str]:
    """Candidates before the last of their stratum that was taken and that nothing else requires."""
    required = {needed.attribute for a in tree.attributes for needed in a.requires}
    taken = {trait.attribute for trait in person.traits}
    found = set()
    for stratum in range(3):
        alike = [one for one in arrivals.values() if one.stratum == stratum]
        last = [one.arrival for one in alike if one.attribute.id in taken - required]
        found |= {one.attribute.id for one in alike if one.arrival < max(last, default=0.0)}
    return found - taken


@pytest.mark.parametrize(
    "wanted",
    [{}, {"depth": 30}, {"beta": 3.0}, {"cover": True, "bias": {"Art": 0.2}}, {"anchors": {"Pet": "none"}}],
    ids=["plain", "deep", "uses", "cover", "given"],
)
def test_what_was_passed_over_is_what_the_walk_refused(
    api: DeepPersona, small: Tree, population: str, walks: list[Walk], wanted: dict[str, Any]
) -> None:
    people = made(api, small, population, 25, values="bank", **wanted)
    by_taken = {frozenset(trait.attribute for trait in walk.traits): walk for walk in walks}
    told = 0
    for person in people:
        found = api.strata(person.id)
        assert found.notes == ()
        assert found.candidates is not None
        walk = by_taken[frozenset(trait.attribute for trait in person.traits)]
        arrivals = {one.attribute.id: one for one in walk.selection.reserves}
        refused = walk._refused & arrivals.keys()
        over = {one.attribute: one for one in passed(found)}
        waiting = {one.attribute for one in passed(found) if one.reason == "prerequisite"}
        assert over.keys() - waiting <= refused, "the walk has no verdict on what waits for a prerequisite"
        assert not over.keys() & {trait.attribute for trait in person.traits}
        for one in over.values():
            assert one.reason != "not told"
            assert one.arrival == pytest.approx(arrivals[one.attribute].arrival, abs=1e-6)
        assert over.keys() >= in_time(person, small, arrivals)
        told += len(over)
    assert told > 10, "too little is passed over to prove anything; take another seed"


def test_layers_are_the_strata_of_the_persona(api: DeepPersona, small: Tree, population: str) -> None:
    (person,) = made(api, small, population, 1, values="bank", anchors={"Art > Song": "often"})
    found = api.strata(person.id[:12])
    assert found.persona == person
    assert [layer.stratum for layer in found.layers[:3]] == list(STRATA)
    assert sorted(t.order or 0 for layer in found.layers for t in layer.traits) == list(range(1, 13))
    for layer in found.layers:
        assert layer.traits == tuple(t for t in person.traits if t.stratum == layer.stratum)
        similar = [t.similarity for t in layer.traits if t.similarity is not None]
        assert (layer.lowest, layer.highest) == (min(similar), max(similar))
    assert found.plain()["strata"][0]["attributes"][0]["order"] == found.layers[0].traits[0].order


def test_candidates_and_what_is_none_are_all_there_is(api: DeepPersona, small: Tree, population: str) -> None:
    for person in made(api, small, population, 12, values="bank", bias={"Cellar": 0}):
        found = api.strata(person.id).candidates
        assert found is not None
        assert sum(found.by_stratum.values()) == found.count
        judged = Candidacy(small, drawn=True).judged()
        assert found.count + sum(found.barred.values()) == len(judged)
        assert found.barred["left out"] == 4


def test_reasons_name_the_values_that_stand_against_it(
    api: DeepPersona, small: Tree, population: str
) -> None:
    wanted: dict[str, Any] = {"anchors": {"Pet": "none", "Nights": "never"}, "depth": 30, "values": "bank"}
    told = {
        one.path[-1]: (one.reason, one.because)
        for person in made(api, small, population, 12, **wanted)
        for one in passed(api.strata(person.id))
    }
    assert told["Feeding"] == ("prerequisite", "needs Keeping > Pet = dog or cat; it is none")
    assert told["Walks"] == ("prerequisite", "needs Keeping > Pet = dog; it is none")
    assert told["Night Pay"] == ("ruled out", "ruled out by Nights = never")


def test_people_of_a_model_are_told_by_its_own_candidates(
    asking: Asking, small: Tree, population: str
) -> None:
    api = asking()
    for person in made(api, small, population, 4, values="model"):
        found = api.strata(person.id)
        assert found.candidates is not None
        assert (found.candidates.strays, found.notes) == (0, ())
        assert found.candidates.barred.get("no values", 0) == 0
        assert all(one.reason != "not told" for one in passed(found))


def test_without_a_core_the_mean_profile_stands_in(asking: Asking, small: Tree, population: str) -> None:
    api = asking()
    (person,) = made(api, small, population, 1, values="model", core=False)
    found = api.strata(person.id)
    assert found.candidates is not None
    assert (found.candidates.strays, found.notes) == (0, ())


def test_where_a_model_named_the_attributes_nothing_was_selected(
    asking: Asking, small: Tree, population: str
) -> None:
    api = asking()
    (person,) = made(api, small, population, 1, values="model", attributes="model")
    found = api.strata(person.id)
    assert found.candidates is None
    assert found.notes == (
        "what was passed over is not told: nothing was selected: a language model named the attributes",
    )
    assert sum(len(layer.traits) for layer in found.layers) == 12


def test_a_changed_tree_is_said_and_what_is_retired_is_marked(
    api: DeepPersona, small: Tree, population: str, driver: Driver
) -> None:
    (person,) = made(api, small, population, 1, values="bank")
    before = api.strata(person.id)
    gone = person.traits[3]
    driver.execute_query(
        "MATCH (a:Attribute {taxonomy: $taxonomy, id: $id}) SET a.retired = true",
        taxonomy=small.name, id=gone.attribute, database_=api.graph.database,
    )  # fmt: skip
    found = api.strata(person.id)
    assert found.taxonomy_version > person.taxonomy_version
    (note,) = found.notes
    assert note.startswith(f"selected again by the tree as it stands now, version {found.taxonomy_version}; ")
    assert [trait.path for trait in found.retired] == [gone.path]
    assert before.candidates is not None
    assert found.candidates is not None
    assert found.candidates.count == before.candidates.count - 1
    assert found.candidates.barred["retired"] == 1
    assert found.layers == before.layers


def test_people_of_a_population_that_is_gone_keep_their_strata(
    api: DeepPersona, small: Tree, population: str, driver: Driver
) -> None:
    (person,) = made(api, small, population, 1, values="bank")
    before = api.strata(person.id)
    forget = "MATCH (n) WHERE n:{} AND coalesce(n.population, n.name) = $name DETACH DELETE n"
    driver.execute_query(forget.replace("{}", "Population"), name=population, database_=api.graph.database)
    assert api.strata(person.id) == before, "its run knows how it was made"
    driver.execute_query(forget.replace("{}", "Run"), name=population, database_=api.graph.database)
    found = api.strata(person.id)
    api.delete(personas=[person.id])
    assert found.layers == before.layers
    assert found.candidates is None
    assert found.notes == (
        f"what was passed over is not told: the population {population!r} is gone, and with it how its "
        "people were selected",
    )


def test_people_counted_then_and_gone_now_are_noticed(api: DeepPersona, small: Tree, population: str) -> None:
    people = made(api, small, population, 12, values="bank", cover=True)
    api.delete(personas=[one.id for one in people[:9]])
    (note,) = api.strata(people[-1].id).notes
    assert note == "9 people before it, who counted when it was made, are gone: arrivals may be others"


def test_nobody_of_that_name_is_told_with_the_nearest(api: DeepPersona, small: Tree, population: str) -> None:
    (person,) = made(api, small, population, 1, values="bank", anchors={"name": "Zebedee Quartermain"})
    assert person
    with pytest.raises(UnknownNameError, match="nearest: 'Zebedee Quartermain'"):
        api.strata("Zebedee Quatermain")
