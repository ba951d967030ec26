"""Tree files of every form become the tree that they describe."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.model.tree import (
    VALUE_TYPES,
    Attribute,
    Exclusion,
    Requirement,
    Tree,
    attribute_id,
    value_id,
)
from deeppersona_graph.taxonomy.bundled import load_bundle
from deeppersona_graph.taxonomy.export import export_records
from deeppersona_graph.taxonomy.formats import read_tree
from deeppersona_graph.taxonomy.formats.building import core_attributes

Own = Callable[[Tree], Mapping[tuple[str, ...], Attribute]]
Read = Callable[..., Tree]

PET, FEEDING, WALKS = ("Home", "Pets", "Pet"), ("Home", "Pets", "Feeding"), ("Home", "Pets", "Walks")
RECORDS = "\n".join(
    json.dumps(record)
    for record in [
        {
            "path": PET,
            "description": "Which pet lives in the household.",
            "value_type": "list",
            "values": ["none", "cat", "dog"],
            "weights": [50, 30, 20],
            "alone": ["none"],
            "value_needs": {"dog": {"settlement": ["town", "city"], "min_age": 10, "max_age": 90}},
            "value_applies": {"cat": [{"path": FEEDING, "values": ["from a bowl"]}]},
            "places": {"cat": ["CA", "NO"]},
            "conflicts": [
                {"if": "none", "path": WALKS, "not": "*"},
                {"if": "cat", "path": WALKS, "not": {"min": 3}},
                {"if": "cat", "path": FEEDING, "not": ["by hand"]},
            ],
        },
        {
            "path": FEEDING,
            "value_type": "ordinal",
            "values": ["by hand", "from a bowl"],
            "applies": {"min_age": 6, "requires": [{"path": PET, "values": ["cat", "dog"]}]},
            "needs": {"min_age": 8, "household": ["alone", "with parents"]},
        },
        {
            "path": WALKS,
            "value_type": "number",
            "values": {"min": 0, "max": 20, "unit": "a week", "typical": [3, 14]},
            "at_most": "age-15",
        },
        {"path": ["Home", "Motto"], "value_type": "text", "values": ["home is where the cat is"]},
    ]
)


def test_records_become_attributes_with_their_constraints(read: Read, own: Own) -> None:
    tree = read(RECORDS)
    found, core = own(tree), tree.core
    pet, feeding, walks = (attribute_id(path) for path in (PET, FEEDING, WALKS))
    settlements = {value_id(core["settlement"].id, text) for text in ("town", "city")}
    households = {value_id(core["household"].id, text) for text in ("alone", "with parents")}
    assert set(found) == {("Home",), ("Home", "Pets"), PET, FEEDING, WALKS, ("Home", "Motto")}
    assert found[("Home",)] == Attribute(id=attribute_id(("Home",)), path=("Home",))
    assert [
        (v.text, v.rank, v.weight, v.alone, v.min_age, v.max_age, v.countries) for v in found[PET].values
    ] == [
        ("none", 0, 50.0, True, None, None, ()),
        ("cat", 1, 30.0, False, None, None, ("CA", "NO")),
        ("dog", 2, 20.0, False, 10, 90, ()),
    ]
    assert [v.requires for v in found[PET].values] == [
        (),
        (Requirement(feeding, frozenset({value_id(feeding, "from a bowl")})),),
        (Requirement(core["settlement"].id, frozenset(settlements)),),
    ]
    assert [set(v.excludes) for v in found[PET].values] == [
        {Exclusion(walks)},
        {Exclusion(walks, minimum=3.0), Exclusion(feeding, value=value_id(feeding, "by hand"))},
        set(),
    ]
    assert set(found[FEEDING].requires) == {
        Requirement(pet, frozenset({value_id(pet, "cat"), value_id(pet, "dog")})),
        Requirement(core["household"].id, frozenset(households)),
    }
    assert (found[FEEDING].min_age, found[FEEDING].max_age) == (8, None)
    assert (found[WALKS].minimum, found[WALKS].maximum, found[WALKS].typical) == (0, 20, (3, 14))
    assert (found[WALKS].unit, found[WALKS].at_most) == ("a week", 15)


def test_an_exported_tree_is_read_back_as_it_was(
    read: Read, comparable: Callable[[Tree], set[Attribute]]
) -> None:
    tree = read(RECORDS)
    again = read("\n".join(export_records(tree)))
    assert comparable(again) == comparable(tree)
    assert list(export_records(again)) == list(export_records(tree))


def test_the_bundled_tree_is_read_back_as_it_was(
    read: Read, comparable: Callable[[Tree], set[Attribute]]
) -> None:
    tree = load_bundle().tree
    assert comparable(read("\n".join(export_records(tree)))) == comparable(tree)


def test_what_only_an_export_writes_is_read_back(
    read: Read, comparable: Callable[[Tree], set[Attribute]]
) -> None:
    tree = read(RECORDS)
    marks = {"id": "kept-for-life", "support": 3, "retired": True, "aliases": ("Beast",), "at_least": 0}
    changed = {WALKS: {**marks, "generic": True}, ("Home",): {"description": "Where one lives."}}
    altered = replace(
        tree, attributes=tuple(replace(a, **changed.get(a.path, {})) for a in _without_conflicts(tree))
    )
    assert comparable(read("\n".join(export_records(altered)))) == comparable(altered)


def test_types_without_a_value_space_are_read_back(
    read: Read, comparable: Callable[[Tree], set[Attribute]]
) -> None:
    tree = read("\n".join(json.dumps({"path": [kind], "value_type": kind}) for kind in VALUE_TYPES))
    assert {(a.value_type, a.has_values) for a in tree.attributes if a.path[0] in VALUE_TYPES} == {
        (kind, False) for kind in VALUE_TYPES
    }
    assert comparable(read("\n".join(export_records(tree)))) == comparable(tree)


def test_a_renamed_core_attribute_stays_the_only_one_of_its_key(
    read: Read, comparable: Callable[[Tree], set[Attribute]]
) -> None:
    tree = read(RECORDS)
    years = ("Demographic Information", "Years Lived")
    renamed = replace(
        tree, attributes=tuple(replace(a, path=years) if a.core == "age" else a for a in tree.attributes)
    )
    again = read("\n".join(export_records(renamed)))
    assert comparable(again) == comparable(renamed)
    assert [a.path for a in again.attributes if a.core == "age"] == [years]


def test_a_value_added_to_a_core_attribute_can_be_needed(read: Read) -> None:
    core = core_attributes()["settlement"]
    lines = [
        {
            "path": core.path,
            "core": "settlement",
            "value_type": "categorical",
            "values": [*(value.text for value in core.values), "ship"],
        },
        {"path": ["Knots"], "needs": {"settlement": ["ship"]}},
    ]
    tree = read("\n".join(map(json.dumps, lines)))
    assert tree.by_path[("Knots",)].requires == (
        Requirement(core.id, frozenset({value_id(core.id, "ship")})),
    )


def test_two_needs_of_one_attribute_leave_what_both_allow(read: Read) -> None:
    core = core_attributes()["settlement"]
    record = {
        "path": ["Tram"],
        "needs": {"settlement": ["city", "town"]},
        "applies": {"requires": [{"path": core.path, "values": ["city", "village or countryside"]}]},
    }
    tree = read(json.dumps(record))
    assert tree.by_path[("Tram",)].requires == (Requirement(core.id, frozenset({value_id(core.id, "city")})),)


@pytest.mark.parametrize(
    "document",
    [
        {"Food": {"Diet": {"Allergies": {}, "Fasting": {}}, "Taste": {}}},
        {"Food": {"Diet": ["Allergies", "Fasting"], "Taste": None}},
        {"Food": [{"Diet": ["Allergies", {"Fasting": ""}]}, "Taste"]},
        {"Food": {"Diet": [{"Allergies": [], "Fasting": {}}], "Taste": {}}},
    ],
    ids=["objects", "lists", "mixed", "objects in lists"],
)
def test_nested_names_become_paths(read: Read, own: Own, document: Any) -> None:
    found = own(read(json.dumps(document)))
    assert set(found) == {
        ("Food",),
        ("Food", "Diet"),
        ("Food", "Diet", "Allergies"),
        ("Food", "Diet", "Fasting"),
        ("Food", "Taste"),
    }
    assert all(a.value_type is None and a.values == () for a in found.values())
    assert {a.id for a in found.values()} == {attribute_id(path) for path in found}


def test_nested_names_may_be_those_of_the_other_forms(read: Read, own: Own) -> None:
    found = own(read(json.dumps({"nodes": {"path": {}}, "links": ["edges"]})))
    assert set(found) == {("nodes",), ("nodes", "path"), ("links",), ("links", "edges")}


@pytest.mark.parametrize("edges", ["edges", "links"])
def test_a_node_link_graph_becomes_a_tree(read: Read, own: Own, edges: str) -> None:
    document = {
        "directed": True,
        "multigraph": False,
        "graph": {},
        "nodes": [{"id": 0, "name": "Food"}, {"id": 1, "name": "Diet"}, {"id": "Taste"}],
        edges: [{"source": 0, "target": 1}, {"source": 1, "target": "Taste"}],
    }
    assert set(own(read(json.dumps(document)))) == {("Food",), ("Food", "Diet"), ("Food", "Diet", "Taste")}


def test_core_attributes_are_part_of_every_tree_once(read: Read) -> None:
    tree = read('{"Demographic Information": {"Age and Life Stage": {"Age": {}}}}')
    assert {a.core: a.path for a in tree.attributes if a.core} == {
        key: core.path for key, core in core_attributes().items()
    }
    assert len(tree.by_path) == len(tree.attributes)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\n\n  \n"])
@pytest.mark.parametrize("encoded", [str.encode, lambda text: text.encode("utf-8-sig")], ids=["plain", "BOM"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress], ids=["flat", "gz"])
def test_line_ends_byte_order_marks_and_packing_make_no_difference(
    read: Read,
    comparable: Callable[[Tree], set[Attribute]],
    line_end: str,
    encoded: Callable[[str], bytes],
    packed: Callable[[bytes], bytes],
) -> None:
    content = packed(encoded(RECORDS.replace("\n", line_end) + line_end))
    assert comparable(read(content)) == comparable(read(RECORDS))


@pytest.mark.parametrize(
    ("file", "nodes"), [("attributes_merged.json", 6121), ("large_attributes.json", 3441)]
)
def test_published_trees_are_read_whole(file: str, nodes: int) -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "taxonomies" / file
    if not path.exists():
        pytest.skip(f"{file} is not beside the repository")
    written = set(_paths(json.loads(path.read_text(encoding="utf-8")), ()))
    found = {a.path for a in read_tree(path, "published").attributes}
    core = {a.path[:length] for a in core_attributes().values() for length in range(1, len(a.path) + 1)}
    assert len(written) == nodes
    assert found == written | core


def _paths(document: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, below in document.items():
        yield (*above, name)
        yield from _paths(below, (*above, name))


def _without_conflicts(tree: Tree) -> Iterator[Attribute]:
    for a in tree.attributes:
        yield replace(a, values=tuple(replace(value, excludes=()) for value in a.values))
