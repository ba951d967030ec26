"""Runs programs wave by wave: what is not in the store goes into files for a provider's Batch API.

A program that wants a missing answer is parked; after its answers have been imported, running the same
programs again takes it on to the next wave. One wave is one run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path
from shutil import copy2
from typing import Any, TypeVar

from deeppersona_graph.errors import InputError, ModelUnavailableError, UnknownNameError
from deeppersona_graph.llm.executors.drive import (
    Failed,
    Finished,
    Outcome,
    Parked,
    Running,
    Task,
    run_together,
    set_aside_keys,
)
from deeppersona_graph.llm.executors.wave import MOST_BYTES, MOST_REQUESTS, Wave
from deeppersona_graph.llm.outbox import BatchStatus, Outbox
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Request
from deeppersona_graph.llm.store import AnswerStore
from deeppersona_graph.model.names import nearest

FOLDER = "batches"
"""In the data folder."""

T = TypeVar("T")


class BatchExecutor:
    """Writes the requests of a wave into `folder`; `files` are those of the last run."""

    def __init__(
        self,
        store: AnswerStore,
        folder: Path,
        report: Report,
        *,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._store, self._folder, self.report = store, folder, report
        self._outbox = Outbox(store.database)
        self._most_requests, self._most_bytes = most_requests, most_bytes
        self.files: tuple[Path, ...] = ()

    def run(self, tasks: Iterable[Task[T]]) -> Generator[Outcome[T], None, None]:
        """The outcome of every program, in order; afterwards the files are in place.

        A run that is left early writes no file.
        """
        self.files = ()
        limits = {"most_requests": self._most_requests, "most_bytes": self._most_bytes}
        with Wave(self._outbox, self._folder, **limits) as wave:
            for running, step in run_together(tasks, self._store.get, self.report):
                yield self._outcome(running, step, wave)
            self.files = tuple(wave.finish())

    def _outcome(
        self, running: Running[T], step: Finished[T] | Failed | Request[Any], wave: Wave
    ) -> Outcome[T]:
        if isinstance(step, Request):
            return self._parked(running, step, wave)
        if isinstance(step, Failed):
            self._store.set_aside(set_aside_keys(step), str(step.error))
        return step

    def _parked(self, running: Running[T], request: Request[Any], wave: Wave) -> Parked | Failed:
        rejected = self._outbox.final_failure(request.key)
        if rejected is not None:
            self._outbox.forget_failures([request.key])
            return running.fail(
                ModelUnavailableError(f"{request} was rejected ({rejected}); the endpoint does not take it")
            )
        if not self._outbox.is_pending(request.key):
            wave.add(request)
        running.close()
        return Parked(running.name, str(request))


def export_batches(store: AnswerStore, kept: Path, folder: Path) -> list[Path]:
    """Copy the files in `kept` that still wait for answers into `folder`; where they are now.

    Raises `InputError` where none waits, one is gone, or the folder cannot be written; where one is gone,
    nothing is copied.
    """
    waiting = [one.name for one in batch_status(store) if one.pending]
    if not waiting:
        raise InputError(
            "no batch file waits for answers; `deeppersona generate --model … --via batch` writes some"
        )
    for name in waiting:
        if not (kept / name).is_file():
            raise InputError(
                f"the batch file {name} is gone from {kept}; put it back, or give it up with "
                f"`deeppersona batch withdraw {name}`"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(copy2(kept / name, folder / name)) for name in waiting]
    except OSError as error:
        raise InputError(
            f"cannot copy to {folder}: {error.strerror or error}; choose another folder"
        ) from error


def batch_status(store: AnswerStore) -> list[BatchStatus]:
    """How far every batch file has come, by wave."""
    return Outbox(store.database).status()


def withdraw_batch(store: AnswerStore, name: str) -> int:
    """Give up the batch file `name`: its open requests go out again in the next wave; returns how many.

    Raises `UnknownNameError` where no batch file is called that.
    """
    outbox = Outbox(store.database)
    known = [one.name for one in outbox.status()]
    if name not in known:
        raise UnknownNameError(
            "batch file", name, nearest(name, known), hint="`deeppersona batch status` shows all"
        )
    return outbox.withdraw(name)
