"""What is no tree file is refused in one line that says what is wrong and where."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import TreeFileError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Tree, attribute_id
from deeppersona_graph.taxonomy.formats import read_tree
from deeppersona_graph.taxonomy.store import taxonomy_state

GOOD = json.dumps({"path": ["Drinks", "Tea"], "value_type": "categorical", "values": ["green", "black"]})
AGE = ["Demographic Information", "Age and Life Stage", "Age"]
PACKED = gzip.compress(GOOD.encode() * 100)


def line(**fields: Any) -> str:
    """A second line after a good one."""
    record = {"path": ["Drinks", "Coffee"], "value_type": "categorical", "values": ["none", "some"]}
    return f"{GOOD}\n{json.dumps(record | fields)}\n"


def graph_of(nodes: list[Any], edges: list[Any], **rest: Any) -> str:
    return json.dumps({"nodes": nodes, "edges": edges, **rest})


REFUSED = {
    "a line that breaks off": (f'{GOOD}\n{{"path": ["A"', "line 2: Invalid JSON: EOF"),
    "a first line that breaks off": (f'{{"path": ["A"\n{GOOD}', "line 1: Invalid JSON: EOF"),
    "a line that is no object": (f"{GOOD}\n[1]", "line 2: Input should be an object"),
    "nested names that break off": ('{\n"A": {},\n"B" {}}', "line 3: not JSON (Expecting ':' delimiter)"),
    "prose": ("Dear all,\nhere is my tree.", "line 1: not JSON"),
    "a number": ("5", "found 5; a tree file is"),
    "null": ("null", "found None; a tree file is"),
    "an array": (f"[{GOOD}]", "a tree file is a JSON object of names"),
    "no names": ("{}", "found {}; a tree file is"),
    "nothing": ("", "is empty; a tree file is"),
    "blank lines": (" \n\n", "is empty; a tree file is"),
    "bytes": (bytes(range(256)), "is no text in UTF-8"),
    "UTF-16": ('{"A": {}}'.encode("utf-16"), "is no text in UTF-8"),
    "a packed file cut short": (PACKED[:30], "cannot unpack"),
    "a packed file with a wrong byte": (
        bytes([*PACKED[:12], PACKED[12] ^ 0x55, *PACKED[13:]]),
        "cannot unpack",
    ),
    "brackets without end": ("[" * 100_000, "nested too deep"),
    "braces without end": ('{"a":' * 10_000 + "{}" + "}" * 10_000, "nested too deep"),
    "a number without end": ('{"a": ' + "9" * 5000 + "}", "not JSON (Exceeds the limit"),
    "thirteen levels": ('{"a":' * 13 + "{}" + "}" * 13, "13 levels deep; at most 12"),
    # Names
    "an empty name": (line(path=["Drinks", ""]), "line 2: an empty name in 'Drinks >'"),
    "a name of blanks": (line(path=["Drinks", " \t\n"]), "line 2: an empty name in 'Drinks >'"),
    "a long name": (line(path=["x" * 10_000]), "line 2: a name of 10,000 characters ('xxxxxxxxx"),
    "a name that is a number": (line(path=["Drinks", 7]), "line 2: path.1: Input should be a valid string"),
    "an empty path": (line(path=[]), "line 2: the path is empty"),
    "a path that is a text": (line(path="Drinks"), "line 2: path: Input should be a valid array"),
    "an empty nested name": ('{"Drinks": {"": {}}}', "an empty name in 'Drinks >'"),
    "a nested name of blanks": ('{"Drinks": ["  "]}', "an empty name in 'Drinks >"),
    "a long nested name": (json.dumps({"Drinks": {"x" * 10_000: {}}}), "a name of 10,000 characters"),
    "a nested number": ('{"Drinks": {"Tea": 5}}', "under 'Drinks > Tea' stands 5"),
    "a number in a list": ('{"Drinks": ["Tea", 5]}', "in the list under 'Drinks' stands 5"),
    "a list in a list": ('{"Drinks": [["Tea"]]}', "in the list under 'Drinks' stands ['Tea']"),
    "half a character": ('{"Dr\\ud800nks": {}}', r"the name 'Dr\ud800nks' is no valid Unicode"),
    "half a character in a record": (f'{GOOD}\n{{"path": ["\\ud800"]}}', "line 2: Invalid JSON"),
    # Siblings
    "two records of one path": (f"{GOOD}\n{GOOD}", "line 2: two siblings are called 'Tea' (Drinks > Tea)"),
    "two nested siblings": ('{"Drinks": {"Tea": {"a": {}}, "Tea": {}}}', "two siblings are called 'Tea'"),
    "two siblings in a list": ('{"Drinks": ["Tea", "Tea"]}', "two siblings are called 'Tea' (Drinks > Tea)"),
    "a name beside an object of it": ('{"Drinks": ["Tea", {"Tea": ["Mint"]}]}', "siblings are called 'Tea'"),
    "two roots in a graph": (
        graph_of([{"id": 1, "name": "Tea"}, {"id": 2, "name": "Tea"}], []),
        "two siblings are called 'Tea'",
    ),
    # Graphs
    "a cycle": (
        graph_of(
            [{"id": "a"}, {"id": "b"}, {"id": "c"}],
            [{"source": a, "target": b} for a, b in ("ab", "bc", "ca")],
        ),
        "a cycle through 'a', 'b', 'c'; break it",
    ),
    "a node above itself": (graph_of([{"id": "a"}], [{"source": "a", "target": "a"}]), "a cycle through 'a'"),
    "two parents": (
        graph_of([{"id": "a"}, {"id": "b"}, {"id": "c"}], [{"source": s, "target": "c"} for s in "ab"]),
        "node 'c' has 2 parents",
    ),
    "an undirected graph": (
        graph_of([{"id": "a"}, {"id": "b"}], [{"source": "a", "target": "b"}], directed=False),
        "is undirected",
    ),
    "a graph without nodes": (graph_of([], []), "has no nodes"),
    "a node that is a number": (graph_of([1], []), "the node 1 has no id"),
    "a node without an id": (graph_of([{"name": "Tea"}], []), "the node {'name': 'Tea'} has no id"),
    "a node without a name": (graph_of([{"id": 1}], []), "the name 1 is no text"),
    "two nodes of one id": (graph_of([{"id": "a"}, {"id": "a"}], []), "two nodes have the id 'a'"),
    "an edge to nowhere": (
        graph_of([{"id": "a"}], [{"source": "a", "target": "b"}]),
        "the edge {'source': 'a', 'target': 'b'} has no node of the graph as its target",
    ),
    "an edge that is a list": (graph_of([{"id": "a"}], [["a", "a"]]), "the edge ['a', 'a'] has no node"),
    # Fields
    "an unknown field": (line(colour="red"), "line 2: colour: Extra inputs are not permitted"),
    "an unknown type": (line(value_type="colour"), "line 2: value_type: Input should be 'categorical'"),
    "values without a type": (line(value_type=None), "line 2: the values do not fit value_type None"),
    "values of a number": (line(value_type="number"), "line 2: the values do not fit value_type 'number'"),
    "a range of a list": (
        line(value_type="list", values={"min": 0, "max": 1}),
        "line 2: a range from 0 to 1",
    ),
    "a range upside down": (
        line(value_type="number", values={"min": 9, "max": 1}),
        "line 2: values: a range from 9 to 1",
    ),
    "a typical range outside": (
        line(value_type="number", values={"min": 0, "max": 9, "typical": [5, 12]}),
        "line 2: values: typical from 5 to 12 is no part of 0 to 9",
    ),
    "a bound that is no number": (
        f'{GOOD}\n{{"path": ["A"], "value_type": "number", "values": {{"min": NaN, "max": 1}}}}',
        "line 2: values: Input should be a finite number",
    ),
    "an empty value": (line(values=["", "some"]), "line 2: values: a value is empty"),
    "a value twice": (line(values=["Some", " some"]), "line 2: a value stands twice"),
    "too few weights": (line(weights=[100]), "line 2: 1 weights for 2 values"),
    "a negative weight": (
        line(weights=[-1, 101]),
        "line 2: weights.0: Input should be greater than or equal",
    ),
    "an infinite weight": (
        line(weights=[1, float("inf")]),
        "line 2: weights.1: Input should be a finite number",
    ),
    "nothing but weights of 0": (line(weights=[0, 0]), "line 2: all weights are 0"),
    "ages upside down": (line(applies={"min_age": 60, "max_age": 20}), "line 2: ages from 60 to 20"),
    "a value's ages upside down": (
        line(value_needs={"some": {"min_age": 60, "max_age": 20}}),
        "line 2: ages from 60 to 20",
    ),
    "an age beyond all": (line(applies={"min_age": 10**30}), "line 2: applies: Input should be"),
    "a support beyond all": (line(support=10**30), "line 2: support: Input should be"),
    "an age as a text": (line(at_most="old"), "line 2: 'old' is no age; write 'age' or 'age-15'"),
    "an id twice": (
        line(id="q").replace(GOOD, GOOD[:-1] + ', "id": "q"}'),
        "line 2: the id 'q' stands in line 1",
    ),
    "an id of another": (
        line(id=attribute_id(("Drinks",))),
        "'Drinks > Coffee' and 'Drinks' have the same id",
    ),
    "a long id": (line(id="x" * 10_000), "line 2: id: String should have at most 100 characters"),
    # References
    "a need of nothing known": (line(needs={"shoes": ["red"]}), "line 2: needs 'shoes', which is no core"),
    "a needed value unknown": (
        line(needs={"sex": ["red"]}),
        "line 2: 'red' is no value of Demographic Information > Gender and Sexual Identity > Gender",
    ),
    "a value's need unknown": (line(value_needs={"some": {"shoes": ["red"]}}), "line 2: needs 'shoes'"),
    "needs of an unknown value": (
        line(value_needs={"lots": {}}),
        "line 2: 'lots' is none of the attribute's",
    ),
    "needs that are a list": (line(needs=["sex"]), "line 2: needs: Input should be an object"),
    "an age among needs that is a list": (line(needs={"min_age": ["18"]}), "needs.min_age: expected an age"),
    "a need that is a number": (line(needs={"sex": 18}), "needs.sex: expected a list of values"),
    "a need of no value": (line(needs={"sex": []}), "line 2: names no value of Demographic Information > G"),
    "a place of an unknown value": (line(places={"lots": ["CA"]}), "line 2: 'lots' is none of the"),
    "a place that is no country": (line(places={"some": ["Narnia"]}), "line 2: places: String should match"),
    "a lonely unknown value": (line(alone=["lots"]), "line 2: 'lots' is none of the attribute's values"),
    "a required attribute unknown": (
        line(applies={"requires": [{"path": ["Cups"], "values": ["big"]}]}),
        "line 2: refers to 'Cups', which has no record of its own",
    ),
    "a required value unknown": (
        line(applies={"requires": [{"path": ["Drinks", "Tea"], "values": ["red"]}]}),
        "line 2: 'red' is no value of Drinks > Tea",
    ),
    "requirements that meet nowhere": (
        line(applies={"requires": [{"path": ["Drinks", "Tea"], "values": [v]} for v in ("green", "black")]}),
        "line 2: two requirements of one attribute have no value in common",
    ),
    "a conflict with nothing known": (
        line(conflicts=[{"if": "some", "path": ["Cups"], "not": "*"}]),
        "line 2: refers to 'Cups'",
    ),
    "a conflict of an unknown value": (
        line(conflicts=[{"if": "lots", "path": ["Drinks", "Tea"], "not": "*"}]),
        "line 2: 'lots' is none of the attribute's values",
    ),
    "a conflict with an unknown value": (
        line(conflicts=[{"if": "some", "path": ["Drinks", "Tea"], "not": ["red"]}]),
        "line 2: 'red' is no value of Drinks > Tea",
    ),
    "a conflict without bounds": (
        line(conflicts=[{"if": "some", "path": ["Drinks", "Tea"], "not": {}}]),
        "line 2: conflicts.0: a bound without min and max",
    ),
    "a bound on what is no number": (
        line(conflicts=[{"if": "some", "path": ["Drinks", "Tea"], "not": {"min": 3}}]),
        "line 2: a bound on 'Drinks > Tea', which is no number",
    ),
    # Core attributes
    "an unknown core attribute": (line(core="shoes"), "line 2: 'shoes' is no core attribute"),
    "a core attribute of another type": (line(core="age"), "line 2: the core attribute 'age' is number"),
    "a core attribute twice": (
        "\n".join(
            json.dumps({"path": [n], "core": "age", "value_type": "number", "values": {"min": 0, "max": 99}})
            for n in ("Age", "Years")
        ),
        "line 2: the core key 'age' stands in line 1",
    ),
    "something else in a core attribute's place": (
        line(path=AGE),
        "is the place of the core attribute 'age'",
    ),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_is_refused(read: Callable[..., Tree], content: str | bytes, reason: str) -> None:
    with pytest.raises(TreeFileError) as refusal:
        read(content)
    message = str(refusal.value)
    assert reason in message
    assert "tree.json" in message
    assert len(message.splitlines()) == 1
    assert len(message) < 400


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TreeFileError, match=r"cannot read .*nowhere\.json: No such file or directory"):
        read_tree(tmp_path / "nowhere.json", "test")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TreeFileError, match=r"cannot read .*: Is a directory"):
        read_tree(tmp_path, "test")


@pytest.mark.live
def test_a_refused_file_writes_nothing(
    api: DeepPersona, graph: Graph, taxonomy: str, tmp_path: Path, by_hand: Callable[..., set[Any]]
) -> None:
    file = tmp_path / "tree.jsonl"
    file.write_text(line(weights=[100]), encoding="utf-8")
    with pytest.raises(TreeFileError, match="line 2: 1 weights for 2 values"):
        api.import_taxonomy(file, taxonomy)
    assert taxonomy_state(graph, taxonomy) is None
    assert by_hand("MATCH (n {taxonomy: $name}) RETURN n.name", name=taxonomy) == set()
