"""Work of this machine that programs want done: a statement to the graph, vectors; many programs' together.

A program yields a `Chore` as it yields a request, and is sent what came of it. Executors hand the chores of
many programs to their worker at once, as GraphQL's DataLoader does, since a statement for fifty people costs
little more than one for a single person.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from deeppersona_graph.errors import DeepPersonaError

X = TypeVar("X")
Y = TypeVar("Y")
X_contra = TypeVar("X_contra", contravariant=True)
Y_co = TypeVar("Y_co", covariant=True)
W = TypeVar("W")


class Worker(Protocol[X_contra, Y_co]):
    """Does the chores of one kind; it is called in one thread at a time."""

    @property
    def most(self) -> int:
        """How many it takes at once."""
        ...

    def __call__(self, wanted: Sequence[X_contra], /) -> Sequence[Y_co | DeepPersonaError]:
        """What came of each, in order; an error in place of a result goes to its program alone.

        What is raised ends the run.
        """
        ...


@dataclass(frozen=True, slots=True)
class Chore(Generic[X, Y]):
    """One piece of work, for its worker."""

    worker: Worker[X, Y]
    wanted: X


class Queue(Generic[W]):
    """Chores that wait, each with whoever waits for it; taken by kind, the longest waiting first."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[tuple[W, Chore[Any, Any]]]] = {}
        """By worker, in the order in which a worker's first chore came."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, waiting: W, chore: Chore[Any, Any]) -> None:
        """Put a chore at the end."""
        self._waiting.setdefault(id(chore.worker), deque()).append((waiting, chore))

    def take(self, busy: Container[int] = ()) -> list[tuple[W, Chore[Any, Any]]]:
        """The next chores, all of one worker and as many as it takes at once; workers that are `busy` (by
        `id`) are passed over, and where there is no other, the list is empty."""
        kind = next((kind for kind in self._waiting if kind not in busy), None)
        if kind is None:
            return []
        queue = self._waiting.pop(kind)
        taken = [queue.popleft() for _ in range(min(len(queue), queue[0][1].worker.most))]
        if queue:
            self._waiting[kind] = queue
        return taken


def done(chores: Sequence[Chore[Any, Any]]) -> list[Any]:
    """What comes of chores of one worker, in order; raises what the worker raises."""
    came: Iterable[Any] = chores[0].worker([chore.wanted for chore in chores])
    results = list(came)
    assert len(results) == len(chores)
    return results
