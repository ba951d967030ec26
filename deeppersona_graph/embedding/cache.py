"""Vectors on disk, so that nothing is embedded twice: one SQLite file for all processes.

A row is found by a hash of what decides the vector: the model's identity and the text.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from filelock import FileLock

from deeppersona_graph.embedding.protocol import Vectors
from deeppersona_graph.errors import EmbeddingError
from deeppersona_graph.model.seeds import digest

log = logging.getLogger(__name__)

CHUNK = 500
PATIENCE = 60.0
"""Seconds to wait for another process's writing."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_T = TypeVar("_T")


def vector_key(identity: str, text: str) -> bytes:
    """The key of a text's vector under the model of this identity."""
    return digest("vector", identity, text)


class VectorCache:
    """Vectors by key, in the file `path`. Safe for several threads and several processes.

    A damaged file is set aside under another name and a new one begun, with a line in the log. Every method
    raises `EmbeddingError` if the file cannot be opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The vectors that are there, one-dimensional and read-only."""

        def read(connection: sqlite3.Connection) -> dict[bytes, Vectors]:
            found: dict[bytes, Vectors] = {}
            for chunk in _chunks(keys):
                marks = ",".join("?" * len(chunk))
                rows = connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", chunk)
                found.update(
                    {key: np.frombuffer(row, dtype="<f4") for key, row in rows if self._is_whole(row)}
                )
            return found

        return self._with_connection(read)

    def put(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Keep the vectors; all of them are on disk when this returns, or none of a chunk."""

        def write(connection: sqlite3.Connection) -> None:
            for chunk in _chunks(vectors):
                rows = [(key, vectors[key].astype("<f4", copy=False).tobytes()) for key in chunk]
                with connection:
                    connection.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", rows)

        self._with_connection(write)

    def close(self) -> None:
        """Close the file; it is opened again when next used."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _is_whole(self, row: bytes) -> bool:
        """Whether the row is a unit vector; any other is embedded again and replaced."""
        if (
            len(row) % 4 == 0
            and abs(np.linalg.norm(np.frombuffer(row, dtype="<f4").astype(float)) - 1) < 1e-3
        ):
            return True
        log.warning("a damaged vector in %s is computed anew", self._path)
        return False

    def _with_connection(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._lock:
            try:
                try:
                    return action(self._open())
                except sqlite3.DatabaseError as error:
                    if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                        raise
                    self._set_aside(error)
                    return action(self._open())
            except (sqlite3.Error, OSError) as error:
                self.close()
                raise EmbeddingError(
                    f"the cache of vectors {self._path} cannot be used: {error}; "
                    "make its folder writable or set another data_dir"
                ) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Two processes that turn on the write-ahead log at once would lock each other out.
            with self._file_lock():
                self._path.touch()
                self._inode = self._path.stat().st_ino
                self._connection = sqlite3.connect(self._path, timeout=PATIENCE, check_same_thread=False)
                weakref.finalize(self, self._connection.close)
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
                )
        return self._connection

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        with self._file_lock():
            if not self._path.exists() or self._path.stat().st_ino != self._inode:
                return  # another process was faster
            aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
            self._path.replace(aside)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        log.warning("the cache of vectors was damaged (%s): set aside as %s, a new one begun", error, aside)

    def _file_lock(self) -> FileLock:
        return FileLock(self._path.with_name(self._path.name + ".lock"))


def _chunks(keys: Sequence[bytes] | Mapping[bytes, Vectors]) -> Iterator[list[bytes]]:
    rest = iter(keys)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
