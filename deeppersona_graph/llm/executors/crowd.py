"""Many programs open at once: they advance in the caller's thread, threads of their own ask and do chores.

More programs are open than there are slots, so that a slot never waits for a program, and they take turns, so
that they end together and the slots stay busy to the end. Each worker has a thread for its chores, and does
those together that came up while it was busy.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from deeppersona_graph.errors import DeepPersonaError, ModelUnavailableError
from deeppersona_graph.llm.answers import Raw
from deeppersona_graph.llm.chores import Chore, Queue, done
from deeppersona_graph.llm.executors.drive import Failed, Finished, Outcome, Running, Task
from deeppersona_graph.llm.gate import StoppedError
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request

HEAD_START = 7.0
"""Requests by which the first of the open programs are ahead of the last, so that their chores do not all
come up at once."""

LOOK_AGAIN = 0.5
"""Seconds between looks at whether the interpreter ends while chores are waited for."""

T = TypeVar("T")

Ask: TypeAlias = Callable[[Request[Any]], ModelUnavailableError | None]
"""Sees to it that an answer can be looked up; returns why there is none, raises what ends the run."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a crowd of programs gets its answers."""

    lookup: Callable[[str], Raw | None]
    ask: Ask
    failed: Callable[[Failed], None]
    """Told of every program that came to nothing."""
    stop: Callable[[], None]
    """Called when nothing more is to be asked."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """From a thread: the request's answer is there, or there is none, or the run is over."""

    key: str
    trouble: ModelUnavailableError | None = None
    over: BaseException | None = None


@dataclass(frozen=True, slots=True)
class _Did(Generic[T]):
    """From the thread of a worker: what came of its chores, or the run is over."""

    worker: int
    waiting: Sequence[Running[T]]
    came: Sequence[Any] = ()
    over: BaseException | None = None


_Taken: TypeAlias = list[tuple[Running[T], Chore[Any, Any]]]


class Crowd(Generic[T]):
    """The programs of one run: `slots` requests are in flight and `most` programs open, at most."""

    def __init__(self, sources: Sources, report: Report, slots: int, most: int) -> None:
        self._sources, self._report = sources, report
        self._slots, self._most = slots, most
        self._open = self._threads = 0
        self._requests: queue.PriorityQueue[tuple[float, int, Request[Any] | None]] = queue.PriorityQueue()
        """By how far its program is, then by order."""
        self._put = self._opened = 0
        self._replies: queue.SimpleQueue[_Reply | _Did[T]] = queue.SimpleQueue()
        self._waiting: dict[str, list[Running[T]]] = {}
        self._chores: Queue[Running[T]] = Queue()
        self._crew: dict[int, queue.SimpleQueue[_Taken[T] | None]] = {}
        """What is handed to the thread of each worker."""
        self._busy: set[int] = set()
        """Workers that are at their chores."""
        self._idle = False
        """Whether no more chores are done, since some failed for good."""
        self._over: BaseException | None = None

    def outcomes(self, tasks: Iterator[Task[T]]) -> Iterator[Outcome[T]]:
        """The outcome of every program, in the order in which they end; tasks are taken as needed."""
        while True:
            while self._over is None and self._open < self._most:
                task = next(tasks, None)
                if task is None:
                    break
                self._open += 1
                running = Running(task, self._report)
                running.turn = HEAD_START * (self._opened % self._most) / self._most
                self._opened += 1
                yield from self._advance(running)
            if not self._waiting and not self._chores and not self._busy:
                break
            yield from self._receive(self._next_reply())
        if self._over is not None:
            raise self._over

    def close(self, grace: float) -> None:
        """Ask nothing more; wait for chores being done, and `grace` seconds for what is in flight."""
        self._sources.stop()
        until = time.monotonic() + grace
        while self._waiting or self._busy:
            left = max(0.0, until - time.monotonic())
            try:
                reply = self._replies.get(timeout=LOOK_AGAIN if self._busy else left)
            except queue.Empty:
                if self._busy and not sys.is_finalizing():  # then its threads stand still for good
                    continue
                break
            if isinstance(reply, _Did):
                self._busy.discard(reply.worker)
            else:
                self._waiting.pop(reply.key)
        for _ in range(self._threads):
            self._hand(float("inf"), None)
        for handed in self._crew.values():
            handed.put(None)

    def _next_reply(self) -> _Reply | _Did[T]:
        """What a thread sent; chores are handed over when there is nothing else to do, many together."""
        try:
            return self._replies.get_nowait()
        except queue.Empty:
            pass
        while taken := self._chores.take(self._busy):
            worker = id(taken[0][1].worker)
            self._busy.add(worker)
            if worker not in self._crew:
                self._crew[worker] = queue.SimpleQueue()
                threading.Thread(
                    target=self._do_chores, args=(worker, self._crew[worker]), daemon=True, name="chores"
                ).start()
            self._crew[worker].put(taken)
        return self._replies.get()

    def _receive(self, reply: _Reply | _Did[T]) -> Iterator[Outcome[T]]:
        if reply.over is not None and (self._over is None or isinstance(self._over, StoppedError)):
            self._over = reply.over
            self._sources.stop()
        if isinstance(reply, _Did):
            self._busy.discard(reply.worker)
            self._idle = self._idle or reply.over is not None
            waiting, came = reply.waiting, reply.came or [None] * len(reply.waiting)
        else:
            waiting = self._waiting.pop(reply.key)
            came = [None] * len(waiting)
        while self._idle and self._chores:
            for running, _ in self._chores.take():
                self._drop(running)
        for running, result in zip(waiting, came, strict=True):
            if reply.over is not None:
                self._drop(running)
            elif isinstance(reply, _Reply) and reply.trouble is not None:
                self._open -= 1
                yield running.fail(reply.trouble)
            else:
                yield from self._advance(running, result)

    def _advance(self, running: Running[T], came: Any = None) -> Iterator[Outcome[T]]:
        step = running.advance(self._sources.lookup, came)
        if isinstance(step, Finished | Failed):
            self._open -= 1
            if isinstance(step, Failed):
                self._sources.failed(step)
            yield step
        elif isinstance(step, Chore):
            if self._idle:
                self._drop(running)
            else:  # once no more is asked, programs that only have chores left may still end
                self._chores.add(running, step)
        else:
            self._want(step, running)

    def _want(self, request: Request[Any], running: Running[T]) -> None:
        if self._over is not None:
            self._drop(running)
        elif request.key in self._waiting:
            self._report.count("shared")
            self._waiting[request.key].append(running)
        else:
            self._waiting[request.key] = [running]
            self._hand(running.turn, request)
            running.turn += 1.0
            if self._threads < min(self._slots, len(self._waiting)):
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name=f"ask-{self._threads}").start()

    def _hand(self, turn: float, request: Request[Any] | None) -> None:
        self._put += 1
        self._requests.put((turn, self._put, request))

    def _drop(self, running: Running[T]) -> None:
        running.close()
        self._open -= 1

    def _work(self) -> None:
        """A thread: answers requests until there are no more."""
        while (request := self._requests.get()[2]) is not None:
            try:
                reply = _Reply(request.key, trouble=self._sources.ask(request))
            except (DeepPersonaError, StoppedError) as error:
                reply = _Reply(request.key, over=error)
            finally:
                if (bug := sys.exception()) is not None:
                    self._replies.put(_Reply(request.key, over=bug))
            self._replies.put(reply)

    def _do_chores(self, worker: int, handed: queue.SimpleQueue[_Taken[T] | None]) -> None:
        """The thread of a worker."""
        while (taken := handed.get()) is not None:
            waiting = [running for running, _ in taken]
            try:
                did = _Did(worker, waiting, done([chore for _, chore in taken]))
            except DeepPersonaError as error:
                did = _Did(worker, waiting, over=error)
            finally:
                if (bug := sys.exception()) is not None:
                    self._replies.put(_Did(worker, waiting, over=bug))
            self._replies.put(did)
