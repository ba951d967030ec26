"""`deeppersona twin` on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.persona import Persona

pytestmark = pytest.mark.live

Run = Callable[..., Any]


@pytest.fixture
def person(run: Run, wanted: list[str], server: tuple[str, ...], api: DeepPersona) -> Iterator[Persona]:
    """Somebody with a job, in the test's own population."""
    done = run("generate", *wanted, "--anchor", "employment=employed", "--age", "40", *server)
    assert done.code == 0
    yield next(api.personas(wanted[1]))
    twins = f"{wanted[1]} (twins)"
    if twins in {row["name"] for row in api.populations()}:
        api.delete(population=twins)


def test_a_twin_is_made_and_the_difference_shown(
    run: Run, person: Persona, server: tuple[str, ...], api: DeepPersona
) -> None:
    done = run("twin", person.id, "--set", "Occupation=fisher", *server)
    assert done.code == 0, done.err
    assert "Occupation" in done.out
    assert "fisher" in done.out
    (twin,) = api.personas(f"{person.population} (twins)")
    assert f"deeppersona show {twin.id}" in done.err


def test_a_dry_run_shows_the_difference_and_makes_nobody(
    run: Run, person: Persona, server: tuple[str, ...], api: DeepPersona
) -> None:
    done = run("twin", person.id, "--set", "Occupation=fisher", "--dry-run", "--json", *server)
    assert done.code == 0
    assert done.data["stored"] is False
    first = done.data["differences"][0]
    assert (first["before"], first["after"]) == (person.situation.occupation, "fisher")
    assert f"{person.population} (twins)" not in {row["name"] for row in api.populations()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing is set"),
        (("--set", "Employment=employed"), "nothing changes"),
        (("--set", "Nonsense of sorts=1"), "no attribute is called"),
        (("--set", "Age=20", "--keep", "Age"), "say one of the two"),
    ],
)
def test_what_cannot_be_set_is_refused_in_a_line(
    run: Run, person: Persona, server: tuple[str, ...], arguments: tuple[str, ...], words: str
) -> None:
    done = run("twin", person.id, *arguments, *server)
    assert done.code == 2
    assert words in done.refusal
