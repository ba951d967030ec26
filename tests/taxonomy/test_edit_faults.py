"""Edits that cannot be are refused, and nothing is written; writers at once do not break the tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import DeepPersonaError, InputError, TaxonomyShapeError, UnknownNameError
from deeppersona_graph.model.tree import Tree, shown
from deeppersona_graph.personas.violations import violations
from deeppersona_graph.taxonomy.editing.spaces import Space

pytestmark = pytest.mark.live

ByHand = Callable[..., set[tuple[Any, ...]]]

RECORDS = [
    json.dumps({"path": path, "value_type": kind, "values": values})
    for path, kind, values in (
        (["Food", "Diet"], "categorical", ["vegan", "mixed"]),
        (["Food", "Dinner"], "categorical", ["steak", "soup", "salad"]),
        (["Food", "Drinks", "Tea"], "list", ["green", "black"]),
        (["Home", "Pet"], "categorical", ["none", "dog"]),
        (["Home", "Pet Food"], "categorical", ["dry", "fresh"]),
        (["Home", "Rooms"], "number", {"min": 1, "max": 9}),
    )
]


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    return imported(RECORDS)


REFUSED: dict[str, tuple[Callable[[DeepPersona, str], Any], str]] = {
    "unknown": (lambda api, t: api.rename("Drink", "X", taxonomy=t), "nearest: 'Drinks'"),
    "below itself": (lambda api, t: api.move("Food", "Tea", taxonomy=t), "hangs below it"),
    "under itself": (lambda api, t: api.move("Food", "Food", taxonomy=t), "is the same"),
    "where it is": (lambda api, t: api.move("Tea", "Drinks", taxonomy=t), "hangs there already"),
    "a sibling's name": (lambda api, t: api.rename("Diet", "dinner", taxonomy=t), "is taken"),
    "no name": (lambda api, t: api.rename("Diet", "  ", taxonomy=t), "an empty name"),
    "ancestor": (lambda api, t: api.merge("Tea", ["Food"], taxonomy=t), "hangs below"),
    "descendant": (lambda api, t: api.merge("Food", ["Tea"], taxonomy=t), "hangs"),
    "itself": (lambda api, t: api.merge("Tea", ["Tea"], taxonomy=t), "itself"),
    "core": (lambda api, t: api.retire(["Age"], taxonomy=t), "core attribute"),
    "above a core": (lambda api, t: api.retire(["Demographic Information"], taxonomy=t), "core attribute"),
    "not retired": (lambda api, t: api.restore(["Diet"], taxonomy=t), "is not retired"),
    "nothing said": (lambda api, t: api.describe("Diet", Space(), taxonomy=t), "nothing is said"),
    "no such value": (
        lambda api, t: api.describe("Diet", Space(drop=("vega",)), taxonomy=t), "nearest: 'vegan'"),
    "no value left": (
        lambda api, t: api.describe("Diet", Space(drop=("vegan", "mixed")), taxonomy=t), "no value left"),
    "twice": (lambda api, t: api.describe("Diet", Space(add=(("Vegan", None),)), taxonomy=t), "already"),
    "a range of words": (
        lambda api, t: api.describe("Diet", Space(minimum=1), taxonomy=t), "a range is for numbers"),
    "upside down": (lambda api, t: api.describe("Rooms", Space(minimum=12), taxonomy=t), "the smaller first"),
    "split a number": (
        lambda api, t: api.split("Rooms", [("Few", ["1"])], taxonomy=t), "expected a categorical"),
    "split into nothing": (
        lambda api, t: api.split("Diet", [("Strict", ["meat"])], taxonomy=t), "no value of"),
    "bias": (lambda api, t: api.bias("Diet", -1, taxonomy=t), "expected a factor"),
    "binds itself": (
        lambda api, t: api.constrain("Diet=vegan", "excludes", ["Diet=mixed"], taxonomy=t), "bind itself"),
    "no number": (
        lambda api, t: api.constrain("Diet=vegan", "excludes", ["Pet>=2"], taxonomy=t), "is no number"),
    "nothing left": (
        lambda api, t: api.constrain("Diet=vegan", "excludes", ["Rooms>=1"], taxonomy=t), "leaves nothing"),
    "no value": (
        lambda api, t: api.constrain("Diet", "excludes", ["Pet=dog"], taxonomy=t), "with which value"),
    "a list": (lambda api, t: api.constrain("Diet=vegan", "implies", ["Tea=green"], taxonomy=t), "is a list"),
    "a core dependent": (
        lambda api, t: api.constrain("Country", "requires", ["Diet=vegan"], taxonomy=t), "core attribute"),
    "nothing to undo": (lambda api, t: api.undo(taxonomy=t), "no change that stands"),
    "no such version": (lambda api, t: api.undo(7, taxonomy=t), "no change to version 7"),
    "the import": (lambda api, t: api.undo(1, taxonomy=t), "an import is not undone"),
    "no snapshot": (lambda api, t: api.restore_version("before", taxonomy=t), "no snapshot is called"),
    "no version": (lambda api, t: api.restore_version(3, taxonomy=t), "expected one from 1"),
    "nothing by hand": (lambda api, t: api.undo_by_hand(taxonomy=t), "nothing was edited by hand"),
    "a diff to nowhere": (lambda api, t: api.diff(1, 9, taxonomy=t), "has no version 9"),
}  # fmt: skip


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_written(api: DeepPersona, taxonomy: str, name: str) -> None:
    before = api.tree(taxonomy)
    edit, told = REFUSED[name]
    with pytest.raises(InputError) as refused:
        edit(api, taxonomy)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert api.tree(taxonomy) == before


@pytest.mark.usefixtures("tree")
def test_what_can_never_hold_is_refused(api: DeepPersona, taxonomy: str) -> None:
    api.constrain("Pet Food", "requires", ["Pet=dog"], taxonomy=taxonomy)
    never = [
        ("Pet", "requires", "Pet Food=dry"),
        ("Pet=dog", "excludes", "Pet Food"),
        ("Pet Food=dry", "implies", "Pet=none"),
    ]
    for subject, relation, other in never:
        with pytest.raises(InputError, match="can never hold"):
            api.constrain(subject, relation, [other], taxonomy=taxonomy)
    assert api.tree(taxonomy).version == 2


@pytest.mark.usefixtures("tree")
def test_an_undo_that_a_later_change_depends_on_names_it(api: DeepPersona, taxonomy: str) -> None:
    api.add("Bread", under="Food", taxonomy=taxonomy)
    api.add("Crust", under="Bread", taxonomy=taxonomy)
    api.rename("Diet", "Eating", taxonomy=taxonomy)
    with pytest.raises(InputError, match=r"version 2 \(add\) cannot be undone: version 3 \(add .*undo that"):
        api.undo(2, taxonomy=taxonomy)
    api.undo(3, taxonomy=taxonomy)
    assert api.undo(2, taxonomy=taxonomy).version == 6
    paths = {shown(a.path) for a in api.tree(taxonomy).attributes}
    assert "Food > Eating" in paths
    assert "Food > Bread" not in paths


def test_an_added_attribute_that_people_have_is_not_undone(
    api: DeepPersona, taxonomy: str, population: str, tree: Tree
) -> None:
    del tree
    api.add("Bread", under="Food", taxonomy=taxonomy)
    list(api.generate(4, population=population, seed=1, taxonomy=taxonomy, depth=7))
    with pytest.raises(InputError, match="4 values of personas are of what would be removed; retire it"):
        api.undo(taxonomy=taxonomy)


@pytest.mark.usefixtures("tree")
def test_moves_at_once_that_would_make_a_circle_leave_a_tree(api: DeepPersona, taxonomy: str) -> None:
    api.add("A", under="Food", taxonomy=taxonomy)
    api.add("B", under="Food", taxonomy=taxonomy)

    def move(what: str, under: str) -> str:
        try:
            return f"{what} under {under}: {api.move(what, under, taxonomy=taxonomy).version}"
        except DeepPersonaError as error:
            return type(error).__name__

    with ThreadPoolExecutor(2) as at_once:
        came = sorted(at_once.map(lambda pair: move(*pair), [("A", "B"), ("B", "A")]))
    assert came[0].startswith(("A under B: 4", "B under A: 4"))
    assert came[1] == "InputError"
    api.sync(taxonomy)


@pytest.mark.usefixtures("tree")
def test_edits_at_once_are_all_kept(api: DeepPersona, taxonomy: str) -> None:
    names = [f"Dish {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as at_once:
        versions = list(at_once.map(lambda n: api.add(n, under="Food", taxonomy=taxonomy).version, names))
    assert sorted(versions) == list(range(2, 10))
    assert set(names) <= {a.name for a in api.tree(taxonomy).attributes}


@pytest.mark.usefixtures("tree")
def test_a_snapshot_is_restored_and_that_undone(api: DeepPersona, taxonomy: str) -> None:
    api.snapshot("before", taxonomy)
    before = api.tree(taxonomy)
    api.move("Drinks", "Home", taxonomy=taxonomy)
    api.describe("Diet", Space("What they eat", add=(("fish", 5.0),)), taxonomy=taxonomy)
    after = api.tree(taxonomy)
    told = {one.text for one in api.diff("before", taxonomy=taxonomy)}
    assert "Food > Diet: value 'fish' added" in told
    assert "Home > Drinks, before under Food" in told
    api.restore_version("before", taxonomy=taxonomy)
    assert api.tree(taxonomy).attributes == before.attributes
    api.undo(taxonomy=taxonomy)
    assert api.tree(taxonomy).attributes == after.attributes
    assert [one.operation for one in api.log(taxonomy)] == [
        "undo", "restore", "describe", "move", "import",
    ]  # fmt: skip


def test_hand_edits_of_any_kind_are_told_and_undone(
    api: DeepPersona, taxonomy: str, population: str, tree: Tree, by_hand: ByHand
) -> None:
    list(api.generate(5, population=population, seed=2, taxonomy=taxonomy, depth=6))
    dinner = "MATCH (a:Attribute {taxonomy: $t, name: 'Dinner'}) "
    held = by_hand(dinner + "RETURN COUNT { (a)<-[:HAS]-() }", t=taxonomy)
    by_hand(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Diet'}) SET a.description = 'Eats', a.colour = 3",
        t=taxonomy,
    )
    assert {one.text for one in api.sync(taxonomy).differences} == {
        "Food > Diet: description none -> 'Eats'", "Food > Diet: colour none -> 3",
    }  # fmt: skip
    by_hand(dinner + "OPTIONAL MATCH (a)-[:ADMITS]->(v) DETACH DELETE a, v", t=taxonomy)
    by_hand("MATCH (v:Value {taxonomy: $t, text: 'vegan'}) SET v.weight = 90.0, v.rank = 5", t=taxonomy)
    report = api.sync(taxonomy)
    assert report.removed == 1
    assert {(report.lost,)} == held
    assert "removed" in {one.what for one in report.differences}
    assert not api.sync(taxonomy).changed
    api.undo(taxonomy=taxonomy)
    api.undo(taxonomy=taxonomy)
    restored = api.tree(taxonomy)
    assert restored.attributes == tree.attributes
    assert api.sync(taxonomy).lost == report.lost
    assert by_hand(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Dinner'}) RETURN size(a.embedding)", t=taxonomy
    ) == {(api.embedder.dimensions,)}


def test_what_is_no_tree_any_more_is_named_and_taken_back(
    api: DeepPersona, taxonomy: str, tree: Tree, by_hand: ByHand
) -> None:
    by_hand(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Tea'}), (b:Attribute {taxonomy: $t, name: 'Food'}) "
        "CREATE (a)-[:HAS_CHILD]->(b), (a)-[:HAS_CHILD]->(:Attribute {name: 'Sugar'})",
        t=taxonomy,
    )
    for proceed in (api.sync, api.tree, lambda t: api.rename("Diet", "X", taxonomy=t)):
        with pytest.raises(TaxonomyShapeError, match=r"circle|hangs under"):
            proceed(taxonomy)
    api.undo_by_hand(taxonomy=taxonomy)
    assert api.tree(taxonomy).attributes == tree.attributes
    assert not api.sync(taxonomy).changed
    assert by_hand("MATCH (a:Attribute {name: 'Sugar'}) WHERE a.taxonomy IS NULL RETURN a.name") == set()


def test_a_new_constraint_names_who_breaks_it_and_generation_obeys(
    api: DeepPersona, taxonomy: str, population: str, tree: Tree
) -> None:
    del tree
    people = list(api.generate(30, population=population, seed=5, taxonomy=taxonomy, depth=6))

    def having(attribute: str, value: str) -> set[str]:
        return {p.id for p in people for t in p.traits if t.path[-1] == attribute and t.value == value}

    edit = api.constrain("Diet=vegan", "implies", ["Dinner=salad", "Dinner=soup"], taxonomy=taxonomy)
    broken = having("Diet", "vegan") & having("Dinner", "steak")
    assert edit.violations == len(broken) > 0
    assert {row["id"] for row in edit.violating} <= broken
    bound = api.constrain("Diet=vegan", "excludes", ["Rooms>=4"], taxonomy=taxonomy)
    many = {p.id for p in people for t in p.traits if t.path[-1] == "Rooms" and float(str(t.value)) >= 4}
    assert bound.violations == len(having("Diet", "vegan") & many)
    changed = api.tree(taxonomy)
    assert sum(bool(violations(p, changed)) for p in people) == len(broken | (having("Diet", "vegan") & many))
    api.delete(population=population)
    again = api.generate(30, population=population, seed=5, taxonomy=taxonomy, depth=6)
    assert [violations(p, changed) for p in again] == [[]] * 30


def test_a_standing_bias_decides_every_walk(
    api: DeepPersona, taxonomy: str, population: str, tree: Tree
) -> None:
    del tree
    api.bias("Drinks", 0, taxonomy=taxonomy)
    people = list(api.generate(5, population=population, seed=5, taxonomy=taxonomy, depth=5))
    assert not any(t.path[:2] == ("Food", "Drinks") for p in people for t in p.traits)


def test_an_edit_of_an_unknown_taxonomy_names_the_nearest(api: DeepPersona) -> None:
    with pytest.raises(UnknownNameError, match="taxonomy"):
        api.rename("Diet", "X", taxonomy="humam")


@pytest.mark.usefixtures("tree")
def test_a_branch_that_becomes_a_root_has_the_path_of_one(api: DeepPersona, taxonomy: str) -> None:
    api.move("Drinks", None, taxonomy=taxonomy)
    paths = {a.path for a in api.tree(taxonomy).attributes}
    assert {("Drinks",), ("Drinks", "Tea")} <= paths
    assert not any(path[:2] == ("Food", "Drinks") for path in paths)
    api.rename("Pet", "Animal", taxonomy=taxonomy)


def test_values_that_people_got_since_are_not_lost_by_undoing(
    api: DeepPersona, taxonomy: str, population: str, tree: Tree, by_hand: ByHand
) -> None:
    del tree
    list(api.generate(12, population=population, seed=3, taxonomy=taxonomy, depth=6))
    by_hand(
        "MATCH (:Attribute {taxonomy: $t, name: 'Pet'})<-[h:HAS {value: 'dog'}]-() "
        "SET h.was = h.source, h.source = 'superseded'",
        t=taxonomy,
    )
    api.split("Pet", [("Dog", ["dog"])], taxonomy=taxonomy)
    by_hand(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Dog'}), (p:Persona {population: $p, index: 0}) "
        "CREATE (p)-[:HAS {value: 'dog', keys: ['dog'], order: 99, source: 'bank'}]->(a)",
        t=taxonomy,
        p=population,
    )
    with pytest.raises(InputError, match="1 values of personas are of what would be removed"):
        api.undo(taxonomy=taxonomy)


def test_taking_hand_edits_back_never_takes_values_from_people(
    api: DeepPersona, taxonomy: str, population: str, tree: Tree, by_hand: ByHand
) -> None:
    del tree
    list(api.generate(3, population=population, seed=3, taxonomy=taxonomy, depth=6))
    by_hand("MATCH (a:Attribute {taxonomy: $t, name: 'Diet'}) SET a.id = 'zzz'", t=taxonomy)
    with pytest.raises(InputError, match="3 values of personas"):
        api.undo_by_hand(taxonomy=taxonomy)
    assert by_hand("MATCH (:Attribute {id: 'zzz'})<-[h:HAS]-() RETURN count(h)") == {(3,)}


@pytest.mark.usefixtures("tree")
def test_undoing_an_undoing_of_an_undoing_keeps_the_log_right(api: DeepPersona, taxonomy: str) -> None:
    api.bias("Food", 2, taxonomy=taxonomy)
    api.rename("Diet", "Eating", taxonomy=taxonomy)
    api.undo(taxonomy=taxonomy)
    api.undo(4, taxonomy=taxonomy)
    api.undo(5, taxonomy=taxonomy)
    assert {one.version: one.undone for one in api.log(taxonomy)}[3]
    api.undo(taxonomy=taxonomy)
    assert api.diff(1, taxonomy=taxonomy) == []


@pytest.mark.usefixtures("tree")
def test_hand_edits_taken_back_leave_the_log_free_to_be_undone(
    api: DeepPersona, taxonomy: str, by_hand: ByHand
) -> None:
    api.bias("Food", 2, taxonomy=taxonomy)
    by_hand("MATCH (a:Attribute {taxonomy: $t, name: 'Diet'}) SET a.name = 'Dinner'", t=taxonomy)
    api.undo_by_hand(taxonomy=taxonomy)
    api.undo(taxonomy=taxonomy)
    assert api.diff(1, taxonomy=taxonomy) == []


@pytest.mark.usefixtures("tree")
def test_going_back_to_a_version_takes_pending_hand_edits_back_too(
    api: DeepPersona, taxonomy: str, by_hand: ByHand
) -> None:
    api.bias("Food", 2, taxonomy=taxonomy)
    by_hand("MATCH (a:Attribute {taxonomy: $t, name: 'Diet'}) SET a.description = 'Eats'", t=taxonomy)
    api.restore_version(1, taxonomy=taxonomy)
    assert api.diff(1, taxonomy=taxonomy) == []


@pytest.mark.usefixtures("tree")
def test_a_name_that_a_later_change_took_is_named(api: DeepPersona, taxonomy: str) -> None:
    api.rename("Diet", "Eating", taxonomy=taxonomy)
    api.add("Diet", under="Food", taxonomy=taxonomy)
    with pytest.raises(InputError, match=r"version 2 \(rename\) cannot be undone: version 3 \(add"):
        api.undo(2, taxonomy=taxonomy)


@pytest.mark.usefixtures("tree")
def test_alternatives_are_not_split_into_demands_that_hold_together(api: DeepPersona, taxonomy: str) -> None:
    api.constrain("Pet Food", "requires", ["Dinner=steak", "Dinner=soup"], taxonomy=taxonomy)
    with pytest.raises(InputError, match="requires one of values that would be of several attributes"):
        api.split("Dinner", [("Hot Dinner", ["soup"])], taxonomy=taxonomy)


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("bound", ["Age>=nan", "Age<=inf", "Age>=-inf", "Age>=old"])
def test_a_bound_is_a_finite_number(api: DeepPersona, taxonomy: str, bound: str) -> None:
    with pytest.raises(InputError, match="is no number"):
        api.constrain("Pet=dog", "requires", [bound], taxonomy=taxonomy)


@pytest.mark.usefixtures("tree")
def test_a_demand_against_what_another_demands_of_both_is_refused(api: DeepPersona, taxonomy: str) -> None:
    api.constrain("Diet=mixed", "implies", ["Pet=dog"], taxonomy=taxonomy)
    api.constrain("Diet=mixed", "implies", ["Dinner=soup"], taxonomy=taxonomy)
    with pytest.raises(InputError, match="can never hold"):
        api.constrain("Pet=dog", "excludes", ["Dinner=soup"], taxonomy=taxonomy)


@pytest.mark.usefixtures("tree")
def test_a_snapshot_does_not_swallow_an_edit_by_hand(
    api: DeepPersona, taxonomy: str, by_hand: ByHand
) -> None:
    by_hand("MATCH (a:Attribute {taxonomy: $t, name: 'Diet'}) SET a.description = 'Eats'", t=taxonomy)
    api.snapshot("now", taxonomy)
    assert api.sync(taxonomy).changed
    assert [one.what for one in api.diff("now", taxonomy=taxonomy)] == ["changed"]
