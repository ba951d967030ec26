"""py2neo's objects read and edit the live graph; what they edit is an edit by hand that `sync` takes in."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import ServerError
from deeppersona_graph.interop.ogm import Attribute, Persona, Population, open_ogm
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.settings import load_settings
from deeppersona_graph.taxonomy.merging import Merge, merge_attributes

pytestmark = pytest.mark.live

LINES = [
    json.dumps({"path": [root, f"{root} {n}"], "value_type": "ordinal", "values": ["low", "high"]})
    for root in ("Alpha", "Beta")
    for n in range(6)
]


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    """Two roots with six attributes each."""
    return imported(LINES)


@pytest.fixture
def live(api: DeepPersona) -> Iterator[Any]:
    """The graph as py2neo has it."""
    with api.ogm() as graph:
        yield graph


def _attribute(live: Any, tree: Tree, name: str) -> Any:
    return Attribute.match(live).where(taxonomy=tree.name, name=name).first()


def test_a_persona_is_read_with_its_attributes(
    api: DeepPersona, tree: Tree, population: str, live: Any
) -> None:
    (person, *_) = api.generate(2, population=population, taxonomy=tree.name, depth=5, seed=4)
    found = Persona.match(live).where(id=person.id).first()
    assert (found.name, found.age, found.narrative) == (
        person.situation.name,
        person.situation.age,
        person.narrative,
    )
    assert {(a.name, edge["value"]) for a, edge in found.has() if edge["order"] is not None} == {
        (trait.path[-1], trait.value) for trait in person.traits
    }
    assert [one.name for one in found.populations] == [population]
    crowd = Population.match(live).where(name=population).first()
    assert {one.id for one in crowd.personas} == {one.id for one in api.personas(population)}


def test_an_attribute_is_read_with_its_place_its_values_and_its_people(
    api: DeepPersona, tree: Tree, population: str, live: Any
) -> None:
    people = list(api.generate(4, population=population, taxonomy=tree.name, depth=5, seed=4))
    alpha = _attribute(live, tree, "Alpha")
    assert {one.name for one in alpha.children} == {f"Alpha {n}" for n in range(6)}
    leaf = _attribute(live, tree, "Alpha 2")
    assert [one.name for one in leaf.parents] == ["Alpha"]
    assert {(value.text, value.rank) for value in leaf.values} == {("low", 0), ("high", 1)}
    expected = {
        (p.id, t.value)
        for p in people
        for t in p.traits
        if t.attribute == tree.by_path["Alpha", "Alpha 2"].id
    }
    assert {(p.id, edge["value"]) for p, edge in leaf.held_by()} == expected


def test_a_superseded_pair_is_not_among_what_a_persona_has(
    api: DeepPersona, tree: Tree, population: str, live: Any
) -> None:
    (person,) = api.generate(1, population=population, taxonomy=tree.name, depth=6, seed=4)
    stands, yields = person.traits[0], person.traits[-1]
    api.graph.transact(
        lambda tx: merge_attributes(tx, tree.name, [Merge(yields.attribute, (stands.attribute,), "Both")])
    )
    found = Persona.match(live).where(id=person.id).first()
    assert [edge["value"] for a, edge in found.has() if a.name == "Both"] == [stands.value]


def test_an_edited_description_and_a_new_child_are_taken_in_by_sync(
    api: DeepPersona, tree: Tree, live: Any
) -> None:
    alpha = _attribute(live, tree, "Alpha")
    alpha.description = "The first of two."
    alpha.children.add(Attribute(name="Tea Ritual", description="How tea is made."))
    live.push(alpha)
    report = api.sync(tree.name)
    assert report.changed
    after = api.tree(tree.name)
    assert after.version > tree.version
    assert after.by_path["Alpha",].description == "The first of two."
    made = after.by_path["Alpha", "Tea Ritual"]
    assert (made.description, made.generic) == ("How tea is made.", True)
    assert {a.path for a in after.attributes} - {a.path for a in tree.attributes} == {made.path}


def test_a_push_leaves_what_was_not_set_as_it_is(
    api: DeepPersona, tree: Tree, live: Any, driver: Driver
) -> None:
    leaf = _attribute(live, tree, "Beta 1")
    query = "MATCH (a:Attribute {taxonomy: $taxonomy, name: 'Beta 1'}) "
    before = driver.execute_query(
        query + "SET a.unit = 'set meanwhile' RETURN a.embedding AS vector", taxonomy=tree.name
    )
    leaf.description = "Said."
    live.push(leaf)
    after = driver.execute_query(
        query + "RETURN a.unit AS unit, a.description AS said, a.embedding AS vector", taxonomy=tree.name
    )
    (row,) = after.records
    assert (row["unit"], row["said"], row["vector"]) == (
        "set meanwhile",
        "Said.",
        before.records[0]["vector"],
    )
    leaf.description = None
    live.push(leaf)
    assert api.tree(tree.name).by_path["Beta", "Beta 1"].description == ""


def test_a_child_is_moved_by_its_parents(api: DeepPersona, tree: Tree, live: Any) -> None:
    alpha, beta = _attribute(live, tree, "Alpha"), _attribute(live, tree, "Beta")
    moved = next(one for one in alpha.children if one.name == "Alpha 3")
    alpha.children.remove(moved)
    beta.children.add(moved)
    live.push(alpha)
    live.push(beta)
    after = api.tree(tree.name)
    assert after.by_id[tree.by_path["Alpha", "Alpha 3"].id].path == ("Beta", "Alpha 3")


def test_an_edge_of_a_persona_is_edited_by_itself(
    api: DeepPersona, tree: Tree, population: str, live: Any
) -> None:
    (person,) = api.generate(1, population=population, taxonomy=tree.name, depth=5, seed=4)
    found = Persona.match(live).where(id=person.id).first()
    trait = person.traits[0]
    edge = next(edge for a, edge in found.has() if a.id == trait.attribute)
    edge["value"], edge["keys"], edge["source"] = "high", ["high"], "edit"
    live.push(edge)
    after = api.persona(person.id).traits[0]
    assert (after.value, after.source, after.order) == ("high", "edit", trait.order)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_does_not_answer_is_told() -> None:
    settings = load_settings(uri="bolt://127.0.0.1:9", username="neo4j")
    told = r"py2neo cannot use the server at bolt://127\.0\.0\.1:9"
    with pytest.raises(ServerError, match=told), open_ogm(settings):
        pass
    gc.collect()  # py2neo leaves the socket of a failed connection open
