"""`deeppersona query shared | having | nearest | compare`, as a person and as a program read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.persona import Persona

pytestmark = pytest.mark.live

Run = Callable[..., Any]


@pytest.fixture
def people(api: DeepPersona, wanted: list[str], population: str) -> list[Persona]:
    taxonomy = wanted[3]
    return list(api.generate(12, population=population, seed=4, taxonomy=taxonomy, depth=8, values="bank"))


@pytest.fixture
def query(run: Run, server: tuple[str, ...]) -> Run:
    return lambda *arguments, **rest: run("query", *arguments, *server, COLUMNS="200", **rest)


@pytest.fixture
def other(api: DeepPersona, people: list[Persona], population: str) -> Iterator[str]:
    """Another population of the same taxonomy."""
    name = f"{population}-other"
    try:
        list(api.generate(9, population=name, seed=5, taxonomy=people[0].taxonomy, depth=8, values="bank"))
        yield name
    finally:
        api.delete(population=name)


def test_shared_tells_the_paths_that_join_people(query: Run, people: list[Persona], api: DeepPersona) -> None:
    ids = [one.id for one in people[:2]]
    expected = api.shared(ids)
    names = [one.name for one in expected.people]
    told = query("shared", *ids).out
    data = query("shared", *ids, "--json").data
    assert [one["id"] for one in data["people"]] == ids
    assert data["weight"] == pytest.approx(expected.weight)
    assert data["attributes"] == expected.attributes
    for trait, one in zip(expected.traits, data["traits"], strict=True):
        assert (tuple(one["path"]), one["value"], one["people"]) == (trait.path, trait.value, trait.people)
        assert one["explained"] == trait.explained(names)
    short = next(one for one in expected.traits if len(one.value) < 60)
    assert short.explained(names) in told
    assert f"{expected.attributes} attributes" in told


def test_shared_finds_the_groups_of_a_population(
    query: Run, people: list[Persona], population: str, api: DeepPersona
) -> None:
    assert people
    expected = api.groups(population, 4, 3, 2)
    asked = ("shared", "--population", population, "--min", "4", "--people", "3", "--limit", "2")
    data = query(*asked, "--json").data
    assert [[one["id"] for one in group["people"]] for group in data["groups"]] == [
        [one.id for one in group.people] for group in expected.groups
    ]
    assert data["concerned"] == len(people)
    assert f"1. {expected.groups[0].people[0].name}, " in query(*asked).out
    nothing = query("shared", "--population", population, "--min", "300")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no group of" in nothing.err


def test_having_lists_the_people_and_counts_them(query: Run, people: list[Persona], population: str) -> None:
    old = [one for one in people if one.situation.age > 30]
    data = query("having", "Age > 30", "not Alpha=lower", "--population", population).refusal
    assert "no value of 'Alpha' is called 'lower'" in data
    asked = ("having", "Age > 30", "--population", population)
    found = query(*asked, "--json", "--limit", "2").data
    assert found["count"] == len(old)
    assert [one["id"] for one in found["people"]] == [one.id for one in old[:2]]
    told = query(*asked)
    assert all(one.id in told.out for one in old)
    assert f"{len(old)} people" in told.err
    assert f"{len(old)} people, of whom 2 are shown" in query(*asked, "--limit", "2").err


def test_having_says_what_a_meaning_was_taken_for(query: Run, people: list[Persona]) -> None:
    taxonomy = ("--taxonomy", people[0].taxonomy)
    asked = ("having", "~'alpha'", *taxonomy, "--like", "0.3")
    assert "~'alpha' stands for " in query(*asked).err
    found = query(*asked, "--json").data
    assert found["meanings"][0]["text"] == "alpha"
    assert {one["path"][0] for one in found["meanings"][0]["traits"]} >= {"Alpha"}


def test_nearest_by_either_measure(query: Run, people: list[Persona], api: DeepPersona) -> None:
    one = people[0]
    measures: tuple[Any, ...] = ("attributes", "embedding")
    for by in measures:
        asked = ("nearest", one.id, "--by", by, "--limit", "3")
        expected = [near.person.id for near in api.nearest(one.id, by=by, limit=3).neighbours]
        assert [near["person"]["id"] for near in query(*asked, "--json").data["neighbours"]] == expected
        assert all(identity in query(*asked).out for identity in expected)


def test_compare_shows_both_populations(
    query: Run, people: list[Persona], population: str, other: str
) -> None:
    data = query("compare", population, other, "--json", "--limit", "3").data
    assert (data["populations"], data["sizes"]) == ([population, other], [len(people), 9])
    assert len(data["differences"]) == 3
    assert data["compared"] >= 3
    shown = query("compare", population, other)
    assert shown.code == 0
    assert "12 and 9 people; 0 of " in shown.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("shared",), "name two personas or more, or --population NAME"),
        (("shared", "x", "--population", "y"), "name two personas or more, or --population NAME"),
        (("shared", "nobody at all", "x"), "no persona is called 'nobody at all'"),
        (("shared", "--population", "nowhere at all"), "no population is called 'nowhere at all'"),
        (("having", "Age >"), "at character 6: expected a value, found the end"),
        (("having", " "), "an expression is empty"),
        (("having", "Age>1", "--like", "2"), "--like 2: expected a cosine from 0 to 1"),
        (("having", "Age>1", "--population", "nowhere at all"), "no population is called 'nowhere at all'"),
        (("nearest", "nobody at all"), "no persona is called 'nobody at all'"),
        (("compare", "same", "same"), "'same' is named twice"),
        (("compare", "nowhere at all", "nor here"), "no population is called 'nowhere at all'"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_code_2(
    query: Run, arguments: tuple[str, ...], complaint: str
) -> None:
    ended = query(*arguments)
    assert ended.code == 2
    assert complaint in ended.refusal


def test_names_that_control_a_terminal_are_spelled_out(
    query: Run, api: DeepPersona, population: str, people: list[Persona]
) -> None:
    noisy, spelled = "\x1b[31m[b]é[/b]", "\\x1b[31m[b]é[/b]"
    loud = f"{population}{noisy}"
    wanted: dict[str, Any] = {"taxonomy": people[0].taxonomy, "depth": 5, "seed": 2, "values": "bank"}
    try:
        made = list(api.generate(3, population=loud, anchors={"name": f"Ann{noisy}"}, **wanted))
        ids = [one.id for one in made]
        for ended in (
            query("shared", *ids),
            query("shared", "--population", loud, "--min", "1", "--people", "2"),
            query("having", "Age > 1", "--population", loud),
            query("nearest", ids[0]),
            query("compare", population, loud),
        ):
            assert ended.code == 0
            assert spelled in ended.out + ended.err
            assert not {"\x1b", "\x07", "\x9b"} & set(ended.out + ended.err)
    finally:
        api.delete(population=loud)
