"""Names hold any character and come through everything unharmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.addressing import find_attribute, split_assignment
from deeppersona_graph.model.tree import Tree, shown
from deeppersona_graph.taxonomy.formats import read_tree

pytestmark = pytest.mark.live

ROOT = "Odd ♥ names"
NAMES = [
    "Robert'); DETACH DELETE n //",
    "Tea > Green",
    "v1.2.3",
    'the "quoted" one',
    "it's",
    "`backticks`",
    "👩‍👩‍👧 family 🏳️‍🌈",
    "first line\nsecond line",
    "{value}",
    "{0}",
    "%s %(name)s",
    "$x",
    "$taxonomy",
    "[bold]",
    "[/bold]",
    "[1, 2]",
    '["a list"]',
    ":smile:",
    "a=b=c",
    "=",
    "\\u0041 \\n",
    "\x1b[31mred",
    "ﬁ ligature",
    "שלום עולם",
    "// comment */",
    "null",
    "  padded  ",
    "-n",
    "--help",
    "nul\x00byte",
]
LINES = [
    json.dumps(
        {
            "path": [ROOT, name],
            "description": f"About {name}",
            "value_type": "categorical",
            "values": [name, f"not {name}"],
            "aliases": [f"alias {name}"],
            "conflicts": [{"if": name, "path": [ROOT, other], "not": [f"not {other}"]}],
        }
    )
    for name, other in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)
]


@pytest.fixture
def tree(imported: Callable[[list[str]], Tree]) -> Tree:
    return imported(LINES)


def test_odd_names_go_through_import_graph_and_export(
    api: DeepPersona,
    taxonomy: str,
    tree: Tree,
    tmp_path: Path,
    by_hand: Callable[..., set[tuple[Any, ...]]],
    comparable: Callable[[Tree], Any],
) -> None:
    expected = {(name, (ROOT, name), f"About {name}", f"alias {name}") for name in NAMES}
    assert (
        by_hand(
            "MATCH (:Attribute {taxonomy: $t, name: $root})-[:HAS_CHILD]->(a) "
            "RETURN a.name, a.path, a.description, a.aliases[0]",
            t=taxonomy,
            root=ROOT,
        )
        == expected
    )
    assert by_hand(
        "MATCH (a:Attribute {taxonomy: $t})-[:ADMITS]->(v)-[:EXCLUDES]->(w)<-[:ADMITS]-(b) "
        "RETURN a.name, v.text, w.text, b.name",
        t=taxonomy,
    ) == {
        (name, name, f"not {other}", other) for name, other in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)
    }
    file = tmp_path / "again.jsonl"
    api.export_taxonomy(file, taxonomy)
    assert comparable(read_tree(file, taxonomy)) == comparable(tree)


def test_odd_names_can_be_called_by_name_path_and_json_list(tree: Tree) -> None:
    for name in NAMES:
        path = (ROOT, name)
        for spelled in (name, shown(path), f"alias {name}", json.dumps(path), name.upper()):
            assert find_attribute(tree, spelled).path == path, spelled


def test_odd_names_can_be_given_values(tree: Tree) -> None:
    for name in NAMES:
        for spelled in (name, shown((ROOT, name)), json.dumps([ROOT, name])):
            attribute, value = split_assignment(tree, f"{spelled}=not {name}")
            assert (attribute.path[-1], value) == (name, f"not {name}".strip())


def test_odd_names_are_found_by_meaning(api: DeepPersona, taxonomy: str, tree: Tree) -> None:
    hits = api.search("anything", taxonomy, limit=len(tree.attributes))
    assert {hit.path for hit in hits} == {attribute.path for attribute in tree.attributes}


def test_odd_names_made_by_hand_are_taken_in(
    api: DeepPersona, taxonomy: str, tree: Tree, by_hand: Callable[..., set[tuple[Any, ...]]]
) -> None:
    by_hand(
        "MATCH (p:Attribute {taxonomy: $t, name: '[bold]'}) UNWIND $names AS name "
        "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: name})",
        t=taxonomy,
        names=NAMES,
    )
    assert set(api.sync(taxonomy).added) == {(ROOT, "[bold]", name) for name in NAMES}
    assert len(api.tree(taxonomy).attributes) == len(tree.attributes) + len(NAMES)


def test_an_odd_name_of_a_taxonomy_is_just_a_name(
    api: DeepPersona, taxonomy: str, tmp_path: Path, by_hand: Callable[..., set[tuple[Any, ...]]]
) -> None:
    odd = f"{taxonomy} '}}) DETACH DELETE n // `[bold]` 🫖"
    file = tmp_path / "tree.json"
    file.write_text('{"Tea": ["Green"]}', encoding="utf-8")
    try:
        tree = api.import_taxonomy(file, odd)
        assert (tree.name, ("Tea", "Green") in tree.by_path) == (odd, True)
        assert api.sync(odd).version == 1
    finally:
        by_hand("MATCH (n) WHERE n.taxonomy = $t OR (n:Taxonomy AND n.name = $t) DETACH DELETE n", t=odd)
