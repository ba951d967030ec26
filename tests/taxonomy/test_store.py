"""An import is whole or not there, and what stands in the graph is what stood in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import ConflictError, InputError, UnknownNameError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Attribute, Tree, attribute_id, value_id
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.formats import read_tree
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.store import store_tree, taxonomy_state

pytestmark = pytest.mark.live

ByHand = Callable[..., set[tuple[Any, ...]]]
Comparable = Callable[[Tree], set[Attribute]]

PET, WALKS, FEEDING = ("Home", "Pet"), ("Home", "Walks"), ("Home", "Feeding")
RECORDS: list[dict[str, Any]] = [
    {
        "path": PET,
        "value_type": "list",
        "values": ["none", "cat", "dog"],
        "weights": [50.5, 29.5, 20],
        "alone": ["none"],
        "value_needs": {"dog": {"settlement": ["town", "city"], "min_age": 10}},
        "places": {"cat": ["CA"]},
        "conflicts": [
            {"if": "none", "path": WALKS, "not": "*"},
            {"if": "none", "path": WALKS, "not": "*"},
            {"if": "cat", "path": WALKS, "not": {"min": 3}},
            {"if": "dog", "path": WALKS, "not": {"max": 1, "min": 90.5}},
            {"if": "cat", "path": FEEDING, "not": ["by hand", "by drone"]},
        ],
    },
    {"path": WALKS, "value_type": "number", "values": {"min": 0, "max": 99}, "at_most": "age-2"},
    {
        "path": FEEDING,
        "value_type": "categorical",
        "values": ["by hand", "from a bowl", "by drone"],
        "applies": {"min_age": 6, "max_age": 99, "requires": [{"path": PET, "values": ["cat", "dog"]}]},
        "needs": {"household": ["alone"]},
    },
]
LINES = [json.dumps(record) for record in RECORDS]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tree.jsonl"
    path.write_text("\n".join(LINES), encoding="utf-8")
    return path


def test_edges_and_bounds_are_those_of_the_file(
    imported: Callable[[list[str]], Tree], taxonomy: str, by_hand: ByHand
) -> None:
    core = imported(LINES).core
    pet, feeding, walks = (attribute_id(path) for path in (PET, FEEDING, WALKS))
    alone = value_id(core["household"].id, "alone")
    places = [value_id(core["settlement"].id, text) for text in ("town", "city")]
    none, cat, dog = (value_id(pet, text) for text in ("none", "cat", "dog"))
    assert by_hand("MATCH (a {taxonomy: $t})-[:REQUIRES]->(b) RETURN a.id, b.id", t=taxonomy) == {
        (feeding, alone),
        (feeding, cat),
        (feeding, dog),
        *((dog, place) for place in places),
    }
    excludes = "MATCH (a {taxonomy: $t})-[e:EXCLUDES]->(b) RETURN a.id, b.id, e.minimum, e.maximum"
    expected = {
        (none, walks, None, None),
        (cat, walks, 3.0, None),
        (dog, walks, 90.5, 1.0),
        (cat, value_id(feeding, "by hand"), None, None),
        (cat, value_id(feeding, "by drone"), None, None),
    }
    assert by_hand(excludes, t=taxonomy) == expected
    assert by_hand("MATCH ({taxonomy: $t})-[e:EXCLUDES]->() RETURN count(e)", t=taxonomy) == {(5,)}
    assert by_hand(
        "MATCH (n {taxonomy: $t}) WHERE n.min_age IS NOT NULL OR n.max_age IS NOT NULL OR n.at_most "
        "IS NOT NULL "
        "OR n.countries IS NOT NULL OR n.alone RETURN n.id, n.min_age, n.max_age, n.at_most, "
        "n.countries, n.alone",
        t=taxonomy,
    ) == {
        (feeding, 6, 99, None, None, None),
        (walks, None, None, 2, None, None),
        (none, None, None, None, None, True),
        (cat, None, None, None, ("CA",), None),
        (dog, 10, None, None, None, None),
    }


def test_what_follows_from_the_edges_is_kept_with_them(
    imported: Callable[[list[str]], Tree], taxonomy: str, by_hand: ByHand
) -> None:
    imported(LINES)
    found = by_hand(
        "MATCH (a:Attribute {taxonomy: $t}) WHERE a.path[0] = 'Home' "
        "RETURN a.name, a.depth, a.siblings, a.leaves, a.prerequisite",
        t=taxonomy,
    )
    assert found == {
        ("Home", 1, 1, 3, None),
        ("Pet", 2, 3, 1, True),
        ("Walks", 2, 3, 1, None),
        ("Feeding", 2, 3, 1, None),
    }


def test_a_tree_comes_out_of_the_graph_as_it_went_in(
    api: DeepPersona, taxonomy: str, file: Path, tmp_path: Path, comparable: Comparable
) -> None:
    written = read_tree(file, taxonomy)
    tree = api.import_taxonomy(file, taxonomy)
    assert comparable(tree) == comparable(written)
    assert (tree.version, tree.embedding_model) == (1, api.embedder.model)
    exported = tmp_path / "again.jsonl"
    assert api.export_taxonomy(exported, taxonomy) == len(written.attributes)
    assert comparable(read_tree(exported, taxonomy)) == comparable(written)


def test_the_bundled_tree_is_exported_as_it_stands_in_the_graph(
    api: DeepPersona, human: Tree, tmp_path: Path, comparable: Comparable
) -> None:
    exported = tmp_path / "human.jsonl"
    assert api.export_taxonomy(exported) == len(human.attributes)
    assert comparable(read_tree(exported, "human")) == comparable(human)


def test_a_name_in_use_is_refused(api: DeepPersona, taxonomy: str, file: Path, by_hand: ByHand) -> None:
    api.import_taxonomy(file, taxonomy)
    count = "MATCH (n {taxonomy: $t}) RETURN count(n)"
    before = by_hand(count, t=taxonomy)
    with pytest.raises(InputError, match=f"the taxonomy '{taxonomy}' exists already"):
        api.import_taxonomy(file, taxonomy)
    assert by_hand(count, t=taxonomy) == before


@pytest.mark.parametrize("name", ["", " \t", "x" * 10_000, "half\ud800"])
def test_a_name_that_no_taxonomy_can_have_is_refused(api: DeepPersona, file: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a taxonomy; expected a text of 1 to 100 characters"):
        api.import_taxonomy(file, name)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.99], ids=["at once", "early", "late", "at the end"])
def test_an_import_that_is_cut_off_can_be_done_again(
    settings: Settings,
    graph: Graph,
    taxonomy: str,
    file: Path,
    by_hand: ByHand,
    comparable: Comparable,
    part: float,
) -> None:
    class PowerCut(Exception):
        pass

    def cut(doing: str, done: int, total: int) -> None:
        if doing == "writing the taxonomy" and done >= part * total:
            raise PowerCut

    with DeepPersona(settings, progress=cut) as unlucky, pytest.raises(PowerCut):
        unlucky.import_taxonomy(file, taxonomy)
    assert taxonomy_state(graph, taxonomy) == "abandoned"
    with pytest.raises(UnknownNameError, match=f"no taxonomy is called '{taxonomy}'"):
        load_tree(graph, taxonomy)
    with DeepPersona(settings) as other:
        by_hand("MATCH (t:Taxonomy {name: $t}) SET t.touched = timestamp()", t=taxonomy)
        with pytest.raises(ConflictError, match="is being imported by another process"):
            other.import_taxonomy(file, taxonomy)
        by_hand("MATCH (t:Taxonomy {name: $t}) SET t.touched = timestamp() - 61000", t=taxonomy)
        assert taxonomy_state(graph, taxonomy) == "abandoned"
        tree = other.import_taxonomy(file, taxonomy)
    assert comparable(tree) == comparable(read_tree(file, taxonomy))
    assert by_hand("MATCH (n:Attribute {taxonomy: $t}) RETURN count(n)", t=taxonomy) == {
        (len(tree.attributes),)
    }
    assert by_hand("MATCH (c:Change {taxonomy: $t}) RETURN c.version, c.operation", t=taxonomy) == {
        (1, "import")
    }


def test_an_import_shows_that_it_is_alive_after_every_batch(
    graph: Graph, taxonomy: str, file: Path, by_hand: ByHand
) -> None:
    states: list[str | None] = []

    def slow(*_: Any) -> None:
        states.append(taxonomy_state(graph, taxonomy))
        by_hand("MATCH (t:Taxonomy {name: $t}) SET t.touched = timestamp() - 61000", t=taxonomy)

    store_tree(
        graph,
        read_tree(file, taxonomy),
        model="m",
        dimensions=2,
        attribute_vectors={},
        value_vectors={},
        progress=slow,
    )
    assert len(states) == 7
    assert set(states) == {"importing"}
    assert taxonomy_state(graph, taxonomy) == "ready"


def test_taxonomies_do_not_see_each_other(
    imported: Callable[[list[str]], Tree],
    taxonomy: str,
    human: Tree,
    by_hand: ByHand,
    own: Callable[[Tree], Mapping[tuple[str, ...], Attribute]],
) -> None:
    tree = imported(LINES)
    assert set(own(tree)) == {("Home",), PET, WALKS, FEEDING}
    assert (
        by_hand("MATCH (a {taxonomy: $t})--(b) WHERE b.taxonomy <> $t RETURN a.name, b.name", t=taxonomy)
        == set()
    )
    assert PET not in human.by_path


@pytest.mark.parametrize(
    ("published", "nodes"), [("attributes_merged.json", 6121), ("large_attributes.json", 3441)]
)
def test_published_trees_are_stored_whole(
    graph: Graph, taxonomy: str, by_hand: ByHand, published: str, nodes: int
) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "taxonomies" / published
    if not path.exists():
        pytest.skip(f"{published} is not beside the repository")
    tree = read_tree(path, taxonomy)
    store_tree(
        graph,
        tree,
        model="none",
        dimensions=0,
        attribute_vectors={},
        value_vectors={},
        progress=lambda *_: None,
    )
    links = by_hand("MATCH (a {taxonomy: $t})-[:HAS_CHILD]->(b) RETURN a.path, b.path", t=taxonomy)
    assert links == {(a.path[:-1], a.path) for a in tree.attributes if len(a.path) > 1}
    assert nodes <= len(tree.attributes) <= nodes + 40
    assert by_hand("MATCH (a:Attribute {taxonomy: $t}) RETURN a.id, a.path, a.depth", t=taxonomy) == {
        (a.id, a.path, len(a.path)) for a in tree.attributes
    }
