"""Runs many programs at once against an endpoint, with a bounded number of threads.

Programs advance in the caller's thread; the threads only ask. More programs are open than there are slots, so
that a slot never waits for a program, and they take turns, so that they end together and the slots stay busy
to the end.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from deeppersona_graph.errors import DeepPersonaError, ModelUnavailableError
from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.clock import Clock, RealClock
from deeppersona_graph.llm.executors.ask import Asking
from deeppersona_graph.llm.executors.drive import Failed, Outcome, Running, Task, set_aside_keys
from deeppersona_graph.llm.gate import Gate, StoppedError
from deeppersona_graph.llm.providers import Provider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request
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
        run: _Run[T] = _Run(asking, self._store, self.report, gate, self._slots, self._programs)
        try:
            yield from run.outcomes(iter(tasks))
        finally:
            run.close(self._grace)


@dataclass(frozen=True, slots=True)
class _Reply:
    """From a thread: the request's answer is in the store, or there is none, or the run is over."""

    key: str
    trouble: ModelUnavailableError | None = None
    over: BaseException | None = None


class _Run(Generic[T]):
    def __init__(
        self, asking: Asking, store: AnswerStore, report: Report, gate: Gate, slots: int, programs: int
    ) -> None:
        self._asking, self._store, self._report, self._gate = asking, store, report, gate
        self._slots, self._most = slots, programs
        self._open = self._threads = 0
        self._requests: queue.SimpleQueue[Request[Any] | None] = queue.SimpleQueue()
        self._replies: queue.SimpleQueue[_Reply] = queue.SimpleQueue()
        self._waiting: dict[str, list[Running[T]]] = {}
        self._over: BaseException | None = None

    def outcomes(self, tasks: Iterator[Task[T]]) -> Iterator[Outcome[T]]:
        while True:
            while self._over is None and self._open < self._most:
                task = next(tasks, None)
                if task is None:
                    break
                self._open += 1
                yield from self._advance(Running(task, self._report))
            if not self._waiting:
                break
            yield from self._receive(self._replies.get())
        if self._over is not None:
            raise self._over

    def close(self, grace: float) -> None:
        """Ask nothing more; wait a little for what is in flight, so that it is not paid in vain."""
        self._gate.stop()
        until = time.monotonic() + grace
        while self._waiting:
            try:
                reply = self._replies.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            self._waiting.pop(reply.key)
        for _ in range(self._threads):
            self._requests.put(None)

    def _receive(self, reply: _Reply) -> Iterator[Outcome[T]]:
        if reply.over is not None and (self._over is None or isinstance(self._over, StoppedError)):
            self._over = reply.over
            self._gate.stop()
        for running in self._waiting.pop(reply.key):
            if reply.over is not None:
                running.close()
                self._open -= 1
            elif reply.trouble is not None:
                self._open -= 1
                yield running.fail(reply.trouble)
            else:
                yield from self._advance(running)

    def _advance(self, running: Running[T]) -> Iterator[Outcome[T]]:
        step = running.advance(self._store.get)
        if isinstance(step, Request):
            self._want(step, running)
            return
        self._open -= 1
        if isinstance(step, Failed):
            self._store.set_aside(set_aside_keys(step), str(step.error))
        yield step

    def _want(self, request: Request[Any], running: Running[T]) -> None:
        if self._over is not None:
            running.close()
            self._open -= 1
        elif request.key in self._waiting:
            self._report.count("shared")
            self._waiting[request.key].append(running)
        else:
            self._waiting[request.key] = [running]
            self._requests.put(request)
            if self._threads < min(self._slots, len(self._waiting)):
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name=f"ask-{self._threads}").start()

    def _work(self) -> None:
        """A thread: answers requests until there are no more."""
        while (request := self._requests.get()) is not None:
            try:
                reply = _Reply(request.key, trouble=self._asking.ask(request))
            except (DeepPersonaError, StoppedError) as error:
                reply = _Reply(request.key, over=error)
            finally:
                if (bug := sys.exception()) is not None:
                    self._replies.put(_Reply(request.key, over=bug))
            self._replies.put(reply)
