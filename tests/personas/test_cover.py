"""Covering: a run that prefers what its population lacks so far, and what it leaves as it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import COVERING, Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.violations import violations
from deeppersona_graph.personas.workers import COVERED

COUNT = 2 * COVERED
USUAL: dict[str, Any] = {"depth": 6, "seed": 11, "narrative": "none", "values": "bank"}


@pytest.fixture
def wanted(imported: Callable[[Sequence[str]], Tree], population: str) -> dict[str, Any]:
    """People of a tree with more attributes than all of them together can have."""
    lines = [
        json.dumps({"path": [root, f"{root} {n}"], "value_type": "ordinal", "values": ["low", "high"]})
        for root in ("Alpha", "Beta", "Gamma", "Delta")
        for n in range(80)
    ]
    return {**USUAL, "population": population, "taxonomy": imported(lines).name}


def used(people: Iterable[Persona]) -> Counter[str]:
    """People by attribute."""
    return Counter(trait.attribute for person in people for trait in person.traits)


def told(people: Iterable[Persona]) -> list[tuple[Any, ...]]:
    """What makes a person, without its place in the graph."""
    return [(p.index, p.situation, p.traits) for p in people]


@pytest.mark.live
def test_covering_uses_more_of_the_taxonomy_and_keeps_all_else(
    api: DeepPersona, human: Tree, population: str
) -> None:
    asked = {**USUAL, "population": population, "depth": 40}
    plain = list(api.generate(COUNT, **asked))
    api.delete(population=population)
    people = list(api.generate(COUNT, cover=True, **asked))
    first, second = used(people[:COVERED]), used(people[COVERED:])
    required = {r.attribute for a in human.attributes for r in a.requires}
    assert not (first.keys() & second.keys()) - required, "what was used is used again before what was not"
    assert len(used(people)) > 1.05 * len(used(plain))
    assert told(people)[:COVERED] == told(plain)[:COVERED], "the first have nobody to look at"
    for person in people:
        assert violations(person, human) == []
        assert Counter(trait.stratum for trait in person.traits) == {"near": 20, "middle": 12, "far": 8}


@pytest.mark.live
def test_a_population_is_gone_on_with_to_cover_it(
    api: DeepPersona, wanted: dict[str, Any], population: str
) -> None:
    before = list(api.generate(COVERED, **wanted))
    run = api.generate(COUNT, cover=True, **wanted)
    assert (run.there, run.missing) == (COVERED, COVERED)
    more = list(run)
    assert told(api.personas(population)) == told([*before, *more])
    assert not used(before).keys() & used(more).keys()
    (row,) = (one for one in api.populations() if one["name"] == population)
    assert "cover" not in json.loads(row["specification"])
    assert len(list(api.generate(COUNT + 2, **wanted))) == 2, "and without covering too"
    with pytest.raises(InputError, match=f"was made with beta 0.0, now {COVERING}"):
        api.generate(COUNT + 3, **wanted, beta=COVERING)


@pytest.mark.live
def test_a_covering_run_goes_on_where_it_stopped(
    api: DeepPersona, wanted: dict[str, Any], population: str
) -> None:
    whole = list(api.generate(COUNT + 5, cover=True, **wanted))
    api.delete(population=population)
    run = api.generate(COUNT + 5, cover=True, **wanted)
    for _ in zip(range(COVERED + 3), run, strict=False):
        pass
    run.close()
    resumed = list(api.resume(population))
    assert resumed
    assert told(api.personas(population)) == told(whole)


@pytest.mark.live
def test_covering_alone_makes_no_other_population(api: DeepPersona, wanted: dict[str, Any]) -> None:
    own = {key: value for key, value in wanted.items() if key != "population"}
    first = api.generate(1, **own)
    try:
        list(first)
        again = api.generate(2, cover=True, **own)
        assert again.population == first.population
        again.close()
    finally:
        api.delete(population=first.population)


def test_what_covers_is_recorded_where_it_is_wanted() -> None:
    plain, covering = Specification(), Specification(cover=True)
    assert "cover" not in plain.plain()
    assert Specification.of(covering.plain()) == covering
    assert Specification.of(plain.plain()) == plain == covering.lasting
    assert (plain.steering, covering.steering) == (0.0, COVERING)
    assert Specification(cover=True, beta=3.0).steering == COVERING
    assert covering.mark(1) == plain.mark(1)


def test_attributes_that_a_model_names_cannot_be_covered() -> None:
    with pytest.raises(InputError, match=r"--cover prefers attributes of the tree.*leave one of the two out"):
        Specification(cover=True, attributes="model", model="m")
