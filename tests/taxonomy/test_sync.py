"""Edits by hand in the graph count: what fits the tree is taken in, what does not is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import EmbeddingError, TaxonomyShapeError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import GENERIC_VALUES, Tree, attribute_id, value_id
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.embed import all_vectors
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.sync import SyncReport, sync

pytestmark = pytest.mark.live

ByHand = Callable[..., set[tuple[Any, ...]]]
RECORDS = [
    json.dumps({"path": path, "value_type": "categorical", "values": values})
    for path, values in [
        (["Drinks", "Tea", "Kind"], ["green", "black"]),
        (["Drinks", "Tea", "Sugar"], ["none", "some"]),
        (["Drinks", "Coffee"], ["none", "some"]),
        (["Food", "Bread"], ["rye", "wheat"]),
        (["Physical and Health Characteristics", "Teeth"], ["sound", "false"]),
    ]
]


@pytest.fixture
def tree(imported: Callable[[list[str]], Tree]) -> Tree:
    return imported(RECORDS)


@pytest.fixture
def edit(taxonomy: str, tree: Tree, by_hand: ByHand) -> ByHand:  # noqa: ARG001
    """Cypher typed by hand, `$t` the taxonomy of the test."""
    return lambda cypher, **params: by_hand(cypher, t=taxonomy, **params)


def snapshot(edit: ByHand) -> set[tuple[Any, ...]]:
    """All that a refused sync must leave as it was: nodes with every property, and edges."""
    nodes = edit(
        "MATCH (n) WHERE n.taxonomy = $t OR (n:Taxonomy AND n.name = $t) "
        "UNWIND [k IN keys(n) | [elementId(n), k, toStringOrNull(n[k])]] AS one RETURN one"
    )
    loose = edit(
        "MATCH (:Attribute {taxonomy: $t})-[:HAS_CHILD*1..9]->(n) WHERE n.taxonomy IS NULL RETURN "
        "elementId(n), keys(n)"
    )
    edges = edit(
        "MATCH (a)-[e]->(b) WHERE a.taxonomy = $t RETURN elementId(a), type(e), elementId(b), elementId(e)"
    )
    return nodes | loose | edges


def changes(edit: ByHand) -> list[tuple[int, str, dict[str, Any]]]:
    """The log after the import."""
    found = edit("MATCH (c:Change {taxonomy: $t}) RETURN c.version, c.operation, c.arguments")
    return [(version, kind, json.loads(told)) for version, kind, told in sorted(found) if kind != "import"]


def paths(edit: ByHand) -> set[tuple[str, ...]]:
    return {path for (path,) in edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.core IS NULL RETURN a.path")}


def links(edit: ByHand) -> set[tuple[Any, ...]]:
    return edit("MATCH (a {taxonomy: $t})-[:HAS_CHILD]->(b:Attribute) RETURN a.path, b.path")


def test_a_child_with_only_a_name_becomes_an_attribute(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    path = ("Drinks", "Tea", "Ritual")
    identity = attribute_id(path)
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (p)-[:HAS_CHILD]->(:Attribute "
        "{name: 'Ritual'})"
    )
    report = api.sync(taxonomy)
    assert (report.added, report.moved, report.values, report.removed) == ((path,), (), 0, 0)
    assert report.version == 2
    found = edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Ritual'}) "
        "RETURN a.id, a.path, a.depth, a.draw, a.support, a.value_type, a.generic, a.siblings, a.leaves, "
        "size(a.embedding)"
    )
    assert found == {
        (identity, path, 3, draw_of(identity), 0, "ordinal", True, 3, 1, api.embedder.dimensions)
    }
    assert edit(
        "MATCH (:Attribute {taxonomy: $t, name: 'Ritual'})-[:ADMITS]->(v:Value) RETURN v.rank, "
        "v.text, v.id, v.weight"
    ) == {(rank, text, value_id(identity, text), 20.0) for rank, text in enumerate(GENERIC_VALUES)}
    assert edit("MATCH (t:Taxonomy {name: $t}) RETURN t.version") == {(2,)}
    assert changes(edit) == [(2, "sync", {"added": [list(path)], "moved": [], "removed": 0, "values": 0})]


def test_a_second_sync_finds_nothing(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (p)-[:HAS_CHILD]->(:Attribute "
        "{name: 'Ritual'})"
    )
    first = api.sync(taxonomy)
    before = snapshot(edit)
    again = api.sync(taxonomy)
    assert (first.changed, first.version) == (True, 2)
    assert (again.changed, again.version) == (False, 2)
    assert again.summary == "nothing was edited by hand"
    assert snapshot(edit) == before


def test_a_branch_made_by_hand_becomes_a_branch(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'}) CREATE (p)-[:HAS_CHILD]->(:Attribute "
        "{name: 'Soup'})"
        "-[:HAS_CHILD]->(:Attribute {name: 'Borscht'})-[:HAS_CHILD]->(:Attribute {name: 'Dumplings'})"
    )
    report = api.sync(taxonomy)
    soup, borscht = ("Food", "Soup"), ("Food", "Soup", "Borscht")
    assert set(report.added) == {soup, borscht, (*borscht, "Dumplings")}
    found = edit(
        "MATCH (a:Attribute {taxonomy: $t}) WHERE a.path[1] = 'Soup' RETURN a.path, a.value_type, a.generic"
    )
    assert found == {(soup, None, None), (borscht, None, None), ((*borscht, "Dumplings"), "ordinal", True)}
    assert not api.sync(taxonomy).changed


def test_a_node_that_has_the_taxonomy_already_is_taken_in(
    api: DeepPersona, taxonomy: str, edit: ByHand
) -> None:
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'}) "
        "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: 'Soup', taxonomy: $t, value_type: 'number', "
        "minimum: 0, maximum: 3, description: 'Bowls a day.'})"
    )
    assert api.sync(taxonomy).added == (("Food", "Soup"),)
    soup = load_tree(api.graph, taxonomy).by_path[("Food", "Soup")]
    assert (soup.value_type, soup.minimum, soup.maximum, soup.values) == ("number", 0, 3, ())
    assert (soup.description, soup.generic) == ("Bowls a day.", False)


def test_a_copy_of_a_node_gets_an_id_of_its_own(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'})-[:HAS_CHILD]->(b {name: 'Bread'}) "
        "CREATE (p)-[:HAS_CHILD]->(c:Attribute) SET c = b {.*, taxonomy: null, name: 'Toast'}"
    )
    assert api.sync(taxonomy).added == (("Food", "Toast"),)
    assert edit(
        "MATCH (:Attribute {name: 'Food', taxonomy: $t})-[:HAS_CHILD]->(a) RETURN a.id, a.path, a.draw"
    ) == {
        (attribute_id(path), path, draw_of(attribute_id(path)))
        for path in [("Food", "Bread"), ("Food", "Toast")]
    }


def test_a_name_that_is_free_again_gets_a_new_id(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    old = attribute_id(("Food", "Bread"))
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'})-[:HAS_CHILD]->(b {name: 'Bread'}) SET "
        "b.name = 'Loaf' "
        "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: 'Bread'})"
    )
    report = api.sync(taxonomy)
    assert (report.added, report.moved) == (
        (("Food", "Bread"),),
        ((("Food", "Bread"), ("Food", "Loaf")),),
    )
    found = dict(edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.path[0] = 'Food' RETURN a.name, a.id"))
    assert found["Loaf"] == old
    assert found["Bread"] != old


def test_an_attribute_deleted_and_made_again_is_as_new(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    make = (
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'}) "
        "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: 'Soup'})"
    )
    edit(make)
    api.sync(taxonomy)
    edit("MATCH (a:Attribute {taxonomy: $t, name: 'Soup'}) DETACH DELETE a")
    edit(make)
    assert api.sync(taxonomy).added == (("Food", "Soup"),)
    assert edit("MATCH (:Attribute {taxonomy: $t, name: 'Soup'})-[:ADMITS]->(v) RETURN v.text, v.rank") == {
        (text, rank) for rank, text in enumerate(GENERIC_VALUES)
    }


def test_values_made_by_hand_join_the_value_space(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    bread = attribute_id(("Food", "Bread"))
    edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Bread'}) "
        "CREATE (a)-[:ADMITS]->(:Value {text: 'spelt'}), (a)-[:ADMITS]->(:Value {text: 'oat', weight: 7})"
    )
    report = api.sync(taxonomy)
    assert (report.values, report.version, report.added) == (2, 2, ())
    found = edit(
        "MATCH (:Attribute {taxonomy: $t, name: 'Bread'})-[:ADMITS]->(v:Value) "
        "RETURN v.text, v.key, v.rank, v.weight, v.id, v.draw, v.taxonomy, size(v.embedding)"
    )
    identities = {text: value_id(bread, text) for text in ("rye", "wheat", "oat", "spelt")}
    assert found == {
        (text, text, rank, weight, identities[text], draw_of(identities[text]), taxonomy, 384)
        for rank, (text, weight) in enumerate([("rye", 50.0), ("wheat", 50.0), ("oat", 7.0), ("spelt", 50.0)])
    }
    assert not api.sync(taxonomy).changed


def test_values_given_to_a_bare_name_give_it_a_type(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit("MATCH (p:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (p)-[:ADMITS]->(:Value {text: 'often'})")
    assert api.sync(taxonomy).values == 1
    assert edit("MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) RETURN a.value_type, a.path") == {
        ("categorical", ("Drinks", "Tea"))
    }


def test_a_new_attribute_with_values_keeps_to_them(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'}) CREATE (p)-[:HAS_CHILD]->(a:Attribute "
        "{name: 'Soup'}) "
        "CREATE (a)-[:ADMITS]->(:Value {text: 'hot'}) CREATE (a)-[:ADMITS]->(:Value {text: 'cold'})"
    )
    api.sync(taxonomy)
    soup = load_tree(api.graph, taxonomy).by_path[("Food", "Soup")]
    assert (soup.value_type, soup.generic) == ("categorical", False)
    assert [(v.text, v.weight) for v in soup.values] == [("cold", 50.0), ("hot", 50.0)]


def test_a_value_of_a_text_that_another_had_gets_a_new_id(
    api: DeepPersona, taxonomy: str, edit: ByHand
) -> None:
    edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Bread'})-[:ADMITS]->(v {text: 'rye'}) "
        "SET v.text = 'pumpernickel', v.key = 'pumpernickel' CREATE (a)-[:ADMITS]->(:Value {text: 'rye'})"
    )
    api.sync(taxonomy)
    found = dict(edit("MATCH (a:Attribute {taxonomy: $t, name: 'Bread'})-[:ADMITS]->(v) RETURN v.text, v.id"))
    assert set(found) == {"pumpernickel", "wheat", "rye"}
    assert found["pumpernickel"] == value_id(attribute_id(("Food", "Bread")), "rye")
    assert len(set(found.values())) == 3


def test_a_rename_moves_the_whole_branch_and_keeps_its_ids(
    api: DeepPersona, taxonomy: str, edit: ByHand, tree: Tree
) -> None:
    edit("MATCH (a:Attribute {taxonomy: $t, name: 'Drinks'}) SET a.name = 'Beverages'")
    report = api.sync(taxonomy)
    branch = [a for a in tree.attributes if a.path[0] == "Drinks"]
    after = {(a.id, ("Beverages", *a.path[1:])) for a in branch}
    assert set(report.moved) == {(a.path, ("Beverages", *a.path[1:])) for a in branch}
    assert (
        edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.path[0] = 'Beverages' RETURN a.id, a.path") == after
    )
    assert not {path for path in paths(edit) if path[0] == "Drinks"}
    assert not api.sync(taxonomy).changed


def test_a_move_takes_the_branch_along(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (:Attribute {taxonomy: $t})-[e:HAS_CHILD]->(tea {name: 'Tea'}), (food:Attribute "
        "{taxonomy: $t, name: 'Food'}) "
        "DELETE e CREATE (food)-[:HAS_CHILD]->(tea)"
    )
    report = api.sync(taxonomy)
    kind, tea = ("Food", "Tea", "Kind"), ("Food", "Tea")
    assert (("Drinks", "Tea", "Kind"), kind) in report.moved
    assert {(("Food",), tea), (tea, kind)} <= links(edit)
    assert edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) RETURN a.path, a.depth, a.siblings, a.id"
    ) == {(kind, 3, 2, attribute_id(("Drinks", "Tea", "Kind")))}
    assert edit("MATCH (a:Attribute {taxonomy: $t, name: 'Food'}) RETURN a.leaves") == {(3,)}


def test_a_root_can_be_hung_below_another(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (food:Attribute {taxonomy: $t, name: 'Food'}), (drinks:Attribute {taxonomy: $t, "
        "name: 'Drinks'}) "
        "CREATE (food)-[:HAS_CHILD]->(drinks)"
    )
    api.sync(taxonomy)
    assert ("Food", "Drinks", "Tea", "Kind") in paths(edit)
    assert not api.sync(taxonomy).changed


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) SET a.name = 'Chai'",
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) SET a.name = 'Leaf'",
        "MATCH ()-[e:HAS_CHILD]->(a {taxonomy: $t, name: 'Bread'}), "
        "(body:Attribute {taxonomy: $t, name: 'Physical and Health Characteristics'}) "
        "DELETE e CREATE (body)-[:HAS_CHILD]->(a)",
        "MATCH ()-[e:HAS_CHILD]->(a {taxonomy: $t, name: 'Teeth'}), (p:Attribute {taxonomy: $t, "
        "name: 'Food'}) "
        "DELETE e CREATE (p)-[:HAS_CHILD]->(a)",
    ],
    ids=["inner node renamed", "leaf renamed", "into the body", "out of the body"],
)
def test_vectors_after_an_edit_are_those_of_a_fresh_import(
    api: DeepPersona, taxonomy: str, edit: ByHand, cypher: str
) -> None:
    edit(cypher)
    api.sync(taxonomy)
    attributes, values = all_vectors(load_tree(api.graph, taxonomy), api.embedder, lambda *_: None)
    expected = {(i, tuple(vector.tolist())) for i, vector in (attributes | values).items()}
    assert (
        edit(
            "MATCH (n {taxonomy: $t}) WHERE n.embedding IS NOT NULL AND (n:Value OR n:Attribute) "
            "RETURN n.id, n.embedding"
        )
        == expected
    )


def test_deletions_are_counted(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.name IN ['Sugar', 'Bread'] DETACH DELETE a")
    report = api.sync(taxonomy)
    assert (report.removed, report.added, report.version) == (2, (), 2)
    assert {("Drinks", "Tea", "Sugar"), ("Food", "Bread")}.isdisjoint(paths(edit))
    assert edit("MATCH (v:Value {taxonomy: $t}) WHERE NOT (v)<-[:ADMITS]-() RETURN v.text") == set()
    assert not api.sync(taxonomy).changed


def test_a_deletion_beside_an_addition_is_counted(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Food'})-[:HAS_CHILD]->(b {name: 'Bread'}) "
        "CREATE (p)-[:HAS_CHILD]->(:Attribute {name: 'Soup'}) DETACH DELETE b"
    )
    report = api.sync(taxonomy)
    assert (report.added, report.removed) == ((("Food", "Soup"),), 1)


def test_a_deleted_value_is_a_change(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit("MATCH (v:Value {taxonomy: $t, text: 'rye'}) DETACH DELETE v")
    assert api.sync(taxonomy).version == 2
    bread = load_tree(api.graph, taxonomy).by_path[("Food", "Bread")]
    assert [v.text for v in bread.values] == ["wheat"]
    assert not api.sync(taxonomy).changed


def test_a_requirement_made_by_hand_is_a_change(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (:Attribute {taxonomy: $t, name: 'Tea'})-[:HAS_CHILD]->(s {name: 'Sugar'}), "
        "(:Attribute {taxonomy: $t, name: 'Kind'})-[:ADMITS]->(v {text: 'black'}) CREATE (s)-[:REQUIRES]->(v)"
    )
    report = api.sync(taxonomy)
    assert (report.other, report.version) == (True, 2)
    assert edit("MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) RETURN a.prerequisite") == {(True,)}


def test_a_sync_that_another_overtakes_finds_the_work_done(
    api: DeepPersona, graph: Graph, taxonomy: str, edit: ByHand
) -> None:
    class SlowEmbedder:
        model, dimensions = api.embedder.model, api.embedder.dimensions
        reports: ClassVar[list[SyncReport]] = []

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if not self.reports:
                self.reports.append(sync(graph, taxonomy, api.embedder))
            return api.embedder.embed(texts)

    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (p)-[:HAS_CHILD]->(:Attribute "
        "{name: 'Ritual'})"
    )
    late = sync(graph, taxonomy, SlowEmbedder())
    assert [report.added for report in SlowEmbedder.reports] == [(("Drinks", "Tea", "Ritual"),)]
    assert (late.changed, late.version) == (False, 2)
    assert [(version, kind) for version, kind, _ in changes(edit)] == [(2, "sync")]


REFUSED = {
    "a circle": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}), (b:Attribute {taxonomy: $t, name: 'Drinks'}) "
        "CREATE (a)-[:HAS_CHILD]->(b)",
        r"in a circle through .*'Drinks'",
    ),
    "a node above itself": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Food'}) CREATE (a)-[:HAS_CHILD]->(a)",
        "in a circle through 'Food'",
    ),
    "two parents": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}), (b:Attribute {taxonomy: $t, name: 'Food'}) "
        "CREATE (b)-[:HAS_CHILD]->(a)",
        "'Kind' hangs under ('Tea' and 'Food'|'Food' and 'Tea')",
    ),
    "one parent twice": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'})-[:HAS_CHILD]->(b {name: 'Kind'}) CREATE "
        "(a)-[:HAS_CHILD]->(b)",
        "'Kind' hangs under 'Tea' and 'Tea'",
    ),
    "two siblings of one name": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (a)-[:HAS_CHILD]->(:Attribute "
        "{name: 'Kind'})",
        "two siblings are called 'Kind' .Drinks > Tea > Kind",
    ),
    "a sibling's name taken": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) SET a.name = 'Sugar'",
        "two siblings are called 'Sugar'",
    ),
    "an orphan": (
        "MATCH ()-[e:HAS_CHILD]->(a {taxonomy: $t, name: 'Tea'}) DELETE e",
        "'Tea' hangs under no attribute",
    ),
    "a lone new node": (
        "CREATE (:Attribute {taxonomy: $t, name: 'Soup'})",
        "'Soup' hangs under no attribute",
    ),
    "orphans of a deleted node": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) DETACH DELETE a",
        "'(Kind|Sugar)' hangs under no attribute",
    ),
    "an empty name": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) SET a.name = ''",
        "an attribute under 'Tea' has the name '' .formerly 'Drinks > Tea > Kind'.; name it",
    ),
    "a name of blanks": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (a)-[:HAS_CHILD]->(:Attribute {name: '  '})",
        "an attribute under 'Tea' has the name '  '; name it",
    ),
    "no name": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (a)-[:HAS_CHILD]->(:Attribute)",
        "an attribute under 'Tea' has the name None; name it",
    ),
    "a root that lost its name": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Food'}) REMOVE a.name",
        "has the name None .formerly 'Food'.; name it",
    ),
    "a name that is a number": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) SET a.name = 7",
        "has the name 7",
    ),
    "a long name": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) SET a.name = reduce(s = '', i IN range(1, "
        "1000) | s + 'x')",
        "a name of 1,000 characters",
    ),
    "too many levels": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) CREATE (a)"
        + "".join(f"-[:HAS_CHILD]->(:Attribute {{name: 'level {n}'}})" for n in range(4, 14)),
        "'level 13' hangs 13 levels deep",
    ),
    "a child without the label": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (a)-[:HAS_CHILD]->({name: 'Ritual'})",
        "'Ritual' under 'Tea' lacks the label Attribute",
    ),
    "a value without the label": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) CREATE (a)-[:ADMITS]->({text: 'white'})",
        "'white' under 'Kind' lacks the label Value",
    ),
    "a value of two attributes": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}), (v:Value {taxonomy: $t, text: 'rye'}) "
        "CREATE (a)-[:ADMITS]->(v)",
        "'rye' under '(Kind|Bread)' is a value of another attribute too",
    ),
    "a value without text": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) CREATE (a)-[:ADMITS]->(:Value)",
        "a value of 'Kind' has the text None",
    ),
    "a value twice": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) CREATE (a)-[:ADMITS]->(:Value {text: ' GREEN'})",
        "a value of 'Kind' has the text ' GREEN'",
    ),
    "an unknown type": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) "
        "CREATE (a)-[:HAS_CHILD]->(:Attribute {name: 'Cup', value_type: 'colour'})",
        "'Cup' has the value_type 'colour'; expected one of categorical",
    ),
    "half a range": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) "
        "CREATE (a)-[:HAS_CHILD]->(:Attribute {name: 'Cups', value_type: 'number', minimum: 0})",
        "'Cups' is a number from 0 to None; set minimum and maximum",
    ),
    "a range upside down": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}) "
        "CREATE (a)-[:HAS_CHILD]->(:Attribute {name: 'Cups', value_type: 'number', minimum: 9, maximum: 1})",
        "'Cups' is a number from 9 to 1",
    ),
    "a weight in words": (
        "MATCH (a:Attribute {taxonomy: $t, name: 'Kind'}) CREATE (a)-[:ADMITS]->(:Value {text: "
        "'white', weight: 'rare'})",
        "the value 'white' of 'Kind' has the weight 'rare'",
    ),
}


@pytest.mark.parametrize(("cypher", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_tree_is_refused_and_left_alone(
    api: DeepPersona, taxonomy: str, edit: ByHand, by_hand: ByHand, cypher: str, reason: str
) -> None:
    edit(cypher)
    before = snapshot(edit)
    with pytest.raises(TaxonomyShapeError, match=reason) as refusal:
        api.sync(taxonomy)
    assert len(str(refusal.value).splitlines()) == 1
    assert len(str(refusal.value)) < 400
    assert snapshot(edit) == before
    assert (edit("MATCH (t:Taxonomy {name: $t}) RETURN t.version"), changes(edit)) == ({(1,)}, [])
    by_hand(
        "MATCH ({taxonomy: $t})-[:HAS_CHILD|ADMITS]->(n) WHERE n.taxonomy IS NULL DETACH DELETE n", t=taxonomy
    )


@pytest.mark.parametrize("ours", [True, False], ids=["as the parent's", "as the child's"])
def test_a_child_from_another_taxonomy_is_refused_by_both(
    api: DeepPersona, graph: Graph, taxonomy: str, edit: ByHand, by_hand: ByHand, ours: bool
) -> None:
    other = f"{taxonomy}-other"
    by_hand(
        "CREATE (t:Taxonomy {name: $other, state: 'ready', version: 1, attributes: 1, links: 0, "
        "spaces: 0, needs: 0, "
        "embedding_model: $model}) CREATE (:Attribute {taxonomy: $other, id: 'x', name: 'Alien', "
        "path: ['Alien'], draw: 1})",
        other=other,
        model=api.embedder.model,
    )
    try:
        edit(
            "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}), (b:Attribute {taxonomy: $other}) "
            "CREATE (a)-[:HAS_CHILD]->(b)",
            other=other,
        )
        reason = (
            f"'Alien' under 'Tea' is of another taxonomy, {other}"
            if ours
            else "'Alien' hangs under 'a node of another taxonomy'"
        )
        with pytest.raises(TaxonomyShapeError, match=reason):
            api.sync(taxonomy if ours else other)
        assert graph.read("taxonomy/read_taxonomy", taxonomy=taxonomy)[0]["version"] == 1
    finally:
        by_hand(
            "MATCH (n) WHERE n.taxonomy = $other OR (n:Taxonomy AND n.name = $other) DETACH DELETE n",
            other=other,
        )


def test_vectors_of_another_model_are_refused_until_they_are_made_anew(
    api: DeepPersona, settings: Settings, taxonomy: str, edit: ByHand
) -> None:
    edit("MATCH (t:Taxonomy {name: $t}) SET t.embedding_model = 'some-other-model'")
    edit("MATCH (a:Attribute {taxonomy: $t}) SET a.embedding = [0.5, 0.5]")
    edit(
        "MATCH (p:Attribute {taxonomy: $t, name: 'Tea'}) CREATE (p)-[:HAS_CHILD]->(:Attribute "
        "{name: 'Ritual', taxonomy: $t})"
    )
    with pytest.raises(
        EmbeddingError, match=f"some-other-model.*deeppersona taxonomy embed --taxonomy {taxonomy}"
    ):
        api.search("tea", taxonomy)
    api.embed(taxonomy)
    assert edit("MATCH (t:Taxonomy {name: $t}) RETURN t.embedding_model") == {(api.embedder.model,)}
    hits = api.search("putting sugar into tea", taxonomy, limit=1)
    assert [hit.path for hit in hits] == [("Drinks", "Tea", "Sugar")]
    assert ("Drinks", "Tea", "Ritual") in paths(edit)
    assert settings.embedding_model in api.embedder.model


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (a:Attribute {taxonomy: $t, name: 'Coffee'}) SET a.retired = true",
        "MATCH (a:Attribute {taxonomy: $t, name: 'Coffee'}) SET a.min_age = 30",
        "MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v {text: 'some'}) SET v.weight = 90.0",
        "MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v {text: 'some'}) SET v.max_age = 70",
        "MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v {text: 'some'}), "
        "(:Attribute {taxonomy: $t, name: 'Kind'})-[:ADMITS]->(w {text: 'black'}) "
        "CREATE (v)-[:EXCLUDES]->(w)",
        "MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v {text: 'some'}), "
        "(b:Attribute {taxonomy: $t, name: 'Bread'}) CREATE (v)-[:EXCLUDES]->(b)",
    ],
    ids=["retired", "age", "weight", "age of a value", "exclusion", "exclusion of an attribute"],
)
def test_an_edit_of_what_decides_generation_is_a_version(
    api: DeepPersona, taxonomy: str, edit: ByHand, cypher: str
) -> None:
    edit(cypher)
    report = api.sync(taxonomy)
    assert (report.other, report.version) == (True, 2)
    assert not api.sync(taxonomy).changed


def test_a_value_respelled_by_hand_gets_its_key(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit(
        "MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v {text: 'some'}) SET v.text = 'A Lot'"
    )
    assert api.sync(taxonomy).changed
    keys = edit("MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v) RETURN v.text, v.key")
    assert keys == {("none", "none"), ("A Lot", "a lot")}
    assert not api.sync(taxonomy).changed


def test_a_core_attribute_that_is_gone_is_refused(api: DeepPersona, taxonomy: str, edit: ByHand) -> None:
    edit("MATCH (a:Attribute {taxonomy: $t, core: 'faith'}) SET a.core = null")
    with pytest.raises(TaxonomyShapeError, match="the core attribute 'faith' stands 0 times"):
        api.sync(taxonomy)
