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

LAYOUT = 2
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
CREATE TABLE IF NOT EXISTS packs (
    key TEXT PRIMARY KEY, prompt TEXT NOT NULL, questions TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejections (
    model TEXT NOT NULL, status INTEGER, code TEXT, parameter TEXT, message TEXT NOT NULL
);
"""

T = TypeVar("T")


class _Line:
    """A connection, where there is one, and the lock that lets one thread at a time use it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connection: sqlite3.Connection | None = None

    def close(self) -> None:
        with self.lock:
            if self.connection is not None:
                self.connection.close()
                self.connection = None


class Database:
    """The file `path`, shared by threads: one connection reads and one writes, so that reading never waits
    until what is written is on disk.

    Every method raises `AnswerStoreError` where the file cannot be opened, read or written. What is in the
    file was paid for, so a damaged one is reported and never replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reading, self._writing = _Line(), _Line()

    def read(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `action`, which only reads."""
        return self._speaking(self._reading, action)

    def write(self, action: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `action` in one transaction, which is on disk when this returns, or not at all."""

        def transaction(connection: sqlite3.Connection) -> T:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return action(connection)

        return self._speaking(self._writing, transaction)

    def close(self) -> None:
        """Close the file; it is opened again when next used."""
        self._reading.close()
        self._writing.close()

    def _speaking(self, line: _Line, action: Callable[[sqlite3.Connection], T]) -> T:
        with line.lock:
            try:
                return action(self._open(line))
            except (sqlite3.Error, OSError) as error:
                line.close()
                raise AnswerStoreError(
                    f"the store of answers {self.path} cannot be used: {error}; make its folder writable, "
                    "mend the file, or move it away and give up the answers in it"
                ) from error

    def _open(self, line: _Line) -> sqlite3.Connection:
        if line.connection is None:
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
            line.connection = connection
        return line.connection

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
