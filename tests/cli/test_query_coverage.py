"""`deeppersona query strata | coverage` and `generate --cover` as people type them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona

pytestmark = pytest.mark.live

Command = Callable[..., Any]


@pytest.fixture
def command(run: Command, server: tuple[str, ...]) -> Command:
    """Runs `deeppersona …` in this process, on the server of the tests, with room for long names."""
    return lambda *arguments: run(*arguments, *server, COLUMNS="200")


@pytest.fixture
def made(command: Command, wanted: list[str], population: str) -> str:
    """The name of a population of two, made to cover the tiny tree."""
    ended = command("generate", "--count", "2", "--cover", *wanted)
    assert ended.code == 0, ended.err
    return population


def test_coverage_tells_what_is_used_and_what_never(command: Command, made: str, api: DeepPersona) -> None:
    ended, found = command("query", "coverage", made, "--limit", "3"), api.coverage(made)
    assert (ended.code, ended.err) == (0, "")
    assert f"{made}: 2 people, 10 attribute-value pairs, taxonomy test-" in ended.out
    assert (
        f"{found.used} of 12 selectable attributes are used ({found.used / 12:.1%}), {12 - found.used} never"
        in ended.out
    )
    for text in ("uniqueness: ", "Jaccard distance", "(all pairs)", "mean entropy of values: "):
        assert text in ended.out
    lines = [line.split() for line in ended.out.splitlines()]
    for one in found.branches:
        assert [one.path[0], str(one.used), str(one.selectable), f"{one.share:.1%}"] in lines
    listed = [line.strip() for line in ended.out.partition("never used: ")[2].splitlines()[1:4]]
    assert listed == [" > ".join(path) for path in found.never[:3]]


def test_coverage_as_json_is_the_same_object(command: Command, made: str, api: DeepPersona) -> None:
    found, same = command("query", "coverage", made, "--json").data, api.coverage(made)
    assert (found["used"], found["people"], found["uniqueness"]) == (same.used, 2, same.uniqueness)
    assert found["never"] == [list(path) for path in same.never]
    assert [one["people"] for one in found["spreads"]] == [one.people for one in same.spreads]


def test_coverage_of_a_branch_goes_a_level_deeper(command: Command, made: str) -> None:
    found = command("query", "coverage", made, "--branch", "Alpha", "--json").data
    assert [one["path"] for one in found["branches"]] == [["Alpha", f"Alpha {n}"] for n in range(6)]
    assert "attributes of Alpha are used" in command("query", "coverage", made, "--branch", "Alpha").out


def test_the_values_of_one_attribute(command: Command, made: str, api: DeepPersona) -> None:
    used = api.coverage(made).spreads[0]
    name = used.path[-1]
    ended = command("query", "coverage", made, "--attribute", name)
    assert (ended.code, ended.err) == (0, "")
    assert f"{' > '.join(used.path)}\n  {used.people} people ({used.share:.1%} of all)" in ended.out
    assert {"low", "high"} <= {line.split()[0] for line in ended.out.splitlines() if line}
    found = command("query", "coverage", made, "--attribute", name, "--json").data
    assert [one["value"] for one in found["values"]] == ["low", "high"]


def test_strata_shows_each_stratum_and_what_was_passed_over(
    command: Command, made: str, api: DeepPersona
) -> None:
    person = next(api.personas(made))
    ended = command("query", "strata", person.id, "--limit", "2")
    assert (ended.code, ended.err) == (0, "")
    assert f"{person.situation.name} ({person.id}), 5 attributes" in ended.out
    for stratum, count in (("near", 3), ("middle", 1), ("far", 1)):
        assert f"\n{stratum}: {count} of 4, similarity " in ended.out
    assert "… and 1 more (--limit shows more)" in ended.out
    assert "passed over: 0 of 12 candidates" in ended.out
    found = command("query", "strata", person.id, "--json").data
    assert [one["stratum"] for one in found["strata"]] == ["near", "middle", "far"]
    pairs = [(one["path"], one["value"]) for layer in found["strata"] for one in layer["attributes"]]
    assert sorted(pairs) == sorted((list(t.path), t.value) for t in person.traits)


def test_what_cannot_be_asked_is_one_line(command: Command, made: str) -> None:
    for arguments, told in (
        (("coverage", made + "x"), f"no population is called '{made}x'; nearest: '{made}'"),
        (("coverage", made, "--attribute", "Alpa 1"), "no attribute is called 'Alpa 1'; nearest: 'Alpha 1'"),
        (("coverage", made, "--attribute", "Alpha"), "'Alpha' has no values of its own"),
        (("coverage", made, "--branch", "Gama"), "no attribute is called 'Gama'"),
        (("coverage", made, "--branch", "Alpha", "--attribute", "Beta 1"), "give one of them"),
        (("strata", "nobody at all"), "no persona is called 'nobody at all'"),
    ):
        ended = command("query", *arguments)
        assert ended.code == 2
        assert told in ended.refusal
