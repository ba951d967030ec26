"""The SQLite file of the answers: safe for several threads and processes, and never begun anew by itself."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from deeppersona_graph.errors import AnswerStoreError

PATIENCE = 60.0
"""Seconds to wait for another process's writing."""

LAYOUT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, prompt TEXT NOT NULL, version INTEGER NOT NULL, asked TEXT NOT NULL,
    text TEXT NOT NULL, finish TEXT NOT NULL, refusal TEXT, model TEXT NOT NULL,
    characters INTEGER NOT NULL, sent INTEGER NOT NULL, cached INTEGER NOT NULL, received INTEGER NOT NULL,
    source TEXT NOT NULL, time REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS set_aside (
    key TEXT NOT NULL, prompt TEXT NOT NULL, version INTEGER NOT NULL, reason TEXT NOT NULL,
    text TEXT NOT NULL, finish TEXT NOT NULL, refusal TEXT, model TEXT NOT NULL, time REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS batch_files (
    file TEXT PRIMARY KEY, wave INTEGER NOT NULL, model TEXT NOT NULL, requests INTEGER NOT NULL,
    time REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS pending (
    key TEXT PRIMARY KEY, file TEXT NOT NULL, prompt TEXT NOT NULL, version INTEGER NOT NULL,
    model TEXT NOT NULL, characters INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_file ON pending (file);
CREATE TABLE IF NOT EXISTS failures (
    key TEXT PRIMARY KEY, file TEXT NOT NULL, prompt TEXT NOT NULL, version INTEGER NOT NULL,
    model TEXT NOT NULL, final INTEGER NOT NULL, message TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejections (
    model TEXT NOT NULL, status INTEGER, code TEXT, parameter TEXT, message TEXT NOT NULL
);
"""

T = TypeVar("T")


class Database:
    """One connection to the file `path`, shared by threads.

    Every method raises `AnswerStoreError` where the file cannot be opened, read or written. What is in the
    file was paid for, so a damaged one is reported and never replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `action`, which only reads."""
        return self._speaking(lambda: action(self._open()))

    def write(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `action` in one transaction, which is on disk when this returns, or not at all."""

        def transaction() -> T:
            connection = self._open()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return action(connection)

        return self._speaking(transaction)

    def close(self) -> None:
        """Close the file; it is opened again when next used."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _speaking(self, action: Callable[[], T]) -> T:
        with self._lock:
            try:
                return action()
            except (sqlite3.Error, OSError) as error:
                self.close()
                raise AnswerStoreError(
                    f"the store of answers {self.path} cannot be used: {error}; make its folder writable, "
                    "mend the file, or move it away and give up the answers in it"
                ) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Two processes that turn on the write-ahead log at once would lock each other out.
            with FileLock(self.path.with_name(self.path.name + ".lock")):
                connection = sqlite3.connect(
                    self.path, timeout=PATIENCE, check_same_thread=False, isolation_level=None
                )
                with ExitStack() as undo:
                    undo.callback(connection.close)
                    self._prepare(connection)
                    undo.pop_all()
            weakref.finalize(self, connection.close)
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # An answer that was paid for outlives a loss of power.
        connection.execute("PRAGMA synchronous = FULL")
        layout = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if layout > LAYOUT:
            raise AnswerStoreError(
                f"the store of answers {self.path} was made by a later version of this program; "
                "upgrade, or set another data_dir"
            )
        if layout < LAYOUT:
            connection.executescript(f"{_TABLES} PRAGMA user_version = {LAYOUT};")
