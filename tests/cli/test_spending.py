"""What a language model may cost, and a run that is gone on with, as people type it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY, Endpoint, serving
from model_endpoint import person_script

from deeppersona_graph.api import DeepPersona

pytestmark = pytest.mark.live

Command = Callable[..., Any]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(person_script) as server:
        yield server


@pytest.fixture
def generate(run: Command, apart: dict[str, str], endpoint: Endpoint) -> Command:
    """Runs `deeppersona generate` with the endpoint for a model."""
    environment = {**apart, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": endpoint.url, "COLUMNS": "200"}
    return lambda *arguments: run("generate", *arguments, **environment)


def dear(folder: Path) -> None:
    """A table in which the model costs so much that anybody is asked about."""
    (folder / "prices.toml").write_text('[models]\n"dear" = {sent = 1000, received = 1000}\n', "utf-8")
    (folder / "deeppersona.toml").write_text('prices = "prices.toml"\nmodel = "dear"\n', "utf-8")


def test_a_dry_run_tells_requests_tokens_and_money_and_asks_nothing(
    generate: Command, wanted: list[str], endpoint: Endpoint, api: DeepPersona, population: str
) -> None:
    ended = generate("-n", "20", *wanted, "--model", "gpt-4o-mini", "--dry-run")
    assert (ended.code, ended.out, endpoint.calls) == (0, "", [])
    assert "20 people will take about 120 requests (or 6 waves of batch files)" in ended.err
    assert "USD\nnothing was asked and nothing spent\n" in ended.err
    told = generate("-n", "20", *wanted, "--model", "gpt-4o-mini", "--dry-run", "--json").data
    assert (told["people"], told["requests"], told["waves"]) == (20, 120, 6)
    assert population not in [row["name"] for row in api.populations()]


def test_a_model_of_unknown_price_is_estimated_in_tokens_and_said_to_be_unknown(
    generate: Command, wanted: list[str], endpoint: Endpoint
) -> None:
    ended = generate(*wanted, "--model", "nobody-knows", "--dry-run")
    assert "no price is known, so tokens only" in ended.err
    ended = generate(*wanted, "--model", "nobody-knows", "--json")
    assert ended.code == 0
    assert "no price is known for nobody-knows, so tokens only" in ended.err
    assert ended.data["report"]["cost"] is None
    assert len(endpoint.calls) == 6


def test_a_key_lying_about_spends_nothing(generate: Command, wanted: list[str], endpoint: Endpoint) -> None:
    ended = generate(*wanted)
    assert "values from the bank" in ended.err
    assert (ended.code, endpoint.calls) == (0, [])


def test_above_a_dollar_somebody_is_asked(
    generate: Command, wanted: list[str], endpoint: Endpoint, bare: Path
) -> None:
    dear(bare)
    ended = generate(*wanted)
    assert (ended.code, endpoint.calls) == (2, [])
    assert "no terminal to ask at whether to spend about" in ended.err
    ended = generate(*wanted, "--yes", "--json")
    assert ended.code == 0
    assert len(ended.data["made"]) == 1
    assert ended.data["report"]["cost"] > 0


def test_a_budget_that_does_not_reach_ends_the_run_with_one_line(
    generate: Command, wanted: list[str], endpoint: Endpoint, bare: Path
) -> None:
    dear(bare)
    ended = generate(*wanted, "--yes", "--budget", "0.01")
    assert (ended.code, endpoint.calls) == (1, [])
    assert "raise --budget, or run again, to go on" in ended.err.splitlines()[-1]


def test_a_budget_without_a_model_is_refused(generate: Command, wanted: list[str]) -> None:
    ended = generate(*wanted, "--budget", "3")
    assert ended.code == 2
    assert "--budget and --via are for language models, and none is named" in ended.err


def test_a_run_is_gone_on_with_as_it_was_asked_for(
    generate: Command, wanted: list[str], endpoint: Endpoint, api: DeepPersona, population: str
) -> None:
    generate("-n", "3", *wanted, "--model", "gpt-4o-mini", "--narrative", "none", "--chunk", "2")
    first = list(api.personas(population))
    api.delete(personas=[first[1].id])
    asked = len(endpoint.calls)
    for named in (population, "last"):
        ended = generate("--resume", named, "--json")
        assert ended.code == 0, ended.err
        assert (ended.data["seed"], ended.data["count"], ended.data["model"]) == (4, 3, "gpt-4o-mini")
    assert list(api.personas(population)) == first
    assert len(endpoint.calls) == asked


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--resume", "nobody"], "no run is called 'nobody'"),
        (["--resume", "last", "-n", "3", "--model", "x"], "leave out --count, --model"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused(
    generate: Command, arguments: list[str], complaint: str
) -> None:
    ended = generate(*arguments)
    assert ended.code == 2
    assert complaint in ended.refusal


def test_a_run_is_gone_on_with_at_the_endpoint_it_was_begun_at(
    run: Command,
    apart: dict[str, str],
    wanted: list[str],
    endpoint: Endpoint,
    api: DeepPersona,
    population: str,
) -> None:
    address = endpoint.url.replace("://", "://me:secret@")
    asked = ["--model", "gpt-4o-mini", "--narrative", "none", "--base-url", address]
    assert run("generate", *wanted, *asked, **apart).code == 0
    first = list(api.personas(population))
    api.delete(personas=[first[0].id])
    (Path(apart["DEEPPERSONA_DATA_DIR"]) / "answers.sqlite").unlink()
    before = len(endpoint.calls)
    assert run("generate", "--resume", population, **apart).code == 0
    assert list(api.personas(population)) == first
    assert len(endpoint.calls) == 2 * before
    stored = api.graph.read("record/find_run", text=population, limit=1)[0]["endpoint"]
    assert stored == endpoint.url


def test_what_was_only_estimated_is_not_gone_on_with(
    generate: Command, wanted: list[str], endpoint: Endpoint
) -> None:
    asked = [*wanted, "--model", "gpt-4o-mini", "--narrative", "none"]
    generate("-n", "1", *asked)
    generate("-n", "9", *asked, "--dry-run")
    before = len(endpoint.calls)
    ended = generate("--resume", "last", "--json")
    assert (ended.code, ended.data["count"], ended.data["made"]) == (0, 1, [])
    assert len(endpoint.calls) == before


def test_a_dead_purse_still_tells_what_it_took(
    generate: Command, wanted: list[str], bare: Path, endpoint: Endpoint
) -> None:
    dear(bare)
    ended = generate("-n", "4", *wanted, "--yes", "--budget", "2.5", "--narrative", "none")
    assert ended.code == 1
    assert endpoint.calls
    assert f"{len(endpoint.calls)} requests, 0 answers from the store" in ended.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--model", ""], "setting 'model' is '': Value error, it is empty"),
        (["--model", "m", "--base-url", " "], "setting 'base_url' is ' ': Value error, it is empty"),
        (["--model", "gpt-4o-mini", "--budget", "nan"], "a budget of nan USD: expected a number above 0"),
        (["--model", "gpt-4o-mini", "--budget", "-1"], "a budget of -1 USD: expected a number above 0"),
    ],
)
def test_what_money_cannot_be_held_to_is_refused(
    generate: Command, wanted: list[str], endpoint: Endpoint, arguments: list[str], complaint: str
) -> None:
    ended = generate(*wanted, *arguments)
    assert (ended.code, endpoint.calls) == (2, [])
    assert complaint in ended.refusal
