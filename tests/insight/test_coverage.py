"""What a population covers, against the same computed in Python from the people as they are exported."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from math import isclose, log2
from typing import Any

import pytest
from insight_crowd import FIRST, SECOND, SIZES, Crowd, Trait
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.graph.statements import statement
from deeppersona_graph.insight import tally
from deeppersona_graph.insight.coverage import Covered, Spread
from deeppersona_graph.model.persona import Persona, value_texts
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.tree import Tree, normal

pytestmark = pytest.mark.live

FREQUENCY = {"value_type": "ordinal", "values": ["never", "at times", "often"]}


def having(people: Sequence[Persona]) -> Counter[str]:
    """People by attribute."""
    return Counter(trait.attribute for one in people for trait in one.traits)


def counts(people: Sequence[Persona], attribute: str) -> Counter[str]:
    """People by value, each member of a list counted."""
    return Counter(
        normal(text)
        for one in people
        for trait in (*one.core, *one.traits)
        if trait.attribute == attribute
        for text in value_texts(trait.value)
    )


def entropy(counted: Mapping[str, int]) -> float:
    total = sum(counted.values())
    return -sum(n / total * log2(n / total) for n in counted.values())


def owned(person: Persona) -> set[Trait]:
    """A person's traits outside the core."""
    return {(trait.attribute, normal(text)) for trait in person.traits for text in value_texts(trait.value)}


def unshared(people: Sequence[Persona]) -> float:
    """The mean share of a person's traits that another lacks."""
    traits = [owned(one) for one in people]
    shares = [
        len(one - other) / len(one)
        for i, one in enumerate(traits)
        for j, other in enumerate(traits)
        if i != j
    ]
    return sum(shares) / len(shares)


def jaccard(people: Sequence[Persona]) -> float:
    """The mean distance of two people."""
    pairs = list(combinations([owned(one) for one in people], 2))
    return sum(1 - len(one & other) / len(one | other) for one, other in pairs) / len(pairs)


def selectable(tree: Tree) -> set[str]:
    return {a.id for a in tree.attributes if a.core is None and a.has_values}


@pytest.mark.parametrize("population", SIZES)
def test_coverage_is_what_the_exported_people_show(api: DeepPersona, crowd: Crowd, population: str) -> None:
    people, tree = crowd.people[population], crowd.tree
    found = api.coverage(population, limit=1000)
    known, used = selectable(tree), having(people)
    assert (found.people, found.pairs) == (len(people), sum(len(one.traits) for one in people))
    assert (found.selectable, found.used, found.beyond) == (len(known), len(used), 0)
    assert set(found.never) == {tree.by_id[i].path for i in known - used.keys()}
    assert {b.path: (b.used, b.selectable) for b in found.branches} == {
        (root,): (
            sum(tree.by_id[i].path[0] == root for i in used),
            sum(tree.by_id[i].path[0] == root for i in known),
        )
        for root in {tree.by_id[i].path[0] for i in known}
    }
    assert {one.attribute: one.people for one in found.spreads} == used
    assert [one.people for one in found.spreads] == sorted(used.values(), reverse=True)
    for one in found.spreads:
        check_spread(one, tree, people)
    weighted = sum(entropy(counts(people, i)) * n for i, n in used.items()) / used.total()
    assert found.entropy == pytest.approx(weighted)
    assert found.uniqueness == pytest.approx(unshared(people))
    assert found.distance == pytest.approx(jaccard(people))
    assert found.compared == len(people)


def check_spread(one: Spread, tree: Tree, people: Sequence[Persona]) -> None:
    counted, attribute = counts(people, one.attribute), tree.by_id[one.attribute]
    assert one.distinct == len(counted)
    assert one.entropy == pytest.approx(entropy(counted), abs=1e-9)
    space = len(attribute.values)
    if attribute.value_type == "number":
        assert attribute.minimum is not None
        assert attribute.maximum is not None
        whole = attribute.minimum.is_integer() and attribute.maximum.is_integer()
        space = int(attribute.maximum - attribute.minimum) + 1 if whole else 0
    assert one.space == (space or None)
    assert one.normalised == (pytest.approx(entropy(counted) / log2(space), abs=1e-9) if space else None)
    most = sorted(counted.values(), reverse=True)
    assert [value.people for value in one.values] == most[: len(one.values)]
    assert {normal(value.value): value.people for value in one.values}.items() <= counted.items()


def test_a_larger_population_is_counted_whole_and_compared_by_a_sample(
    api: DeepPersona, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = api.coverage(FIRST)
    monkeypatch.setattr(tally, "COMPARED", 20)
    monkeypatch.setattr(tally, "BLOCK", 7)
    found = api.coverage(FIRST)
    people = crowd.people[FIRST]
    assert found.compared == 20
    assert isclose(found.uniqueness or 0, whole.uniqueness or 1)
    assert (found.spreads, found.never, found.pairs) == (whole.spreads, whole.never, whole.pairs)
    drawn = stream("coverage", FIRST).sample(range(len(people)), 20)
    assert found.distance == pytest.approx(jaccard([people[index] for index in sorted(drawn)]))
    assert api.coverage(FIRST).distance == found.distance


def test_a_branch_is_counted_by_its_own_branches(api: DeepPersona, crowd: Crowd) -> None:
    found, used = api.coverage(SECOND, branch="Music"), having(crowd.people[SECOND])
    below = [a for a in crowd.tree.attributes if a.path[0] == "Music" and a.has_values]
    assert found.branch == ("Music",)
    assert {one.path for one in found.branches} == {("Music", "Playing"), ("Music", "Taste")}
    assert (found.selectable, found.used) == (len(below), sum(a.id in used for a in below))
    assert all(one.path[0] == "Music" for one in found.spreads)
    assert found.uniqueness == api.coverage(SECOND).uniqueness


@pytest.mark.parametrize(
    "name", ["Diet", "Salt", "Cups", "Litres", "Spices", "sex", "Age", "Occupation", "Home > Loft > Mess"]
)
def test_the_distribution_of_an_attribute_has_all_its_values(
    api: DeepPersona, crowd: Crowd, name: str
) -> None:
    found, people = api.distribution(FIRST, name), crowd.people[FIRST]
    counted, attribute = counts(people, found.attribute), crowd.tree.by_id[found.attribute]
    shown = {normal(one.value): one.people for one in found.values}
    assert {key: n for key, n in shown.items() if n} == counted
    assert shown.keys() >= {normal(value.text) for value in attribute.values}
    assert found.people == sum(
        any(trait.attribute == attribute.id for trait in (*one.core, *one.traits)) for one in people
    )
    assert all(one.share == pytest.approx(one.people / found.people) for one in found.values)
    if attribute.value_type == "ordinal":
        assert [one.value for one in found.values] == [value.text for value in attribute.values]
    if attribute.value_type == "number":
        assert [float(one.value) for one in found.values] == sorted(float(key) for key in counted)


@pytest.fixture
def frail(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    """A tree to be edited."""
    records = [{"path": [root, f"{root} {n}"], **FREQUENCY} for root in ("A", "B", "C") for n in range(6)]
    return imported([json.dumps(record) for record in records])


def people_of(api: DeepPersona, tree: Tree, population: str, count: int, **wanted: Any) -> Covered:
    asked: dict[str, Any] = {"taxonomy": tree.name, "depth": 6, "seed": 3, "values": "bank", **wanted}
    list(api.generate(count, population=population, **asked))
    return api.coverage(population, limit=100)


def test_a_branch_that_was_left_out_is_not_missed(api: DeepPersona, frail: Tree, population: str) -> None:
    found = people_of(api, frail, population, 8, bias={"B": 0})
    assert {one.path for one in found.branches} == {("A",), ("C",)}
    assert found.selectable == 12
    assert all(path[0] != "B" for path in found.never)


def test_what_is_retired_since_counts_as_beyond(
    api: DeepPersona, frail: Tree, population: str, driver: Driver
) -> None:
    before = people_of(api, frail, population, 8)
    gone = before.spreads[0]
    driver.execute_query(
        "MATCH (a:Attribute {taxonomy: $taxonomy, id: $id}) SET a.retired = true",
        taxonomy=frail.name, id=gone.attribute, database_=api.graph.database,
    )  # fmt: skip
    found = api.coverage(population, limit=100)
    assert (found.selectable, found.used, found.beyond) == (before.selectable - 1, before.used - 1, 1)
    assert found.spreads[0] == gone
    assert found.uniqueness == before.uniqueness


def test_superseded_edges_count_nowhere(
    api: DeepPersona, frail: Tree, population: str, driver: Driver
) -> None:
    before = people_of(api, frail, population, 5)
    once = before.spreads[0]
    driver.execute_query(
        "MATCH (:Persona {population: $population})-[has:HAS]->(:Attribute {taxonomy: $taxonomy, id: $id}) "
        "SET has.source = 'superseded'",
        population=population, taxonomy=frail.name, id=once.attribute, database_=api.graph.database,
    )  # fmt: skip
    found, people = api.coverage(population, limit=100), list(api.personas(population))
    assert once.path in found.never
    assert found.pairs == before.pairs - once.people
    assert found.uniqueness == pytest.approx(unshared(people))
    assert found.distance == pytest.approx(jaccard(people))
    assert api.distribution(population, " > ".join(once.path)).people == 0


def test_somebody_alone_is_like_nobody(api: DeepPersona, frail: Tree, population: str) -> None:
    found = people_of(api, frail, population, 1)
    assert (found.uniqueness, found.distance, found.people, found.used) == (None, None, 1, 6)
    assert found.entropy == 0


def test_unknown_names_are_told_with_the_nearest(api: DeepPersona, crowd: Crowd) -> None:
    assert crowd
    with pytest.raises(
        UnknownNameError, match=r"no population is called 'test-insight-frst'; nearest: '.*first'"
    ):
        api.coverage("test-insight-frst")
    with pytest.raises(UnknownNameError, match="no attribute is called 'Diets'; nearest: 'Diet'"):
        api.distribution(FIRST, "Diets")
    with pytest.raises(UnknownNameError, match="no attribute is called 'Musik'; nearest: 'Music'"):
        api.coverage(FIRST, branch="Musik")
    with pytest.raises(
        InputError, match="'Music > Playing' has no values of its own; give an attribute below"
    ):
        api.distribution(FIRST, "Playing")
    with pytest.raises(InputError, match="a limit of -1"):
        api.coverage(FIRST, limit=-1)


def test_an_empty_population_covers_nothing(api: DeepPersona, population: str, driver: Driver) -> None:
    driver.execute_query("CREATE (:Population {name: $name})", name=population, database_=api.graph.database)
    for question in (api.coverage, lambda name: api.distribution(name, "Diet")):
        with pytest.raises(InputError, match="has no people; make some with: deeppersona generate"):
            question(population)


@pytest.mark.parametrize("name", ["coverage_settled", "coverage_people", "coverage_values"])
def test_no_statement_looks_through_all_people(
    api: DeepPersona, crowd: Crowd, driver: Driver, name: str
) -> None:
    every: dict[str, Any] = {
        "population": FIRST, "taxonomy": crowd.tree.name, "first": 0, "last": 20,
        "attribute": next(a.id for a in crowd.tree.attributes if a.name == "Diet"),
    }  # fmt: skip
    asked = statement(f"insight/{name}")
    text = asked.text.replace("CYPHER 5\n", "CYPHER 5 PROFILE\n", 1)
    given = {key: value for key, value in every.items() if key in asked.params}
    plan = driver.execute_query(text, given, database_=api.graph.database).summary.profile
    assert plan is not None
    assert not [one for one in operators(plan) if "Scan" in one and "Index" not in one]


def operators(plan: Mapping[str, Any]) -> Iterator[str]:
    yield str(plan["operatorType"])
    for child in plan.get("children", ()):
        yield from operators(child)
