"""Edits by hand in the graph, obeyed by the next generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.tree import GENERIC_VALUES, Tree
from deeppersona_graph.personas.violations import violations

pytestmark = pytest.mark.live

Cypher = Callable[..., list[dict[str, Any]]]
ADD = """
MATCH (parent:Attribute {taxonomy: $taxonomy, path: $path})
CREATE (parent)-[:HAS_CHILD]->(:Attribute {name: $name})
"""


@pytest.fixture
def people(api: DeepPersona, small: Tree, population: str) -> Callable[..., list[Persona]]:
    """People of the small tree, made anew at each call; depth 30 is most of what applies."""

    def make(count: int = 4, **wanted: Any) -> list[Persona]:
        if population in {row["name"] for row in api.populations()}:
            api.delete(population=population)
        wanted = {"taxonomy": small.name, "depth": 30, "seed": 12, **wanted}
        return list(api.generate(count, population=population, **wanted))

    return make


def paths(persons: list[Persona]) -> set[tuple[str, ...]]:
    return {one.path for person in persons for one in person.traits}


def test_an_attribute_added_by_hand_with_only_a_name_is_selected(
    api: DeepPersona, small: Tree, cypher: Cypher, people: Callable[..., list[Persona]]
) -> None:
    name = "Tea Ritual 🫖 > 'quoted'"
    cypher(ADD, taxonomy=small.name, path=["Home", "Kitchen"], name=name)
    found = people(bias={"Kitchen": 50})
    path = ("Home", "Kitchen", name)
    assert all(path in paths([person]) for person in found)
    values = {one.value for person in found for one in person.traits if one.path == path}
    assert values <= set(GENERIC_VALUES)
    assert api.tree(small.name).by_path[path].generic


def test_a_branch_added_by_hand_is_selected_and_may_have_values_of_its_own(
    small: Tree, cypher: Cypher, people: Callable[..., list[Persona]], api: DeepPersona
) -> None:
    cypher(
        "MATCH (p:Attribute {taxonomy: $t, path: ['Art']}) "
        "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: 'Craft'})-[:HAS_CHILD]->(k:Attribute {name: 'Knots'}), "
        "(k)-[:ADMITS]->(:Value {text: 'reef'}), (k)-[:ADMITS]->(:Value {text: 'bowline'})",
        t=small.name,
    )
    found = people(bias={"Art": 100})
    knots = [one.value for person in found for one in person.traits if one.path == ("Art", "Craft", "Knots")]
    assert len(knots) == 4
    assert set(knots) <= {"reef", "bowline"}
    tree = api.tree(small.name)
    assert [violations(person, tree) for person in found] == [[]] * 4


def test_a_retired_attribute_is_never_selected(
    small: Tree, cypher: Cypher, people: Callable[..., list[Persona]]
) -> None:
    assert ("Art", "Song") in paths(people())
    cypher("MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}) SET a.retired = true", t=small.name)
    assert ("Art", "Song") not in paths(people(10))


def test_nothing_below_a_retired_branch_is_selected_nor_what_requires_it(
    small: Tree, cypher: Cypher, people: Callable[..., list[Persona]]
) -> None:
    cypher("MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Deep']}) SET a.retired = true", t=small.name)
    cypher("MATCH (a:Attribute {taxonomy: $t, name: 'Pet'}) SET a.retired = true", t=small.name)
    found = paths(people(10, depth=20))
    assert not [path for path in found if path[:2] == ("Art", "Deep")]
    assert not {path[-1] for path in found} & {"Pet", "Feeding", "Walks"}


def test_a_restored_attribute_is_selected_again(
    small: Tree, cypher: Cypher, people: Callable[..., list[Persona]]
) -> None:
    before = people()
    cypher("MATCH (a:Attribute {taxonomy: $t, name: 'Pet'}) SET a.retired = true", t=small.name)
    assert ("Animals", "Keeping", "Pet") not in paths(people())
    cypher("MATCH (a:Attribute {taxonomy: $t, name: 'Pet'}) REMOVE a.retired", t=small.name)
    assert [p.traits for p in people()] == [p.traits for p in before]


def test_a_constraint_added_by_hand_is_obeyed(
    api: DeepPersona, small: Tree, cypher: Cypher, people: Callable[..., list[Persona]]
) -> None:
    cypher(
        "MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}), "
        "(:Attribute {taxonomy: $t, path: ['Art', 'Dance']})-[:ADMITS]->(v:Value {text: 'often'}) "
        "CREATE (a)-[:REQUIRES]->(v)",
        t=small.name,
    )
    for person in people(12):
        has = {one.path: one for one in person.traits}
        if ("Art", "Song") in has:
            assert has[("Art", "Dance")].value == "often"
            assert (has[("Art", "Dance")].order or 0) < (has[("Art", "Song")].order or 0)
        assert violations(person, api.tree(small.name)) == []


def test_an_attribute_deleted_by_hand_is_gone_from_the_next_generation(
    graph: Graph, small: Tree, cypher: Cypher, people: Callable[..., list[Persona]]
) -> None:
    cypher("MATCH (a:Attribute {taxonomy: $t, path: ['Art', 'Song']}) DETACH DELETE a", t=small.name)
    assert ("Art", "Song") not in paths(people())
    assert graph.read("taxonomy/survey", taxonomy=small.name)[0]["version"] == small.version + 1


def test_a_node_that_only_bears_the_label_is_no_persona(
    api: DeepPersona, small: Tree, cypher: Cypher
) -> None:
    cypher("CREATE (:Persona {taxonomy: $t, id: $t})", t=small.name)
    listed = [row["id"] for row in api.list(limit=100_000)]
    cypher("MATCH (p:Persona {id: $t}) DETACH DELETE p", t=small.name)
    assert small.name not in listed
