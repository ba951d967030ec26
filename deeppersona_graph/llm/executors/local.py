"""Runs programs that ask nothing: they have chores alone, done for many of them together."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, TypeVar

from deeppersona_graph.llm.executors.crowd import Crowd, Sources
from deeppersona_graph.llm.executors.drive import Outcome, Task
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request

OPEN = 100
"""Programs that are open at once: while the chores of some are done, others advance."""

T = TypeVar("T")


class LocalExecutor:
    """Advances programs and does their chores. `report` has nothing but failures to tell."""

    def __init__(self) -> None:
        self.report = Report(Prices({}))

    def run(self, tasks: Iterable[Task[T]]) -> Generator[Outcome[T], None, None]:
        """The outcome of every program, in the order in which they end; raises `TypeError` where one asks."""
        sources = Sources(lookup=lambda _: None, ask=_refuse, failed=lambda _: None, stop=lambda: None)
        crowd: Crowd[T] = Crowd(sources, self.report, slots=1, most=OPEN)
        try:
            yield from crowd.outcomes(iter(tasks))
        finally:
            crowd.close(0.0)


def _refuse(request: Request[Any]) -> None:
    raise TypeError(f"{request} was asked where there is nobody to ask")
