"""Taxonomies and the sharing of personas as networkx graphs, and back, against plain recomputations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import log2
from typing import Any

import networkx as nx
import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, TaxonomyShapeError, TreeFileError, UnknownNameError
from deeppersona_graph.model.persona import Persona, value_texts
from deeppersona_graph.model.tree import Tree, normal, shown
from deeppersona_graph.taxonomy.export import export_records
from deeppersona_graph.taxonomy.store import erase_tree

pytestmark = pytest.mark.live

LINES = [
    json.dumps(record)
    for record in (
        {"path": ["Animals", "Pet"], "value_type": "categorical", "values": ["none", "dog", "cat"],
         "weights": [50, 30, 20], "description": "Who lives there too.", "aliases": ["Beast"], "support": 4},
        {"path": ["Animals", "Walks"], "value_type": "number", "values": {"min": 0, "max": 6, "unit": "a"},
         "applies": {"requires": [{"path": ["Animals", "Pet"], "values": ["dog"]}]}},
        {"path": ["Animals", "Feared"], "value_type": "list", "values": ["none", "dogs", "mice"],
         "alone": ["none"], "conflicts": [{"if": "dogs", "path": ["Animals", "Pet"], "not": ["dog"]}]},
        *(
            {"path": ["Home", "Rooms", f"Room {n}"], "value_type": "ordinal", "values": ["small", "large"]}
            for n in range(9)
        ),
        {"path": ["Home", "Odd > name, \"quoted\""], "value_type": "text", "values": ["x", "y"]},
    )
]  # fmt: skip


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    """Thirteen attributes with every kind of constraint between them."""
    return imported(LINES)


@pytest.fixture
def copy(api: DeepPersona, taxonomy: str) -> Iterator[str]:
    """The name of a second taxonomy of the test's own."""
    name = f"{taxonomy} copy"
    erase_tree(api.graph, name)
    yield name
    erase_tree(api.graph, name)


def _traits(person: Persona) -> set[tuple[str, str]]:
    return {
        (trait.attribute, normal(text))
        for trait in (*person.core, *person.traits)
        for text in value_texts(trait.value)
    }


def test_a_taxonomy_is_a_graph_from_parents_to_children(api: DeepPersona, tree: Tree) -> None:
    graph = api.network(tree.name)
    assert nx.is_forest(graph)
    assert set(graph) == set(tree.by_id)
    assert {(graph.nodes[a]["name"], graph.nodes[b]["name"]) for a, b in graph.edges} >= {
        ("Animals", "Pet"),
        ("Home", "Rooms"),
        ("Rooms", "Room 3"),
    }
    assert graph.number_of_edges() == sum(len(a.path) > 1 for a in tree.attributes)
    pet = graph.nodes[tree.by_path["Animals", "Pet"].id]
    assert (pet["values"], pet["description"]) == (["none", "dog", "cat"], "Who lives there too.")


def test_a_taxonomy_comes_back_from_its_graph_with_ids_values_and_constraints(
    api: DeepPersona, tree: Tree, copy: str
) -> None:
    back = api.import_network(api.network(tree.name), copy)
    assert list(export_records(back)) == list(export_records(tree))


def test_names_and_edges_of_the_graph_go_before_the_paths_of_its_records(
    api: DeepPersona, tree: Tree, copy: str
) -> None:
    graph = api.network(tree.name)
    pet, home = tree.by_path["Animals", "Pet"].id, tree.by_path["Home",].id
    graph.nodes[pet]["name"] = "Housemate"
    graph.remove_edge(tree.by_path["Animals",].id, pet)
    graph.add_edge(home, pet)
    graph.remove_node(tree.by_path["Home", "Rooms", "Room 8"].id)
    graph.add_node("new", name="Garden")
    graph.add_edge(home, "new")
    back = api.import_network(graph, copy)
    assert back.by_id[pet].path == ("Home", "Housemate")
    assert ("Home", "Garden") in back.by_path
    assert ("Home", "Rooms", "Room 8") not in back.by_path
    walks = back.by_path["Animals", "Walks"]
    assert [one.attribute for one in walks.requires] == [pet]
    feared = back.by_path["Animals", "Feared"]
    assert {one.attribute for value in feared.values for one in value.excludes} == {pet}


def test_a_graph_of_bare_names_is_a_taxonomy(api: DeepPersona, copy: str) -> None:
    back = api.import_network(nx.DiGraph([("Life", "Tea"), ("Life", "Work"), ("Work", 3)]), copy)
    own = {shown(a.path) for a in back.attributes if a.path[0] == "Life"}
    assert own == {"Life", "Life > Tea", "Life > Work", "Life > Work > 3"}


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a")]), "a cycle through 'a', 'b', 'c'"),
        (nx.DiGraph([("a", "c"), ("b", "c")]), r"'c' has 2 parents \('a', 'b'\)"),
        (nx.Graph([("a", "b")]), "a Graph is no taxonomy"),
        (nx.MultiDiGraph([("a", "b")]), "a MultiDiGraph is no taxonomy"),
        (nx.DiGraph(), "the graph has no nodes"),
    ],
    ids=["cycle", "two parents", "undirected", "multigraph", "empty"],
)
def test_what_is_no_tree_is_refused_with_its_nodes_named(
    api: DeepPersona, copy: str, drawn: nx.Graph, said: str
) -> None:
    with pytest.raises(TaxonomyShapeError, match=said):
        api.import_network(drawn, copy)
    with pytest.raises(UnknownNameError):
        api.tree(copy)


def test_siblings_of_one_name_a_taken_name_and_a_lost_reference_are_refused(
    api: DeepPersona, tree: Tree, copy: str
) -> None:
    graph = nx.DiGraph([("a", "b"), ("a", "c")])
    nx.set_node_attributes(graph, {"b": "Tea", "c": "Tea"}, "name")
    with pytest.raises(TaxonomyShapeError, match="two siblings are called 'a > Tea', the nodes 'b' and 'c'"):
        api.import_network(graph, copy)
    with pytest.raises(InputError, match="exists already"):
        api.import_network(nx.DiGraph([("a", "b")]), tree.name)
    lacking = api.network(tree.name)
    lacking.remove_node(tree.by_path["Animals", "Pet"].id)
    with pytest.raises(TreeFileError, match="Pet"):
        api.import_network(lacking, copy)


def test_the_sharing_network_agrees_with_a_plain_recomputation(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    people = list(api.generate(20, population=population, taxonomy=tree.name, depth=8, seed=5))
    graph = api.sharing_network(population)
    having = Counter(trait for person in people for trait in _traits(person))
    expected = {}
    for one, other in combinations(people, 2):
        common = _traits(one) & _traits(other)
        if common:
            weight = sum(-log2(having[trait] / len(people)) for trait in common)
            expected[frozenset((one.id, other.id))] = (len(common), pytest.approx(weight, abs=1e-9))
    found = {frozenset((a, b)): (edge["shared"], edge["weight"]) for a, b, edge in graph.edges(data=True)}
    assert found == expected
    assert {n: (d["name"], d["age"], d["city"]) for n, d in graph.nodes(data=True)} == {
        p.id: (p.situation.name, p.situation.age, p.situation.city) for p in people
    }


def test_edges_can_be_held_to_the_least_shared_the_heaviest_and_the_rare(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    people = list(api.generate(12, population=population, taxonomy=tree.name, depth=6, seed=5))
    whole = api.sharing_network(population)
    least = api.sharing_network(population, least=6)
    assert {frozenset(e) for e in least.edges} == {
        frozenset((a, b)) for a, b, edge in whole.edges(data=True) if edge["shared"] >= 6
    }
    heaviest = api.sharing_network(population, heaviest=5)
    weights = sorted((edge["weight"] for _, _, edge in whole.edges(data=True)), reverse=True)
    assert sorted((e["weight"] for _, _, e in heaviest.edges(data=True)), reverse=True) == weights[:5]
    having = Counter(trait for person in people for trait in _traits(person))
    rare = api.sharing_network(population, rare=3)
    by_id = {person.id: _traits(person) for person in people}
    for a, b, edge in rare.edges(data=True):
        assert edge["shared"] == sum(having[trait] <= 3 for trait in by_id[a] & by_id[b])
    assert rare.number_of_edges() < whole.number_of_edges()


def test_communities_are_written_onto_people_and_come_back(
    api: DeepPersona, tree: Tree, population: str
) -> None:
    people: list[Any] = list(api.generate(9, population=population, taxonomy=tree.name, depth=6, seed=5))
    found = nx.community.louvain_communities(api.sharing_network(population), seed=1)
    assert api.keep_communities(population, found) == 9
    kept = nx.get_node_attributes(api.sharing_network(population), "community")
    assert kept == {one: number for number, members in enumerate(found) for one in members}
    assert list(api.personas(population)) == sorted(people, key=lambda person: person.index)
    assert api.keep_communities(population, [[people[0].id]]) == 1
    assert nx.get_node_attributes(api.sharing_network(population), "community") == {people[0].id: 0}
    with pytest.raises(InputError, match="in two communities"):
        api.keep_communities(population, [[people[0].id], [people[1].id, people[0].id]])
    with pytest.raises(UnknownNameError, match="no persona is called 'nobody'"):
        api.keep_communities(population, [["nobody"]])
    assert api.keep_communities(population, []) == 0
    assert nx.get_node_attributes(api.sharing_network(population), "community") == {}


def test_an_unknown_population_is_told(api: DeepPersona) -> None:
    with pytest.raises(UnknownNameError, match="no population is called"):
        api.sharing_network("nowhere to be found")
