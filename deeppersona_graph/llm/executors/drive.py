"""A program on its way: sent the answers that are there, until it wants one that is not, or ends.

Programs run in the thread that iterates over an executor's outcomes and in no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from deeppersona_graph.errors import DeepPersonaError, ModelAnswerError
from deeppersona_graph.llm.answers import Raw
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Program, Request
from deeppersona_graph.llm.settle import Exhausted, Settled, settle

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Task(Generic[T_co]):
    """A program and the name it is reported by."""

    name: str
    program: Program[T_co]


@dataclass(frozen=True, slots=True)
class Finished(Generic[T_co]):
    """A program's result. `keys` are the requests whose answers it used, in order: its provenance."""

    name: str
    value: T_co
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A program that came to nothing, and why."""

    name: str
    error: DeepPersonaError


@dataclass(frozen=True, slots=True)
class Parked:
    """A program that waits for an answer from a batch file."""

    name: str
    request: str


Outcome: TypeAlias = Finished[T] | Failed | Parked


class Executor(Protocol):
    """Gets programs their answers."""

    def run(self, tasks: Iterable[Task[T]]) -> Iterator[Outcome[T]]:
        """The outcome of every program, in the order in which they end."""
        ...


class Running(Generic[T]):
    """One program between its start and its outcome."""

    def __init__(self, task: Task[T], report: Report) -> None:
        self._task, self._report = task, report
        self._request: Request[Any] | None = None
        self._asked: set[str] = set()
        self._keys: list[str] = []

    @property
    def name(self) -> str:
        """What the program is reported by."""
        return self._task.name

    def advance(self, lookup: Callable[[str], Raw | None]) -> Finished[T] | Failed | Request[Any]:
        """Run on; the request whose answer is wanted next, or the outcome.

        `ModelAnswerError` is thrown into the program, which may go another way. Errors that are not ours
        are faults of the program's code and are raised.
        """
        try:
            if self._request is None:
                self._request = _checked(next(self._task.program))
            while True:
                settled = settle(self._request, lookup)
                if isinstance(settled, Request):
                    self._asked.add(settled.key)
                    return settled
                self._count(settled)
                if isinstance(settled, Exhausted):
                    self._request = _checked(self._task.program.throw(settled.error))
                else:
                    self._keys.append(settled.key)
                    self._request = _checked(self._task.program.send(settled.value))
        except StopIteration as end:
            return Finished(self.name, end.value, tuple(self._keys))
        except DeepPersonaError as error:
            return self.fail(error)

    def fail(self, error: DeepPersonaError) -> Failed:
        """End the program for a reason that lies outside of it."""
        self.close()
        self._report.count("given up")
        return Failed(self.name, error)

    def close(self) -> None:
        """End the program without an outcome."""
        self._task.program.close()

    def _count(self, settled: Settled[Any] | Exhausted) -> None:
        used = [key for key, _ in settled.flaws]
        if isinstance(settled, Settled):
            used.append(settled.key)
        for key in used:
            if key not in self._asked:
                self._report.count("from the store")
        for _, flaw in settled.flaws:
            self._report.count(flaw.flaw)
        self._asked.clear()


def set_aside_keys(outcome: Failed) -> tuple[str, ...]:
    """The answers that a program failed on; without them in the store, the next run asks anew."""
    return outcome.error.keys if isinstance(outcome.error, ModelAnswerError) else ()


def _checked(yielded: Any) -> Request[Any]:
    if not isinstance(yielded, Request):
        raise TypeError(f"a program yields requests, not {type(yielded).__name__}; `yield from` programs")
    return yielded
