"""Merging in the live graph: everything that hung on an attribute hangs on the one that it became."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.model.tree import Attribute, Path, Tree, ValueType, attribute_id, normal, value_id
from deeppersona_graph.taxonomy.formats.building import complete, even_values
from deeppersona_graph.taxonomy.merging import Merge, Merged, merge_attributes
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.shape import check_core, check_strays, tree_paths
from deeppersona_graph.taxonomy.store import erase_tree, store_tree

pytestmark = pytest.mark.live

ByHand = Callable[..., set[tuple[Any, ...]]]
Merging = Callable[..., Merged]

TEA, COFFEE = ("Drinks", "Tea"), ("Drinks", "Coffee")
KIND, SORT, SUGAR = (*TEA, "Kind"), (*COFFEE, "Sort"), (*TEA, "Sugar")
BREAD, LOAVES, SLICES, CRUSTS = ("Food", "Bread"), ("Food", "Loaves"), ("Food", "Slices"), ("Food", "Crusts")
SPACES: dict[Path, dict[str, Any]] = {
    KIND: {"value_type": "categorical", "values": ["green", "black"]},
    SUGAR: {"value_type": "ordinal", "values": ["none", "some"]},
    SORT: {"value_type": "categorical", "values": ["Black", "white"]},
    BREAD: {"value_type": "list", "values": ["rye", "wheat", "corn"]},
    LOAVES: {"value_type": "list", "values": ["spelt", "Rye", "oats"]},
    SLICES: {"value_type": "number", "values": {"min": 0, "max": 9, "unit": "slices"}},
    CRUSTS: {"value_type": "categorical", "values": ["eaten", "left"]},
}
RECORDS = [json.dumps({"path": path, **space}) for path, space in SPACES.items()]

HUNG = """
MATCH (x {taxonomy: $t})-[r:EVIDENCES|BECAME|HAS]->(a:Attribute)
RETURN type(r), x.id, a.path, r.value
"""
PAIRS = "MATCH (p:Persona {taxonomy: $t})-[h:HAS]->(a) RETURN p.id, a.name, h.value, h.order, h.source, h.was"
BOUND = """
MATCH (x {taxonomy: $t})-[r:REQUIRES|EXCLUDES|IMPLIES]->(y) WHERE x.core IS NULL
RETURN coalesce(x.text, x.name), type(r), coalesce(y.text, y.name), r.minimum, r.maximum
"""
SPACE = """
MATCH (:Attribute {taxonomy: $t, name: $name})-[:ADMITS]->(v) WITH v ORDER BY v.rank RETURN collect(v.text)
"""


@pytest.fixture
def tree(imported: Callable[[list[str]], Tree]) -> Tree:
    return imported(RECORDS)


@pytest.fixture
def edit(taxonomy: str, tree: Tree, by_hand: ByHand) -> Iterator[ByHand]:  # noqa: ARG001
    """Cypher typed by hand, `$t` the taxonomy of the test."""
    yield lambda cypher, **params: by_hand(cypher, t=taxonomy, **params)
    forget(by_hand, taxonomy)


@pytest.fixture
def merge(graph: Graph, taxonomy: str, tree: Tree) -> Merging:  # noqa: ARG001
    """Merges as those do who call it, in one transaction with a new version."""
    return lambda *merges: graph.transact(merging(taxonomy, *merges))


def merging(taxonomy: str, *merges: Merge) -> Callable[[Transaction], Merged]:
    def write(tx: Transaction) -> Merged:
        tx.run("taxonomy/raise_version", taxonomy=taxonomy, operation="merge", arguments="")
        done = merge_attributes(tx, taxonomy, merges)
        tx.run("taxonomy/count_support", taxonomy=taxonomy)
        tx.run("taxonomy/derive", taxonomy=taxonomy)
        counted = tx.run("taxonomy/survey", taxonomy=taxonomy)[0]["counted"]
        tx.run("taxonomy/record_counts", taxonomy=taxonomy, counts=counted)
        return done

    return write


def forget(by_hand: ByHand, taxonomy: str) -> None:
    by_hand(
        "MATCH (n {taxonomy: $t}) WHERE n:Persona OR n:Exchange OR n:Proposal OR n:Decision DETACH DELETE n",
        t=taxonomy,
    )


def into(keep: Path, *gone: Path, name: str | None = None) -> Merge:
    return Merge(attribute_id(keep), tuple(attribute_id(path) for path in gone), name)


def snapshot(by_hand: ByHand, taxonomy: str) -> set[tuple[Any, ...]]:
    """Everything of a taxonomy: nodes with each property, and edges with theirs."""
    nodes = by_hand(
        "MATCH (n) WHERE n.taxonomy = $t OR n:Taxonomy AND n.name = $t "
        "UNWIND [k IN keys(n) | [elementId(n), k, toString(coalesce(toStringOrNull(n[k]), n[k][0]))]] AS one "
        "RETURN one",
        t=taxonomy,
    )
    edges = by_hand(
        "MATCH (n {taxonomy: $t})-[e]->(m) RETURN elementId(n), type(e), elementId(m), elementId(e), "
        "[k IN keys(e) | k + toString(e[k])]",
        t=taxonomy,
    )
    return nodes | edges


def test_what_evidences_an_attribute_evidences_the_one_it_became(edit: ByHand, merge: Merging) -> None:
    edit(
        "MATCH (a:Attribute {taxonomy: $t}) WHERE a.path IN $paths "
        "CREATE (x:Exchange {taxonomy: $t, id: 'x ' + a.name}) "
        "CREATE (x)-[:EVIDENCES {value: a.name, request: 'r'}]->(a) "
        "CREATE (:Proposal {taxonomy: $t, id: 'p ' + a.name})-[:BECAME]->(a) "
        "CREATE (a)-[:DECIDED]->(:Decision {taxonomy: $t})",
        paths=[BREAD, LOAVES, SLICES],
    )
    done = merge(into(BREAD, LOAVES, SLICES))
    assert edit(HUNG) == {
        (kind, f"{mark} {name}", BREAD, name if kind == "EVIDENCES" else None)
        for kind, mark in [("EVIDENCES", "x"), ("BECAME", "p")]
        for name in ("Bread", "Loaves", "Slices")
    }
    assert edit("MATCH (:Exchange {taxonomy: $t})-[e:EVIDENCES]->() RETURN DISTINCT e.request") == {("r",)}
    assert edit("MATCH (a {taxonomy: $t})-[:DECIDED]->(d) RETURN a.name, count(d)") == {("Bread", 3)}
    assert (done.evidence, done.proposals) == (2, 2)
    assert done.into == {attribute_id(path): attribute_id(BREAD) for path in (LOAVES, SLICES)}


def test_support_is_the_number_of_distinct_exchanges_below(edit: ByHand, merge: Merging) -> None:
    edit(
        "MATCH (bread:Attribute {taxonomy: $t, name: 'Bread'}) "
        "MATCH (loaves:Attribute {taxonomy: $t, name: 'Loaves'}) "
        "CREATE (x:Exchange {taxonomy: $t, id: 'x'}), (y:Exchange {taxonomy: $t, id: 'y'}) "
        "CREATE (x)-[:EVIDENCES]->(bread), (x)-[:EVIDENCES]->(loaves), (y)-[:EVIDENCES]->(loaves)"
    )
    merge(into(BREAD, LOAVES))
    found = edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.support > 0 RETURN a.path, a.support")
    assert found == {(("Food",), 2), (BREAD, 2)}


def test_without_evidence_support_is_summed_once_for_what_hangs_below(edit: ByHand, merge: Merging) -> None:
    edit(
        "UNWIND $rows AS row MATCH (a:Attribute {taxonomy: $t, path: row[0]}) SET a.support = row[1]",
        rows=[[BREAD, 3], [LOAVES, 4], [TEA, 5], [SUGAR, 2]],
    )
    merge(into(BREAD, LOAVES), into(TEA, SUGAR))
    found = edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.support > 0 RETURN a.path, a.support")
    assert found == {(BREAD, 7), (TEA, 5)}


def test_the_edge_of_lower_order_stands_and_the_other_is_kept_as_superseded(
    edit: ByHand, merge: Merging
) -> None:
    edit(
        "UNWIND $rows AS row MERGE (p:Persona {taxonomy: $t, id: row[0]}) "
        "SET p.depth = coalesce(p.depth, 0) + 1 "
        "WITH p, row MATCH (a:Attribute {taxonomy: $t, name: row[1]}) CREATE (p)-[h:HAS]->(a) "
        "SET h.value = row[2], h.order = row[3], h.source = row[4], h.stratum = 'far', h.keys = [row[2]]",
        rows=[
            ["first", "Bread", "rye", 1, "given"],
            ["first", "Loaves", "oats", 2, "bank"],
            ["second", "Bread", "corn", 9, "model"],
            ["second", "Loaves", "spelt", 3, "bank"],
            ["third", "Loaves", "oats", 1, "bank"],
            ["third", "Slices", "2", 2, "bank"],
            ["fourth", "Bread", "rye", 1, "bank"],
        ],
    )
    done = merge(into(BREAD, LOAVES, SLICES))
    assert edit(PAIRS) == {
        ("first", "Bread", "rye", 1, "given", None),
        ("first", "Bread", "oats", 2, "superseded", "bank"),
        ("second", "Bread", "corn", 9, "superseded", "model"),
        ("second", "Bread", "spelt", 3, "bank", None),
        ("third", "Bread", "oats", 1, "bank", None),
        ("third", "Bread", "2", 2, "superseded", "bank"),
        ("fourth", "Bread", "rye", 1, "bank", None),
    }
    assert (done.edges, done.superseded) == (4, 3)
    assert edit("MATCH (p:Persona {taxonomy: $t}) RETURN p.id, p.depth") == {
        (name, 1) for name in ("first", "second", "third", "fourth")
    }
    assert edit("MATCH (:Persona {taxonomy: $t})-[h:HAS]->() RETURN h.stratum, h.keys = [h.value]") == {
        ("far", True)
    }


def test_what_was_superseded_once_never_stands_again(edit: ByHand, merge: Merging) -> None:
    edit(
        "CREATE (p:Persona {taxonomy: $t, id: 'p', depth: 3}) WITH p UNWIND $rows AS row "
        "MATCH (a:Attribute {taxonomy: $t, name: row[0]}) "
        "CREATE (p)-[:HAS {value: row[0], order: row[1], source: 'bank'}]->(a)",
        rows=[["Bread", 5], ["Loaves", 6], ["Crusts", 7]],
    )
    merge(into(LOAVES, BREAD))
    edit("MATCH (:Persona {taxonomy: $t})-[h:HAS {value: 'Loaves'}]->() SET h.order = 1")
    merge(into(CRUSTS, LOAVES))
    assert edit(PAIRS) == {
        ("p", "Crusts", "Bread", 5, "bank", None),
        ("p", "Crusts", "Loaves", 1, "superseded", "bank"),
        ("p", "Crusts", "Crusts", 7, "superseded", "bank"),
    }
    assert edit("MATCH (p:Persona {taxonomy: $t}) RETURN p.depth") == {(1,)}


def test_a_core_value_stands_before_any_other(tree: Tree, edit: ByHand, merge: Merging) -> None:
    edit(
        "CREATE (p:Persona {taxonomy: $t, id: 'p', depth: 1}) WITH p "
        "MATCH (faith:Attribute {taxonomy: $t, core: 'faith'}) "
        "MATCH (bread:Attribute {taxonomy: $t, name: 'Bread'}) "
        "CREATE (p)-[:HAS {value: 'none', source: 'table'}]->(faith) "
        "CREATE (p)-[:HAS {value: 'rye', order: 1, source: 'bank'}]->(bread)"
    )
    merge(into(tree.core["faith"].path, BREAD))
    assert edit("MATCH (p:Persona {taxonomy: $t})-[h:HAS]->({core: 'faith'}) RETURN h.value, h.source") == {
        ("none", "table"),
        ("rye", "superseded"),
    }
    assert edit("MATCH (p:Persona {taxonomy: $t}) RETURN p.depth") == {(0,)}


def test_children_move_and_those_of_one_name_become_one(
    api: DeepPersona, taxonomy: str, edit: ByHand, merge: Merging
) -> None:
    edit(
        "MATCH (a:Attribute {taxonomy: $t, path: $sort}) SET a.name = ' kind', a.path = $path, a.support = 1",
        sort=SORT,
        path=[*COFFEE, " kind"],
    )
    done = merge(into(TEA, COFFEE, name="Hot Drinks"))
    top = ("Drinks", "Hot Drinks")
    assert edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.path[0] = 'Drinks' RETURN a.path, a.depth") == {
        (("Drinks",), 1),
        (top, 2),
        ((*top, " kind"), 3),
        ((*top, "Sugar"), 3),
    }
    assert edit("MATCH (a:Attribute {taxonomy: $t, path: $p}) RETURN a.aliases", p=top) == {
        (("Tea", "Coffee"),)
    }
    assert edit(SPACE, name=" kind") == {(("Black", "white", "green"),)}
    assert done.into == {
        attribute_id(COFFEE): attribute_id(TEA),
        attribute_id(KIND): attribute_id(SORT),
    }
    assert set(done.moved) == {attribute_id(path) for path in (TEA, SORT, SUGAR)}
    assert done.children == 1
    report = api.sync(taxonomy)
    assert (report.added, report.moved, report.values, report.removed) == ((), (), 0, 0)
    assert {a.path for a in load_tree(api.graph, taxonomy).attributes if a.path[0] == "Drinks"} > {top}


def test_a_merged_tree_needs_no_sync(api: DeepPersona, taxonomy: str, merge: Merging) -> None:
    merge(into(BREAD, LOAVES))
    assert not api.sync(taxonomy).changed
    bread = load_tree(api.graph, taxonomy).by_path[BREAD]
    assert bread.aliases == ("Loaves",)


def test_values_are_united_by_key_with_what_hangs_on_them(edit: ByHand, merge: Merging) -> None:
    edit(
        "MATCH (:Attribute {taxonomy: $t, name: 'Bread'})-[:ADMITS]->(rye {text: 'rye'}) "
        "MATCH (:Attribute {taxonomy: $t, name: 'Loaves'})-[:ADMITS]->(other {text: 'Rye'}) "
        "MATCH (sugar:Attribute {taxonomy: $t, name: 'Sugar'})-[:ADMITS]->(none {text: 'none'}) "
        "MATCH (sugar)-[:ADMITS]->(some {text: 'some'}) "
        "MATCH (slices:Attribute {taxonomy: $t, name: 'Slices'}) "
        "CREATE (other)-[:EXCLUDES]->(none), (none)-[:IMPLIES]->(other), (sugar)-[:REQUIRES]->(other), "
        "(other)-[:REQUIRES]->(some), (rye)-[:REQUIRES]->(some), (other)-[:EXCLUDES {minimum: 3}]->(slices), "
        "(rye)-[:EXCLUDES {minimum: 5}]->(slices), (other)-[:EXCLUDES]->(rye)"
    )
    done = merge(into(BREAD, LOAVES))
    assert edit(SPACE, name="Bread") == {(("rye", "wheat", "corn", "spelt", "oats"),)}
    assert edit("MATCH (:Attribute {taxonomy: $t, name: 'Bread'})-[:ADMITS]->(v) RETURN v.rank") == {
        (rank,) for rank in range(5)
    }
    assert edit(BOUND) == {
        ("rye", "EXCLUDES", "none", None, None),
        ("none", "IMPLIES", "rye", None, None),
        ("Sugar", "REQUIRES", "rye", None, None),
        ("rye", "REQUIRES", "some", None, None),
        ("rye", "EXCLUDES", "Slices", 3, None),
        ("rye", "EXCLUDES", "Slices", 5, None),
    }
    assert edit("MATCH (:Value {taxonomy: $t, text: 'rye'})-[r:REQUIRES]->() RETURN count(r)") == {(1,)}
    assert (done.values_united, done.values_moved, done.values_dropped, done.unbound) == (1, 2, 0, 0)
    assert done.spaces == (attribute_id(BREAD),)


def test_an_attribute_without_values_takes_the_whole_space_over(edit: ByHand, merge: Merging) -> None:
    edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Slices'}) "
        "SET a.min_age = 5, a.at_most = 2, a.typical = [1.0, 2.0], a.description = 'How many.' "
        "WITH a MATCH (:Attribute {taxonomy: $t, name: 'Kind'})-[:ADMITS]->(v {text: 'green'}) "
        "CREATE (a)-[:REQUIRES]->(v), (v)-[:EXCLUDES {maximum: 1}]->(a)"
    )
    done = merge(into(COFFEE, SLICES))
    found = edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Coffee'}) "
        "RETURN a.value_type, a.minimum, a.maximum, a.unit, a.typical, a.at_most, a.min_age, a.max_age, "
        "a.description"
    )
    assert found == {("number", 0, 9, "slices", (1.0, 2.0), 2, 5, None, "How many.")}
    assert edit(BOUND) == {
        ("Coffee", "REQUIRES", "green", None, None),
        ("green", "EXCLUDES", "Coffee", None, 1),
    }
    assert (done.spaces, done.unbound) == ((attribute_id(COFFEE),), 0)


def test_values_taken_over_keep_their_ids(edit: ByHand, merge: Merging) -> None:
    merge(into(COFFEE, BREAD))
    assert edit(SPACE, name="Coffee") == {(("rye", "wheat", "corn"),)}
    found = edit("MATCH (:Attribute {taxonomy: $t, name: 'Coffee'})-[:ADMITS]->(v) RETURN v.id")
    assert found == {(value_id(attribute_id(BREAD), text),) for text in ("rye", "wheat", "corn")}


@pytest.mark.parametrize(("keep", "gone"), [(SLICES, CRUSTS), (CRUSTS, SLICES)])
def test_between_numbers_and_values_the_kept_space_stands(
    edit: ByHand, merge: Merging, keep: Path, gone: Path
) -> None:
    edit(
        "MATCH (:Attribute {taxonomy: $t, name: 'Crusts'})-[:ADMITS]->(left {text: 'left'}) "
        "MATCH (:Attribute {taxonomy: $t, name: 'Kind'})-[:ADMITS]->(green {text: 'green'}) "
        "MATCH (slices:Attribute {taxonomy: $t, name: 'Slices'}) "
        "CREATE (left)-[:EXCLUDES]->(green), (green)-[:EXCLUDES {minimum: 4}]->(slices)"
    )
    done = merge(into(keep, gone))
    numbers = keep == SLICES
    assert edit(SPACE, name=keep[-1]) == {((),) if numbers else (("eaten", "left"),)}
    assert edit(BOUND) == {
        ("green", "EXCLUDES", "Slices", 4, None) if numbers else ("left", "EXCLUDES", "green", None, None)
    }
    assert (done.values_dropped, done.unbound) == ((2, 1) if numbers else (0, 1))
    assert edit("MATCH (v:Value {taxonomy: $t}) WHERE NOT (v)<-[:ADMITS]-() RETURN v.text") == set()


@pytest.mark.parametrize("provisional", ["Bread", "Crusts"])
def test_a_provisional_space_gives_way_to_a_real_one(edit: ByHand, merge: Merging, provisional: str) -> None:
    edit("MATCH (a:Attribute {taxonomy: $t, name: $name}) SET a.generic = true", name=provisional)
    done = merge(into(BREAD, CRUSTS))
    real = ("rye", "wheat", "corn") if provisional == "Crusts" else ("eaten", "left")
    assert edit(SPACE, name="Bread") == {(real,)}
    assert edit("MATCH (a:Attribute {taxonomy: $t, name: 'Bread'}) RETURN a.generic") == {(None,)}
    assert done.values_dropped == 5 - len(real)


def test_what_the_kept_one_requires_stands_with_more_alternatives(edit: ByHand, merge: Merging) -> None:
    edit(
        "MATCH (kind:Attribute {taxonomy: $t, name: 'Kind'}) "
        "MATCH (sugar:Attribute {taxonomy: $t, name: 'Sugar'}) "
        "MATCH (kind)-[:ADMITS]->(green {text: 'green'}) MATCH (kind)-[:ADMITS]->(black {text: 'black'}) "
        "MATCH (sugar)-[:ADMITS]->(some {text: 'some'}) "
        "MATCH (bread:Attribute {taxonomy: $t, name: 'Bread'}) "
        "MATCH (loaves:Attribute {taxonomy: $t, name: 'Loaves'}) "
        "CREATE (bread)-[:REQUIRES]->(green), (loaves)-[:REQUIRES]->(black), (loaves)-[:REQUIRES]->(some), "
        "(some)-[:EXCLUDES]->(loaves)"
    )
    done = merge(into(BREAD, LOAVES))
    assert edit(BOUND) == {
        ("Bread", "REQUIRES", "green", None, None),
        ("Bread", "REQUIRES", "black", None, None),
        ("some", "EXCLUDES", "Bread", None, None),
    }
    assert done.unbound == 1


def test_no_constraint_ties_an_attribute_to_itself(edit: ByHand, merge: Merging) -> None:
    edit(
        "MATCH (bread:Attribute {taxonomy: $t, name: 'Bread'})-[:ADMITS]->(corn {text: 'corn'}) "
        "MATCH (loaves:Attribute {taxonomy: $t, name: 'Loaves'})-[:ADMITS]->(oats {text: 'oats'}) "
        "CREATE (loaves)-[:REQUIRES]->(corn), (corn)-[:EXCLUDES]->(loaves), (oats)-[:REQUIRES]->(corn), "
        "(corn)-[:IMPLIES]->(oats), (corn)-[:EXCLUDES]->(oats)"
    )
    done = merge(into(BREAD, LOAVES))
    assert edit(BOUND) == {("corn", "EXCLUDES", "oats", None, None)}
    assert done.unbound == 4


def test_ages_are_the_wider_and_only_what_is_retired_throughout_stays_so(
    edit: ByHand, merge: Merging
) -> None:
    edit(
        "UNWIND $rows AS row MATCH (a:Attribute {taxonomy: $t, name: row[0]}) "
        "SET a.min_age = row[1], a.max_age = row[2], a.retired = row[3], a.proposed = row[4]",
        rows=[
            ["Bread", 18, 60, True, True],
            ["Loaves", 12, 70, True, None],
            ["Kind", 18, 60, True, None],
            ["Sort", 20, None, None, True],
        ],
    )
    merge(into(BREAD, LOAVES), into(KIND, SORT))
    found = edit(
        "MATCH (a:Attribute {taxonomy: $t}) WHERE a.name IN ['Bread', 'Kind'] "
        "RETURN a.name, a.min_age, a.max_age, a.retired, a.proposed"
    )
    assert found == {("Bread", 12, 70, True, None), ("Kind", 18, None, None, None)}


def test_all_names_are_kept_as_aliases_each_once(edit: ByHand, merge: Merging) -> None:
    edit("MATCH (a:Attribute {taxonomy: $t, name: 'Bread'}) SET a.aliases = ['Toast', 'pastry']")
    edit("MATCH (a:Attribute {taxonomy: $t, name: 'Loaves'}) SET a.aliases = ['TOAST', 'Buns', 'baking']")
    merge(into(BREAD, LOAVES, name="Baking"))
    found = edit("MATCH (a:Attribute {taxonomy: $t, name: 'Baking'}) RETURN a.id, a.path, a.aliases")
    assert found == {
        (attribute_id(BREAD), ("Food", "Baking"), ("Bread", "Toast", "pastry", "Loaves", "Buns"))
    }


def test_a_new_name_that_a_sibling_bears_makes_them_one(edit: ByHand, merge: Merging) -> None:
    edit("MATCH (a:Attribute {taxonomy: $t, name: 'Crusts'}) SET a.support = 50")
    done = merge(into(BREAD, LOAVES, name="crusts"))
    assert done.into == {attribute_id(path): attribute_id(BREAD) for path in (LOAVES, CRUSTS)}
    assert edit("MATCH (a:Attribute {taxonomy: $t, name: 'crusts'}) RETURN a.id, a.support, a.aliases") == {
        (attribute_id(BREAD), 50, ("Bread", "Loaves"))
    }


def test_a_chain_is_followed_to_its_end(edit: ByHand, merge: Merging) -> None:
    done = merge(into(LOAVES, BREAD, name="Baking"), into(CRUSTS, LOAVES))
    assert done.into == {attribute_id(path): attribute_id(CRUSTS) for path in (BREAD, LOAVES)}
    assert edit("MATCH (a:Attribute {taxonomy: $t, name: 'Crusts'}) RETURN a.aliases") == {
        (("Bread", "Baking", "Loaves"),)
    }


def test_a_child_may_go_into_its_parent(edit: ByHand, merge: Merging) -> None:
    merge(into(TEA, KIND))
    assert edit(
        "MATCH (a:Attribute {taxonomy: $t})-[:HAS_CHILD]->(b) WHERE a.name = 'Tea' RETURN b.name"
    ) == {("Sugar",)}
    assert edit(SPACE, name="Tea") == {(("green", "black"),)}


def test_what_goes_may_hang_on_what_goes(edit: ByHand, merge: Merging) -> None:
    done = merge(into(("Food",), ("Drinks",)), into(BREAD, TEA, SORT))
    assert done.into == {
        attribute_id(("Drinks",)): attribute_id(("Food",)),
        attribute_id(TEA): attribute_id(BREAD),
        attribute_id(SORT): attribute_id(BREAD),
    }
    assert edit("MATCH (a:Attribute {taxonomy: $t}) WHERE a.path[0] IN ['Food', 'Drinks'] RETURN a.path") == {
        (("Food",),),
        (("Food", "Coffee"),),
        (BREAD,),
        ((*BREAD, "Kind"),),
        ((*BREAD, "Sugar"),),
        (LOAVES,),
        (SLICES,),
        (CRUSTS,),
    }


def test_no_merges_do_nothing(edit: ByHand, taxonomy: str, graph: Graph, by_hand: ByHand) -> None:
    before = snapshot(by_hand, taxonomy)
    assert graph.transact(lambda tx: merge_attributes(tx, taxonomy, ())) == Merged()
    assert snapshot(by_hand, taxonomy) == before
    assert edit("MATCH (t:Taxonomy {name: $t}) RETURN t.version") == {(1,)}


REFUSED = {
    "an ancestor into its descendant": (
        [into(KIND, TEA)],
        "'Drinks > Tea' is to be merged into 'Drinks > Tea > Kind', which hangs below it; keep the upper one",
    ),
    "a circle of two merges": (
        [into(KIND, COFFEE), into(SORT, TEA)],
        "the merges would hang 'Drinks > .*' below itself, by way of 'Drinks > .*'; merge one of the two",
    ),
    "each into the other": (
        [into(BREAD, LOAVES), into(LOAVES, BREAD)],
        "'Food > .*' is to be merged into 'Food > .*', and that in the end into the former",
    ),
    "two ways": (
        [into(BREAD, CRUSTS), into(LOAVES, CRUSTS)],
        "'Food > Crusts' is to be merged into both 'Food > Bread' and 'Food > Loaves'; choose one",
    ),
    "two names": (
        [into(BREAD, CRUSTS, name="Baking"), into(BREAD, LOAVES, name="Pastry")],
        "'Food > Bread' is to be called both 'Baking' and 'Pastry'; choose one",
    ),
    "itself": ([into(BREAD, BREAD)], "'Food > Bread' is to be merged with itself"),
    "nothing": ([into(BREAD)], "'Food > Bread' is to be merged with nothing"),
    "an unknown one": ([into(BREAD, ("Food", "Soup"))], f"has the id '{attribute_id(('Food', 'Soup'))}'"),
    "an empty name": ([into(BREAD, LOAVES, name=" ")], "the name for 'Food > Bread': an empty name"),
}


@pytest.mark.parametrize(("merges", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_merged_is_refused_and_left_alone(
    taxonomy: str, merge: Merging, by_hand: ByHand, merges: list[Merge], reason: str
) -> None:
    before = snapshot(by_hand, taxonomy)
    with pytest.raises(InputError, match=reason) as refusal:
        merge(*merges)
    assert len(str(refusal.value).splitlines()) == 1
    assert snapshot(by_hand, taxonomy) == before


def test_a_core_attribute_never_goes(tree: Tree, taxonomy: str, merge: Merging, by_hand: ByHand) -> None:
    before = snapshot(by_hand, taxonomy)
    with pytest.raises(InputError, match="is a core attribute, which every taxonomy needs; keep it"):
        merge(into(BREAD, LOAVES), into(CRUSTS, tree.core["faith"].path))
    assert snapshot(by_hand, taxonomy) == before


def test_what_would_hang_too_deep_undoes_all(
    edit: ByHand, taxonomy: str, merge: Merging, by_hand: ByHand
) -> None:
    names = [f"level {n}" for n in range(3, 13)]
    edit(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Crusts'}) "
        "CREATE (a)" + "".join(
            f"-[:HAS_CHILD]->(:Attribute {{taxonomy: $t, id: '{name}', name: '{name}', "
            f"path: {[*CRUSTS, *names[: n + 1]]}}})" for n, name in enumerate(names)
        )
    )  # fmt: skip
    before = snapshot(by_hand, taxonomy)
    with pytest.raises(InputError, match=r"'Drinks > Tea > Kind > level 3 .*' would hang 13 levels deep"):
        merge(into(BREAD, LOAVES), into(KIND, CRUSTS))
    assert snapshot(by_hand, taxonomy) == before


TYPES: tuple[ValueType | None, ...] = ("categorical", "ordinal", "list", "number", None)


def random_tree(taxonomy: str, dice: Random) -> Tree:
    """A small tree of few names, so that many are shared, with spaces of few values."""
    paths: list[Path] = [("A",), ("B",)]
    for _ in range(14):
        path = (*dice.choice([(), *paths]), dice.choice("AaBC"))
        if path not in paths and len(path) < 7:
            paths.append(path)
    attributes = []
    for path in paths:
        identity, kind = attribute_id(path), dice.choice(TYPES)
        texts = dice.sample("pqrs", dice.randint(1, 4)) if kind not in (None, "number") else []
        attributes.append(
            Attribute(
                id=identity,
                path=path,
                value_type=kind,
                values=even_values(identity, texts),
                minimum=0.0 if kind == "number" else None,
                maximum=9.0 if kind == "number" else None,
                generic=kind == "ordinal" and dice.random() < 0.3,
                support=dice.randint(0, 5),
            )
        )
    return complete(taxonomy, attributes)


@pytest.fixture
def cleared(taxonomy: str, by_hand: ByHand) -> Iterator[str]:
    """The taxonomy of the test; what hangs on it is removed afterwards."""
    yield taxonomy
    forget(by_hand, taxonomy)


def furnish(by_hand: ByHand, tree: Tree, own: list[Attribute], dice: Random) -> None:
    """Hang personas, evidence, proposals and constraints on the tree at random."""
    ids = [a.id for a in own]
    values = [v.id for a in own for v in a.values]
    pairs = [
        [str(person), identity, order]
        for person in range(4)
        for order, identity in enumerate(dice.sample(ids, dice.randint(0, len(ids))))
    ]
    by_hand(
        "UNWIND $rows AS row MERGE (p:Persona {id: $t + row[0]}) "
        "SET p.taxonomy = $t, p.depth = coalesce(p.depth, 0) + 1 "
        "WITH p, row MATCH (a:Attribute {taxonomy: $t, id: row[1]}) "
        "CREATE (p)-[:HAS {order: row[2], source: 'bank'}]->(a)",
        t=tree.name, rows=pairs,
    )  # fmt: skip
    rows = [[str(dice.randint(0, 5)), dice.choice(ids), str(number)] for number in range(12)]
    by_hand(
        "UNWIND $rows AS row MATCH (a:Attribute {taxonomy: $t, id: row[1]}) "
        "MERGE (x:Exchange {taxonomy: $t, id: row[0]}) CREATE (x)-[:EVIDENCES {value: row[2]}]->(a) "
        "CREATE (:Proposal {taxonomy: $t, id: row[2]})-[:BECAME]->(a)",
        t=tree.name, rows=rows,
    )  # fmt: skip
    for kind, sources, targets in (
        ("REQUIRES", ids + values, values),
        ("IMPLIES", values, values),
        ("EXCLUDES", values, values),
        ("EXCLUDES", values, ids),
    ):
        if not values:
            continue
        owner = {identity: a.id for a in own for identity in (a.id, *(v.id for v in a.values))}
        ties = {(dice.choice(sources), dice.choice(targets)) for _ in range(8)}
        by_hand(
            "UNWIND $rows AS row MATCH (a {taxonomy: $t, id: row[0]}) MATCH (b {taxonomy: $t, id: row[1]}) "
            "CREATE (a)-[r:$($kind)]->(b)",
            t=tree.name, kind=kind, rows=[[one, two] for one, two in ties if owner[one] != owner[two]],
        )  # fmt: skip


def random_merges(own: list[Attribute], dice: Random) -> list[Merge]:
    """Merges of an attribute each; none into what hangs below it, though together they may be a circle."""
    merges = []
    for gone in dice.sample(own, dice.randint(1, len(own) // 2)):
        keep = dice.choice(own)
        if keep.path[: len(gone.path)] != gone.path:
            merges.append(Merge(keep.id, (gone.id,), dice.choice([None, None, None, "D"])))
    return merges


HELD = "MATCH (p:Persona {taxonomy: $t})-[h:HAS]->(a) RETURN p.id, a.id, h.order, h.source"
PROVEN = """
MATCH (x {taxonomy: $t})-[r:EVIDENCES|BECAME]->(a:Attribute) RETURN type(r), x.id, a.id, r.value
"""
DOUBLE = """
MATCH (a {taxonomy: $t})-[r:REQUIRES|EXCLUDES|IMPLIES]->(b)
WITH a, b, type(r) AS kind, count(r) AS times
WHERE times > 1 OR a = b
RETURN a.id, kind, b.id, times
"""
INWARD = """
MATCH (a:Attribute {taxonomy: $t})-[:ADMITS*0..1]->(x)-[r:REQUIRES|EXCLUDES|IMPLIES]->(y)<-[:ADMITS*0..1]-(a)
WHERE y:Attribute OR type(r) <> 'EXCLUDES'
RETURN a.id, type(r)
"""
KEYS = "MATCH (a:Attribute {taxonomy: $t})-[:ADMITS]->(v:Value) RETURN a.id, v.key, v.rank, v.id"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dice=st.randoms(use_true_random=False))
def test_merging_loses_nothing_whatever_is_merged(
    api: DeepPersona, graph: Graph, cleared: str, by_hand: ByHand, dice: Random
) -> None:
    taxonomy = cleared
    erase_tree(graph, taxonomy)
    forget(by_hand, taxonomy)
    tree = random_tree(taxonomy, dice)
    vectors = {a.id: np.ones(api.embedder.dimensions, np.float32) for a in tree.attributes}
    store_tree(
        graph, tree, model=api.embedder.model, dimensions=api.embedder.dimensions,
        attribute_vectors=vectors, value_vectors={}, progress=lambda *_: None,
    )  # fmt: skip
    own = [a for a in tree.attributes if a.path[0] in "ABCa"]
    furnish(by_hand, tree, own, dice)
    held, proven = by_hand(HELD, t=taxonomy), by_hand(PROVEN, t=taxonomy)
    keys = by_hand(KEYS, t=taxonomy)
    merges = random_merges(own, dice)
    before = snapshot(by_hand, taxonomy)
    try:
        done = graph.transact(merging(taxonomy, *merges))
    except InputError:
        event("refused")
        assert snapshot(by_hand, taxonomy) == before
        return
    event("merged")
    after_held, after_proven = by_hand(HELD, t=taxonomy), by_hand(PROVEN, t=taxonomy)

    def became(identity: str) -> str:
        return done.into.get(identity, identity)

    assert all(became(one) == became(merge.keep) for merge in merges for one in merge.gone)
    assert {(p, a, order) for p, a, order, _ in after_held} == {(p, became(a), o) for p, a, o, _ in held}
    lowest: dict[tuple[str, str], int] = {}
    for person, identity, order, _ in held:
        pair = (person, became(identity))
        lowest[pair] = min(order, lowest.get(pair, order))
    counted = {(p, a): order for p, a, order, source in after_held if source == "bank"}
    assert counted == lowest
    assert done.superseded == len(held) - len(counted)
    depths = Counter(person for person, _ in counted)
    assert by_hand("MATCH (p:Persona {taxonomy: $t}) RETURN p.id, p.depth", t=taxonomy) == set(depths.items())
    assert after_proven == {(kind, x, became(a), value) for kind, x, a, value in proven}
    check_tree(graph, taxonomy, done)
    check_spaces(by_hand, taxonomy, own, keys, done)


def check_tree(graph: Graph, taxonomy: str, done: Merged) -> None:
    """What sync refuses is not there, each path is that of the edges, and no two siblings have one name."""
    check_strays(graph.read("taxonomy/strays", taxonomy=taxonomy))
    rows = graph.read("taxonomy/shape", taxonomy=taxonomy)
    check_core(rows)
    paths = tree_paths(rows)
    assert {row["attribute"]["id"]: tuple(row["attribute"]["path"]) for row in rows} == {
        row["attribute"]["id"]: paths[row["node"]] for row in rows
    }
    kept = {paths[row["node"]] for row in rows if row["attribute"]["id"] in done.into.values()}
    names = Counter((path[:-1], normal(path[-1])) for path in paths.values() if path[:-1] in kept)
    assert set(names.values()) <= {1}


def check_spaces(
    by_hand: ByHand, taxonomy: str, own: list[Attribute], keys: set[tuple[Any, ...]], done: Merged
) -> None:
    """Spaces of values are whole, without duplicates, and no constraint is double or ties to itself."""
    now = by_hand(KEYS, t=taxonomy)
    for position in (1, 2):
        assert set(Counter((row[0], row[position]) for row in now).values()) <= {1}
    members: dict[str, list[Attribute]] = {}
    for a in own:
        members.setdefault(done.into.get(a.id, a.id), []).append(a)
    for kept, family in members.items():
        spaced = [a for a in family if a.value_type is not None]
        if spaced and all(a.value_type != "number" and not a.generic for a in spaced):
            ids = {a.id for a in family}
            assert {key for a, key, *_ in now if a == kept} == {key for a, key, *_ in keys if a in ids}
    loose = by_hand(
        "MATCH (v:Value {taxonomy: $t}) WHERE COUNT { (v)<-[:ADMITS]-() } <> 1 RETURN v.id", t=taxonomy
    )
    assert loose == set()
    assert by_hand(DOUBLE, t=taxonomy) == set()
    assert by_hand(INWARD, t=taxonomy) == set()
