"""An endpoint, a store and an executor for the tests of one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY, Endpoint, serving
from programs import StillClock

from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.providers import OpenAIProvider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import AnswerStore


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnswerStore]:
    with AnswerStore(tmp_path / "answers.sqlite") as opened:
        yield opened


@pytest.fixture
def report() -> Report:
    return Report(Prices.load())


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def provider(endpoint: Endpoint) -> Iterator[OpenAIProvider]:
    opened = OpenAIProvider(endpoint.url, KEY, timeout=5.0)
    yield opened
    opened.close()


@pytest.fixture
def executor(
    endpoint: Endpoint, store: AnswerStore, clock: StillClock
) -> Iterator[Callable[..., OnlineExecutor]]:
    """Makes executors against the endpoint, each with a report of its own."""
    with ExitStack() as stack:

        def make(timeout: float = 5.0, **options: Any) -> OnlineExecutor:
            opened = OpenAIProvider(endpoint.url, KEY, timeout=timeout)
            stack.callback(opened.close)
            options = {"slots": 8, "clock": clock, **options}
            return OnlineExecutor(opened, store, options.pop("report", Report(Prices.load())), **options)

        yield make
