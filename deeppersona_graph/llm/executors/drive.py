"""A program on its way: sent the answers that are there, until it wants one that is not, a chore, or ends.

Programs run in the thread that iterates over an executor's outcomes and in no other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from deeppersona_graph.errors import DeepPersonaError, ModelAnswerError
from deeppersona_graph.llm.answers import Raw
from deeppersona_graph.llm.chores import Chore, Queue, done
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Answered, Program, Request
from deeppersona_graph.llm.settle import Exhausted, Settled, settle

AT_ONCE = 50
"""Programs that are run side by side where nothing is asked, so that their chores are done together."""

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

    def run(self, tasks: Iterable[Task[T]]) -> Generator[Outcome[T], None, None]:
        """The outcome of every program, in the order in which they end; once closed, nothing is at work."""
        ...


class Running(Generic[T]):
    """One program between its start and its outcome."""

    def __init__(self, task: Task[T], report: Report) -> None:
        self._task, self._report = task, report
        self._wanted: Request[Any] | Chore[Any, Any] | None = None
        self.turn = 0.0
        """When it is its turn to ask, beside others: the lower, the sooner."""
        self._asked: set[str] = set()
        self._keys: list[str] = []

    @property
    def name(self) -> str:
        """What the program is reported by."""
        return self._task.name

    def advance(
        self, lookup: Callable[[str], Raw | None], came: Any = None
    ) -> Finished[T] | Failed | Request[Any] | Chore[Any, Any]:
        """Run on; the request whose answer is wanted next, the chore that is, or the outcome.

        `came` is what came of the chore that was wanted. `ModelAnswerError`, and an error that came of a
        chore, is thrown into the program, which may go another way. Errors that are not ours are faults of
        the program's code and are raised.
        """
        program = self._task.program
        try:
            if isinstance(self._wanted, Chore):
                self._wanted = _checked(
                    program.throw(came) if isinstance(came, DeepPersonaError) else program.send(came)
                )
            elif self._wanted is None:
                self._wanted = _checked(next(program))
            while isinstance(self._wanted, Request):
                settled = settle(self._wanted, lookup)
                if isinstance(settled, Request):
                    self._asked.add(settled.key)
                    return settled
                self._count(settled)
                if isinstance(settled, Exhausted):
                    self._wanted = _checked(program.throw(settled.error))
                else:
                    self._keys.append(settled.key)
                    self._wanted = _checked(program.send(Answered(settled.value, settled.key)))
            return self._wanted
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


def run_together(
    tasks: Iterable[Task[T]], lookup: Callable[[str], Raw | None], report: Report, at_once: int = AT_ONCE
) -> Iterator[tuple[Running[T], Finished[T] | Failed | Request[Any]]]:
    """Every program as far as the answers of `lookup` carry it, in order; `at_once` are run side by side, and
    their chores done together."""
    waiting = iter(tasks)
    while group := [Running(task, report) for task in islice(waiting, at_once)]:
        steps = [running.advance(lookup) for running in group]
        while chores := _chores(steps):
            taken = chores.take()
            for (place, _), came in zip(taken, done([chore for _, chore in taken]), strict=True):
                steps[place] = group[place].advance(lookup, came)
        for running, step in zip(group, steps, strict=True):
            assert not isinstance(step, Chore)
            yield running, step


def _chores(steps: Iterable[Finished[T] | Failed | Request[Any] | Chore[Any, Any]]) -> Queue[int]:
    """The chores among the steps, each with its place."""
    found: Queue[int] = Queue()
    for place, step in enumerate(steps):
        if isinstance(step, Chore):
            found.add(place, step)
    return found


def _checked(yielded: Any) -> Request[Any] | Chore[Any, Any]:
    if not isinstance(yielded, Request | Chore):
        raise TypeError(f"a program yields requests, not {type(yielded).__name__}; `yield from` programs")
    return yielded
