"""Small programs to run: several steps, each of whose questions holds the answer before it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from deeppersona_graph.llm.executors.drive import Task
from deeppersona_graph.llm.prompts import Prompts
from deeppersona_graph.llm.request import Asker, Program

PROMPTS = Prompts(Path(__file__).parent / "prompts")
MODEL = "gpt-4o-mini"
ASKER = Asker(PROMPTS, MODEL)


class Word(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str
    number: int


def chain(name: str, steps: int, asker: Asker = ASKER) -> Program[tuple[str, ...]]:
    """`steps` words, each asked for with those before it."""
    words: list[str] = []
    for step in range(steps):
        answer = yield from asker.ask("next-word", Word, name=name, step=step, before=" ".join(words))
        words.append(answer.value.word)
    return tuple(words)


def tasks(count: int, steps: int, asker: Asker = ASKER) -> Iterator[Task[tuple[str, ...]]]:
    for number in range(count):
        yield Task(f"person {number}", chain(f"person {number}", steps, asker))


class StillClock:
    """A clock that goes on by itself only when somebody waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 1000.0
        self.waits: list[float] = []

    def now(self) -> float:
        with self._lock:
            return self._now

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        with self._lock:
            self.waits.append(seconds)
            self._now += seconds
        return stop.is_set()
