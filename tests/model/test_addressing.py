"""Naming an attribute: by name, path, end of a path, alias or JSON list."""

from __future__ import annotations

import json

import pytest

from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.model.addressing import find_attribute, split_assignment
from deeppersona_graph.model.tree import Attribute, Path, Tree, attribute_id


def tree_of(*paths: Path, **aliases: str) -> Tree:
    """A tree of bare names; `aliases` by the name of their attribute."""
    found = [
        Attribute(
            id=attribute_id(path),
            path=path,
            core={"Age": "age", "Gender": "sex", "Occupation": "occupation"}.get(path[-1]),
            aliases=(aliases[path[-1]],) if path[-1] in aliases else (),
        )
        for path in paths
    ]
    return Tree("test", tuple(found))


TREE = tree_of(
    ("Drinks",),
    ("Drinks", "Tea"),
    ("Drinks", "Tea", "Kind"),
    ("Drinks", "Coffee"),
    ("Drinks", "Coffee", "Kind"),
    ("Drinks", "Coffee", "Kind", "Bean"),
    ("Food",),
    ("Food", "tea"),
    ("Food", "Straße"),
    ("Self", "Age"),
    ("Self", "Gender"),
    ("Self", "Occupation"),
    Coffee="Java",
)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Coffee", ("Drinks", "Coffee")),
        ("  coffee ", ("Drinks", "Coffee")),
        ("COFFEE", ("Drinks", "Coffee")),
        ("Java", ("Drinks", "Coffee")),
        ("java", ("Drinks", "Coffee")),
        ("Tea", ("Drinks", "Tea")),
        ("tea", ("Food", "tea")),
        ("STRASSE", ("Food", "Straße")),
        ("Drinks > Tea > Kind", ("Drinks", "Tea", "Kind")),
        ("drinks  >  tea > KIND", ("Drinks", "Tea", "Kind")),
        ("Tea > Kind", ("Drinks", "Tea", "Kind")),
        ("coffee > kind > bean", ("Drinks", "Coffee", "Kind", "Bean")),
        ("Kind > Bean", ("Drinks", "Coffee", "Kind", "Bean")),
        ('["Drinks", "Tea", "Kind"]', ("Drinks", "Tea", "Kind")),
        (' [ "Food" , "tea" ] ', ("Food", "tea")),
        ("age", ("Self", "Age")),
        ("Gender", ("Self", "Gender")),
        ("sex", ("Self", "Gender")),
        ("job", ("Self", "Occupation")),
    ],
)
def test_an_attribute_is_found(text: str, path: Path) -> None:
    assert find_attribute(TREE, text).path == path


def test_a_name_of_several_lists_their_paths() -> None:
    with pytest.raises(
        InputError,
        match="'Kind' is the name of 2 attributes: 'Drinks > Tea > Kind', 'Drinks > Coffee > Kind'; "
        "give the path",
    ):
        find_attribute(TREE, "Kind")


def test_a_spelling_that_fits_several_lists_their_paths() -> None:
    with pytest.raises(InputError, match="'TEA' is the name of 2 attributes: 'Drinks > Tea', 'Food > tea'"):
        find_attribute(TREE, "TEA")


def test_a_name_of_many_lists_some() -> None:
    many = tree_of(*((f"Root {n}", "Kind") for n in range(20)))
    with pytest.raises(
        InputError, match=r"is the name of 20 attributes: .* and 12 more; give the path"
    ) as error:
        find_attribute(many, "Kind")
    assert str(error.value).count(" > ") == 8


def test_paths_that_look_alike_are_told_apart_by_json() -> None:
    alike = tree_of(("A",), ("A", "B > C"), ("A", "B"), ("A", "B", "C"))
    with pytest.raises(InputError, match=r"2 attributes: .*; give the JSON list") as error:
        find_attribute(alike, "A > B > C")
    for path in [("A", "B > C"), ("A", "B", "C")]:
        assert json.dumps(path) in str(error.value)
        assert find_attribute(alike, json.dumps(path)).path == path


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("Cofee", "'Coffee'"),
        ("Drinks > Tea > Kinds", "'Kind'"),
        ('["Drinks", "Coffee", "Beans"]', "'Coffee'"),
    ],
)
def test_an_unknown_name_gives_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no attribute is called .*; nearest: .*{nearest}"):
        find_attribute(TREE, text)


@pytest.mark.parametrize("text", ["", "   ", "!?", "[]", "[1", "[" * 100_000, "x" * 10_000, "[[]]", "\ud800"])
def test_what_names_nothing_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UnknownNameError, match="no attribute is called") as error:
        find_attribute(TREE, text)
    assert len(str(error.value)) < 250


def test_a_name_that_looks_like_a_json_list_is_a_name() -> None:
    odd = tree_of(("Odd",), ("Odd", "[1, 2]"), ("Odd", '["Odd"'), ("Odd", "[bold]"))
    for name in ("[1, 2]", '["Odd"', "[bold]"):
        assert find_attribute(odd, name).path == ("Odd", name)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("Coffee=black", ("Drinks", "Coffee"), "black"),
        (" coffee = two sugars ", ("Drinks", "Coffee"), "two sugars"),
        ("Tea > Kind=a=b", ("Drinks", "Tea", "Kind"), "a=b"),
        ('["Food", "tea"]=x', ("Food", "tea"), "x"),
        ("gender=female", ("Self", "Gender"), "female"),
    ],
)
def test_an_assignment_is_split(text: str, path: Path, value: str) -> None:
    attribute, found = split_assignment(TREE, text)
    assert (attribute.path, found) == (path, value)


def test_the_longest_name_before_an_equals_sign_wins() -> None:
    odd = tree_of(("a",), ("a=b",), ("=",), ("x", "a=b=c"))
    found = {text: split_assignment(odd, text) for text in ("a=b", "a=b=c", "a=b=c=d", "==1", "a==")}
    assert {text: (a.path[-1], value) for text, (a, value) in found.items()} == {
        "a=b": ("a", "b"),
        "a=b=c": ("a=b", "c"),
        "a=b=c=d": ("a=b=c", "d"),
        "==1": ("=", "1"),
        "a==": ("a", "="),
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Coffee", "'Coffee' has no '='; write an anchor as Attribute=value"),
        ("Coffee=", "the anchor 'Drinks > Coffee' has no value"),
        ("Coffee=  ", "the anchor 'Drinks > Coffee' has no value"),
        ("Kind=green", "'Kind' is the name of 2 attributes"),
        ("Cofee=black", "no attribute is called 'Cofee'; nearest: 'Coffee'"),
        ("=black", "no attribute is called ''"),
        ("x" * 10_000, "has no '='"),
    ],
)
def test_what_is_no_assignment_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InputError) as error:
        split_assignment(TREE, text)
    assert reason in str(error.value)
    assert len(str(error.value)) < 250
