"""Runs many programs at once against an endpoint, with a bounded number of requests in flight."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TypeVar

from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.clock import Clock, RealClock
from deeppersona_graph.llm.executors.ask import Asking
from deeppersona_graph.llm.executors.crowd import Crowd, Sources
from deeppersona_graph.llm.executors.drive import Failed, Outcome, Task, set_aside_keys
from deeppersona_graph.llm.gate import Gate
from deeppersona_graph.llm.providers import Provider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import AnswerStore

OPEN_A_SLOT = 4
"""Programs that are open for each slot, where nothing else is said."""

GRACE = 10.0
"""Seconds that requests in flight get to bring their answers home when a run is stopped."""

T = TypeVar("T")


class OnlineExecutor:
    """Asks an endpoint for what is not in the store."""

    def __init__(
        self,
        provider: Provider,
        store: AnswerStore,
        report: Report,
        *,
        slots: int = 32,
        programs: int | None = None,
        budget: Budget | None = None,
        clock: Clock | None = None,
        grace: float = GRACE,
    ) -> None:
        """`slots` is the number of requests in flight at most, `programs` of programs that are open at once
        (none: 4 for each slot): the more, the busier the slots at the end, and the later the first one ends.
        """
        self._provider, self._store, self.report = provider, store, report
        self._slots, self._budget, self._grace = slots, budget, grace
        self._programs = max(slots, programs or OPEN_A_SLOT * slots)
        self._clock = clock or RealClock()

    def run(self, tasks: Iterable[Task[T]]) -> Generator[Outcome[T], None, None]:
        """The outcome of every program, in the order in which they end; tasks are taken as they are needed.

        A program that fails is a `Failed` and stops no other. Raises what ends a run, once requests in flight
        have come home and programs that could end have ended: `ModelAccessError` (the key, the model),
        `ModelUnavailableError` (the endpoint is gone), `BudgetError`, `AnswerStoreError`. Left early, by
        an exception or Ctrl-C, it asks nothing more and waits a little for what is in flight.
        """
        gate = Gate(self._slots, self._clock)
        asking = Asking(self._provider, self._store, self.report, gate, self._clock, self._budget)
        sources = Sources(lookup=self._store.get, ask=asking.ask, failed=self._set_aside, stop=gate.stop)
        crowd: Crowd[T] = Crowd(sources, self.report, self._slots, self._programs)
        try:
            yield from crowd.outcomes(iter(tasks))
        finally:
            crowd.close(self._grace)

    def _set_aside(self, failed: Failed) -> None:
        self._store.set_aside(set_aside_keys(failed), str(failed.error))
