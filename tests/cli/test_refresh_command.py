"""`deeppersona refresh` on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from neo4j import Driver

from deeppersona_graph.api import DeepPersona

pytestmark = pytest.mark.live

Run = Callable[..., Any]


@pytest.fixture
def edited(
    run: Run, wanted: list[str], server: tuple[str, ...], driver: Driver, api: DeepPersona
) -> tuple[str, int]:
    """A population of six whose tree lost an attribute, and how many have it."""
    assert run("generate", "-n", "6", *wanted, *server).code == 0
    population, taxonomy = wanted[1], wanted[3]
    held = sum(t.path[-1] == "Alpha 1" for p in api.personas(population) for t in p.traits)
    assert held
    driver.execute_query(
        "MATCH (a:Attribute {taxonomy: $t, name: 'Alpha 1'}) SET a.retired = true", {"t": taxonomy}
    )
    return population, held


def test_the_plan_is_shown_and_a_dry_run_changes_nothing(
    run: Run, edited: tuple[str, int], server: tuple[str, ...], api: DeepPersona
) -> None:
    population, held = edited
    before = list(api.personas(population))
    done = run("refresh", population, "--dry-run", *server)
    assert done.code == 0
    assert f"{held}" in done.out
    assert "its attribute is retired" in done.out
    assert f"{held} of 6 people of {population}, {held} values" in done.err
    assert "nothing was changed" in done.err
    assert list(api.personas(population)) == before


def test_a_refresh_without_a_terminal_and_without_costs_goes_on_and_a_second_has_nothing_to_do(
    run: Run, edited: tuple[str, int], server: tuple[str, ...]
) -> None:
    population, held = edited
    done = run("refresh", population, *server)
    assert done.code == 0, done.err
    assert f"{held} values of {held} people are others now" in done.out
    again = run("refresh", population, *server)
    assert (again.code, again.out) == (0, "")
    assert "nothing to do" in again.err


def test_the_same_as_json(run: Run, edited: tuple[str, int], server: tuple[str, ...]) -> None:
    population, held = edited
    planned = run("refresh", population, "--dry-run", "--json", *server).data
    assert planned["values"] == {"retired": held}
    assert planned["forecast"] is None
    done = run("refresh", population, "--json", *server).data
    assert {one["persona"] for one in done["made"]} == set(planned["people"])
    assert all((one["new"], one["changed"]) == (1, 0) for one in done["made"])
    assert run("refresh", population, "--json", *server).data["people"] == []


def test_at_a_terminal_it_asks_first(
    at_terminal: Run, edited: tuple[str, int], server: tuple[str, ...], api: DeepPersona
) -> None:
    population, held = edited
    before = list(api.personas(population))
    done = at_terminal("n", "refresh", population, *server)
    assert done.code == 1
    assert f"Make {held} values of {held} people again? [y/N]" in done.err
    assert "nothing was changed" in done.err
    assert list(api.personas(population)) == before
    assert at_terminal("y", "refresh", population, *server).code == 0
    assert list(api.personas(population)) != before


def test_an_unknown_population_is_refused(run: Run, edited: tuple[str, int], server: tuple[str, ...]) -> None:
    done = run("refresh", edited[0] + "x", *server)
    assert done.code == 2
    assert f"nearest: '{edited[0]}'" in done.refusal
