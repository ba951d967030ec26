"""What went out in batch files and has not come back: beside the answers, in the same database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from deeppersona_graph.llm.abilities import KnownAbilities
from deeppersona_graph.llm.database import Database
from deeppersona_graph.llm.faults import Fault
from deeppersona_graph.llm.request import Request


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file of requests that was written."""

    name: str
    wave: int
    model: str
    requests: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that is out: what an answer's record needs, which a response does not tell."""

    key: str
    prompt: str
    version: int
    model: str
    characters: int

    @classmethod
    def of(cls, request: Request[Any]) -> Pending:
        """The record of a request."""
        return cls(request.key, request.prompt, request.version, request.model, request.characters)


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How far a file has come; `requests` = `answered` + `failed` + `pending`."""

    name: str
    wave: int
    model: str
    requests: int
    answered: int
    failed: int
    pending: int


class Outbox:
    """Requests that are out, by file, and those that came back as failures.

    Every method raises `AnswerStoreError` where the database cannot be opened, read or written.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_wave(self) -> int:
        """The number of the newest wave; 0: none yet."""
        return self._database.read(
            lambda c: int(c.execute("SELECT coalesce(max(wave), 0) FROM batch_files").fetchone()[0])
        )

    def send(self, file: BatchFile, requests: Sequence[Pending]) -> None:
        """Record that these requests are out in this file."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO batch_files VALUES (?, ?, ?, ?, ?)", (*astuple(file), time.time())
            )
            connection.executemany(
                "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (one.key, file.name, one.prompt, one.version, one.model, one.characters)
                    for one in requests
                ],
            )
            connection.executemany("DELETE FROM failures WHERE key = ?", [(one.key,) for one in requests])

        self._database.write(write)

    def is_pending(self, key: str) -> bool:
        """Whether a request is out."""
        query = "SELECT 1 FROM pending WHERE key = ?"
        return self._database.read(lambda c: c.execute(query, (key,)).fetchone()) is not None

    def final_failure(self, key: str) -> str | None:
        """Why a request will never be answered; None: as far as known, it may be."""
        query = "SELECT message FROM failures WHERE key = ? AND final"
        row = self._database.read(lambda c: c.execute(query, (key,)).fetchone())
        return None if row is None else str(row[0])

    def abilities(self) -> KnownAbilities:
        """What the rejections so far tell of the models, in the order in which they came."""
        query = "SELECT model, status, code, parameter, message FROM rejections ORDER BY rowid"
        known = KnownAbilities()
        for row in self._database.read(lambda c: c.execute(query).fetchall()):
            model, status, code, parameter, message = row
            fault = Fault("rejected", message, status=status, code=code, parameter=parameter)
            known.learn(model, known.of(model), fault)
        return known

    def forget_failures(self, keys: Iterable[str]) -> None:
        """Let the next wave ask these again."""
        rows = [(key,) for key in keys]
        self._database.write(lambda c: c.executemany("DELETE FROM failures WHERE key = ?", rows))

    def withdraw(self, name: str) -> int:
        """Give up a file that was lost or never sent: its open requests go out again; returns how many.

        They count as requests of the file no more.
        """

        def write(connection: sqlite3.Connection) -> int:
            open_ = connection.execute("DELETE FROM pending WHERE file = ?", (name,)).rowcount
            connection.execute("UPDATE batch_files SET requests = requests - ? WHERE file = ?", (open_, name))
            return open_

        return self._database.write(write)

    def status(self) -> list[BatchStatus]:
        """All files, by wave."""
        query = """
        SELECT file, wave, model, requests,
               (SELECT count(*) FROM failures WHERE failures.file = batch_files.file),
               (SELECT count(*) FROM pending WHERE pending.file = batch_files.file)
        FROM batch_files ORDER BY wave, file
        """
        rows = self._database.read(lambda c: c.execute(query).fetchall())
        return [
            BatchStatus(name, wave, model, requests, requests - failed - pending, failed, pending)
            for name, wave, model, requests, failed, pending in rows
        ]
