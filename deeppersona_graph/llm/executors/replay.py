"""Runs programs on recorded answers alone: for tests, demonstrations and proofs. Nothing is ever asked."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TypeVar

from deeppersona_graph.errors import MissingAnswerError
from deeppersona_graph.llm.executors.drive import Outcome, Task, run_together
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.store import AnswerStore

T = TypeVar("T")


class ReplayExecutor:
    """Answers from the store, in order of the tasks; a missing answer fails the program that wants it."""

    def __init__(self, store: AnswerStore, report: Report) -> None:
        self._store, self.report = store, report

    def run(self, tasks: Iterable[Task[T]]) -> Generator[Outcome[T], None, None]:
        """The outcome of every program, in order; `MissingAnswerError` names prompt and key."""
        for running, step in run_together(tasks, self._store.get, self.report):
            if isinstance(step, Request):
                yield running.fail(
                    MissingAnswerError(
                        f"no answer is recorded for {step.prompt}/{step.version}, key {step.key}; record it "
                        "online or through a batch, or mend the recording"
                    )
                )
            else:
                yield step
