"""The plain tree: ids, keys of values, and what follows from paths."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeppersona_graph.model.tree import Attribute, Exclusion, Tree, Value, attribute_id, normal, value_id

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PATHS = st.lists(NAMES, min_size=1, max_size=5).map(tuple)


@given(PATHS, PATHS)
def test_two_paths_have_one_id_only_if_they_are_one(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    assert (attribute_id(a) == attribute_id(b)) == (a == b)


def test_ids_are_those_that_earlier_versions_gave() -> None:
    assert attribute_id(("Demographic Information", "Age and Life Stage", "Age")) == "919d5b5a7f78334e"
    assert value_id("919d5b5a7f78334e", "  TEN ") == value_id("919d5b5a7f78334e", "ten")


def test_joining_names_differently_gives_another_id() -> None:
    assert len({attribute_id(p) for p in [("a", "b"), ("a > b",), ("a, b",), ('a", "b',), ("ab",)]}) == 5


@given(NAMES)
def test_a_key_is_the_key_of_itself(text: str) -> None:
    assert normal(f"  {normal(text)}\t") == normal(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Green Tea", "green  tea"),
        ("STRASSE", "straße"),
        ("ﬁsh", "FISH"),
        ("é", "e\u0301"),
        ("a\u00a0b", "A B"),
    ],
)
def test_spellings_of_one_value_share_a_key(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("exclusion", "number", "hit"),
    [
        (Exclusion("a"), None, True),
        (Exclusion("a"), 5, True),
        (Exclusion("a", minimum=3), 3, True),
        (Exclusion("a", minimum=3), 2.9, False),
        (Exclusion("a", maximum=3), 3, True),
        (Exclusion("a", maximum=3), 3.1, False),
        (Exclusion("a", minimum=9, maximum=3), 5, False),
        (Exclusion("a", minimum=9, maximum=3), 9, True),
        (Exclusion("a", minimum=0), -1, False),
        (Exclusion("a", minimum=0), None, False),
        (Exclusion("a", value="v"), 5, False),
    ],
)
def test_bounds_exclude_numbers_at_and_beyond_them(
    exclusion: Exclusion, number: float | None, hit: bool
) -> None:
    assert exclusion.hits(number) is hit


def test_bounds_leave_an_open_interval() -> None:
    assert Exclusion("a", minimum=9, maximum=3).interval == (3, 9)
    assert Exclusion("a", minimum=0).interval == (-math.inf, 0)


def test_a_tree_knows_its_attributes_by_id_path_key_and_parent() -> None:
    value = Value("v", "green", 0, 100.0)
    root, tea = Attribute("r", ("Drinks",)), Attribute("t", ("Drinks", "Tea"), values=(value,), core="tea")
    tree = Tree("test", (root, tea))
    assert (tree.by_id, tree.by_path) == ({"r": root, "t": tea}, {root.path: root, tea.path: tea})
    assert tree.core == {"tea": tea}
    assert tree.children == {(): (root,), ("Drinks",): (tea,)}
    assert list(tree.leaves()) == [tea]
    assert tree.value(tea, " GREEN ") == value
    assert tree.value(tea, "black") is None


@pytest.mark.parametrize(
    ("attribute", "drawn"),
    [
        (Attribute("a", ("A",)), False),
        (Attribute("a", ("A",), value_type="number"), False),
        (Attribute("a", ("A",), value_type="number", minimum=0, maximum=9), True),
        (Attribute("a", ("A",), value_type="categorical"), False),
        (Attribute("a", ("A",), value_type="text", values=(Value("v", "x", 0, 1.0),)), True),
    ],
)
def test_a_value_can_be_drawn_where_there_is_a_space(attribute: Attribute, drawn: bool) -> None:
    assert attribute.has_values is drawn
