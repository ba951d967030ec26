"""A taxonomy in every format: read back where we can, held against the tree where others do."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from rdflib import DCTERMS, RDF, SKOS, Graph, Literal, URIRef
from rdflib.collection import Collection

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError
from deeppersona_graph.model.tree import Attribute, Tree, value_id
from deeppersona_graph.taxonomy.export import FORMATS, Format, form_of, write_tree
from deeppersona_graph.taxonomy.formats import read_tree

ODD = [
    "=HYPERLINK(1)", "+1", "-", "@home", "a|b\\", 'quotes "x", comma', "two\nlines", "\x1b[31mred\x00", "😀",
    "</script><script>alert(1)</script>", "<!-- <script>", "{{taxonomy}}", "a > b", "%41#?:/", "a\u2028b",
    "&amp;", "\ufffe", "日本語",
]  # fmt: skip
RECORDS: list[dict[str, Any]] = [
    {"path": ["Home"], "description": "=Where one lives.", "support": 5},
    {"path": ["Home", "Pet"], "value_type": "categorical", "values": ["cat|dog", "back\\slash"],
     "aliases": ["Beast", "Animal", "Pet"], "support": 5, "id": "id with / and é"},
    {"path": ["Home", "Order"], "value_type": "ordinal", "values": ["none", "some", "much"]},
    {"path": ["Home", "Warmth"], "value_type": "number", "values": {"min": -5, "max": 30.5, "unit": "°C"}},
    {"path": ["Home", "Garden", "Pond"], "proposed": True, "retired": True},
    *({"path": ["Odd", name], "value_type": "list", "values": [name]} for name in ODD),
]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    file = tmp_path / "given.jsonl"
    file.write_text("\n".join(map(json.dumps, RECORDS)), encoding="utf-8")
    return read_tree(file, "of homes & <odd> things: 100%")


@pytest.fixture
def written(tree: Tree, tmp_path: Path) -> Callable[..., Path]:
    """Writes the tree in a format."""

    def run(form: Format, name: str = "out.txt") -> Path:
        path = tmp_path / name
        write_tree(tree, path, form, path.suffix)
        return path

    return run


def ids(tree: Tree) -> set[tuple[str, str]]:
    """Parent and child of every edge."""
    return {(tree.by_path[a.path[:-1]].id, a.id) for a in tree.attributes if len(a.path) > 1}


@pytest.mark.parametrize("form", ["json", "node-link"])
def test_names_are_read_back_as_they_were(tree: Tree, written: Callable[..., Path], form: Format) -> None:
    again = read_tree(written(form), "again")
    assert [a.path for a in again.attributes] == [a.path for a in tree.attributes]


def test_records_keep_what_was_proposed(
    tree: Tree, written: Callable[..., Path], comparable: Callable[[Tree], set[Attribute]]
) -> None:
    again = read_tree(written("records"), tree.name)
    assert comparable(again) == comparable(tree)
    assert [a.path[-1] for a in again.attributes if a.proposed] == ["Pond"]


def test_node_link_json_is_a_graph_of_networkx_with_what_the_tree_holds(
    tree: Tree, written: Callable[..., Path]
) -> None:
    graph = nx.node_link_graph(json.loads(written("node-link").read_text(encoding="utf-8")), edges="edges")
    assert set(graph.edges) == ids(tree)
    pet = graph.nodes["id with / and é"]
    assert (pet["name"], pet["support"], pet["values"]) == ("Pet", 5, ["cat|dog", "back\\slash"])
    assert "description" not in pet


def test_csv_has_a_row_an_attribute(tree: Tree, written: Callable[..., Path]) -> None:
    rows = table(written("csv"))
    assert len(rows) == len(tree.attributes)
    by_id = {row["id"]: row for row in rows}
    home = [
        by_id[tree.by_path["Home", *below].id] for below in ((), ("Pet",), ("Warmth",), ("Garden", "Pond"))
    ]
    assert [(row["path"], row["depth"], row["root"], row["level_2"], row["level_3"]) for row in home] == [
        ("Home", "1", "Home", "", ""),
        ("Home > Pet", "2", "Home", "Pet", ""),
        ("Home > Warmth", "2", "Home", "Warmth", ""),
        ("Home > Garden > Pond", "3", "Home", "Garden", "Pond"),
    ]
    assert home[1]["values"] == r"cat\|dog|back\\slash"
    assert home[1]["aliases"] == "Beast|Animal|Pet"
    assert (home[2]["minimum"], home[2]["maximum"], home[2]["unit"]) == ("-5.0", "30.5", "°C")
    assert [(row["support"], row["proposed"], row["retired"]) for row in home[::3]] == [
        ("5", "false", "false"),
        ("0", "true", "true"),
    ]


def test_nothing_in_the_csv_is_a_formula(tree: Tree, written: Callable[..., Path]) -> None:
    rows = table(written("csv"))
    numbers = {"minimum", "maximum", "support", "depth"}
    assert not [
        cell
        for row in rows
        for key, cell in row.items()
        if key not in numbers and cell[:1] in set("=+-@\t\r")
    ]
    names = {row["level_2"] for row in rows if row["root"] == "Odd"}
    assert {"'=HYPERLINK(1)", "'+1", "'-", "'@home", "two\nlines", "a > b"} < names
    assert tree.by_path["Home",].description == "=Where one lives."
    assert "'=Where one lives." in {row["description"] for row in rows}


def test_graphml_is_read_back_by_networkx(tree: Tree, written: Callable[..., Path]) -> None:
    graph = nx.read_graphml(written("graphml"))
    assert set(graph.edges) == ids(tree)
    names = {graph.nodes[a.id]["name"] for a in tree.attributes if a.path[0] == "Odd"}
    assert names == {"Odd", *ODD} - {"\x1b[31mred\x00", "\ufffe"} | {"\ufffd[31mred\ufffd", "\ufffd"}
    pond = graph.nodes[tree.by_path["Home", "Garden", "Pond"].id]
    assert pond == {
        "name": "Pond", "path": "Home > Garden > Pond", "depth": 3, "support": 0, "proposed": True
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own, in its reader of JSON-LD
@pytest.mark.parametrize(
    ("name", "syntax"), [("a.ttl", "turtle"), ("a.rdf", "xml"), ("a.jsonld", "json-ld"), ("a.TTL", "turtle")]
)
def test_skos_is_the_tree(tree: Tree, written: Callable[..., Path], name: str, syntax: str) -> None:
    graph = Graph().parse(written("skos", name), format=syntax)
    notation = {concept: str(text) for concept, text in graph.subject_objects(SKOS.notation)}
    broader = {(notation[above], notation[one]) for one, above in graph.subject_objects(SKOS.broader)}
    narrower = {(notation[above], notation[one]) for above, one in graph.subject_objects(SKOS.narrower)}
    assert broader == narrower == ids(tree)
    tops = {notation[one] for one in graph.subjects(SKOS.topConceptOf)}
    assert tops == {a.id for a in tree.attributes if len(a.path) == 1}
    kept = tree.attributes if syntax != "xml" else [a for a in tree.attributes if a.name.isprintable()]
    assert {(a.id, a.name) for a in kept} <= {
        (notation[one], str(label)) for one, label in graph.subject_objects(SKOS.prefLabel) if one in notation
    }
    assert set(notation) <= set(graph.subjects(RDF.type, SKOS.Concept))


def test_skos_names_each_concept_once_and_none_of_its_aliases_like_it(
    tree: Tree, written: Callable[..., Path]
) -> None:
    graph = Graph().parse(written("skos", "a.ttl"))
    [pet] = graph.subjects(SKOS.notation, Literal("id with / and é"))
    assert str(pet).endswith(":attribute-id%20with%20%2F%20and%20%C3%A9")
    assert {str(label) for label in graph.objects(pet, SKOS.altLabel)} == {"Beast", "Animal"}
    assert all(len(list(graph.objects(one, SKOS.prefLabel))) == 1 for one in graph.subjects(SKOS.inScheme))
    assert len(tree.attributes) == len(list(graph.subjects(SKOS.notation)))


def test_skos_has_value_spaces_as_collections_ordinals_in_order(
    tree: Tree, written: Callable[..., Path]
) -> None:
    graph = Graph().parse(written("skos", "a.ttl"))
    order = tree.by_path["Home", "Order"]
    [space] = graph.subjects(DCTERMS.subject, URIRef(uri(graph, order.id)))
    [start] = graph.objects(space, SKOS.memberList)
    assert [str(graph.value(member, SKOS.prefLabel)) for member in Collection(graph, start)] == [
        "none", "some", "much"
    ]  # fmt: skip
    assert (space, RDF.type, SKOS.OrderedCollection) in graph
    pet = tree.by_path["Home", "Pet"]
    [space] = graph.subjects(DCTERMS.subject, URIRef(uri(graph, pet.id)))
    assert (space, RDF.type, SKOS.Collection) in graph
    assert {str(member).rpartition("-")[2] for member in graph.objects(space, SKOS.member)} == {
        value_id(pet.id, text) for text in ("cat|dog", "back\\slash")
    }


def test_the_sunburst_is_one_page_that_needs_nothing_else(tree: Tree, written: Callable[..., Path]) -> None:
    page = Page(written("sunburst-html").read_text(encoding="utf-8"))
    assert page.links == ["data:,"]
    assert page.tags.count("script") == 2
    assert page.texts["title"] == page.texts["h1"] == tree.name
    assert not re.search(r"\{\{|https?://(?!www\.w3\.org/2000/svg\")", page.scripts[1])


def test_the_sunburst_holds_the_whole_tree_whatever_its_names(
    tree: Tree, written: Callable[..., Path]
) -> None:
    page = Page(written("sunburst-html").read_text(encoding="utf-8"))
    drawn = json.loads(page.scripts[0])
    assert (drawn["name"], drawn["version"]) == (tree.name, tree.version)
    assert list(paths(drawn["nodes"])) == [a.path for a in tree.attributes]
    pond = drawn["nodes"][[a.name for a in tree.attributes].index("Pond")]
    assert pond["m"] == ["retired", "proposed"]
    warmth = drawn["nodes"][[a.name for a in tree.attributes].index("Warmth")]
    assert (warmth["t"], warmth["v"]) == ("number", "-5 to 30.5 °C")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.jsonl", "records"), ("a.json", "json"), ("a.CSV", "csv"), ("a.graphml", "graphml"),
        ("a.ttl", "skos"), ("a.rdf", "skos"), ("a.jsonld", "skos"), ("a.b.html", "sunburst-html"),
    ],
)  # fmt: skip
def test_the_name_of_a_file_says_its_format(name: str, form: Format) -> None:
    assert form_of(Path(name)) == form


@pytest.mark.parametrize("name", ["tree", "tree.xlsx", ".json"])
def test_an_unknown_ending_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(InputError) as refused:
        form_of(Path(name))
    assert all(form in str(refused.value) for form in (*FORMATS, ".ttl", ".graphml"))


@pytest.mark.live
@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_whole_or_not_there(
    api: DeepPersona, tmp_path: Path, form: Format, imported: Callable[[list[str]], Tree], taxonomy: str
) -> None:
    imported(list(map(json.dumps, RECORDS)))
    target = tmp_path / "whole" / "out.x"
    with pytest.raises(InputError, match="cannot write"):
        api.export_taxonomy(target, taxonomy, form)
    target.parent.mkdir()
    assert api.export_taxonomy(target, taxonomy, form) == len(api.tree(taxonomy).attributes)
    assert [one.name for one in target.parent.iterdir()] == ["out.x"]
    assert target.stat().st_size > 1000


def test_large_libraries_are_not_loaded_before_they_are_needed() -> None:
    code = "import sys, deeppersona_graph.api; print('rdflib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def table(path: Path) -> list[Mapping[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))


def paths(nodes: list[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for node in nodes:
        above = found[node["p"]] if node["p"] >= 0 else ()
        found.append((*above, node["n"]))
        yield found[-1]


def uri(graph: Graph, identity: str) -> str:
    [found] = graph.subjects(SKOS.notation, Literal(identity))
    return str(found)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open = tag
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] += data
        elif self._open:
            self.texts[self._open] = self.texts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._open = ""
