"""Every answer that ever arrived, by the key of its request: what makes a run resumable and replayable.

An answer is on disk before it is used and is never written over, so that what a persona was made from stays.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from deeppersona_graph.llm.answers import Raw, Tokens
from deeppersona_graph.llm.database import Database
from deeppersona_graph.llm.request import Request
from deeppersona_graph.settings import Settings

FILE = "answers.sqlite"

Source = Literal["online", "batch", "assistant", "recorded"]

_PUT = f"INSERT OR IGNORE INTO answers VALUES ({', '.join('?' * 14)})"
_GET = "SELECT text, finish, refusal, model, sent, cached, received FROM answers WHERE key = ?"
_ASIDE = """
INSERT INTO set_aside (key, prompt, version, reason, text, finish, refusal, model, time)
SELECT key, prompt, version, ?, text, finish, refusal, model, time FROM answers WHERE key = ?
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the store: the key and origin of its request, and what came."""

    key: str
    prompt: str
    version: int
    asked: str
    """The model that was asked; `raw.model` is the one that answered."""
    characters: int
    raw: Raw
    source: Source
    time: float
    """Seconds since 1970 when it arrived."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What earlier answers to a prompt were like, for estimates."""

    answers: int
    characters: int
    tokens: Tokens


class AnswerStore:
    """The answers in the file `path`; safe for several threads and processes. `close()` it, or use as a
    context manager.

    Every method raises `AnswerStoreError` where the file cannot be opened, read or written.
    """

    def __init__(self, path: Path) -> None:
        self.database = Database(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; it is opened again when next used."""
        self.database.close()

    def get(self, key: str) -> Raw | None:
        """The answer to the request of this key, as it came."""
        row = self.database.read(lambda connection: connection.execute(_GET, (key,)).fetchone())
        return None if row is None else _raw(row)

    def put(self, request: Request[Any], raw: Raw, source: Source) -> None:
        """Keep the answer; one that is there already stays as it is."""
        self.add(
            [
                Answer(
                    key=request.key,
                    prompt=request.prompt,
                    version=request.version,
                    asked=request.model,
                    characters=request.characters,
                    raw=raw,
                    source=source,
                    time=time.time(),
                )
            ]
        )

    def add(self, answers: Sequence[Answer]) -> int:
        """Keep answers in one transaction; returns how many were new."""
        return self.database.write(lambda connection: add_answers(connection, answers))

    def set_aside(self, keys: Iterable[str], reason: str) -> None:
        """Take answers out that a program failed on, and keep them for the report: the next run asks anew."""

        def move(connection: sqlite3.Connection) -> None:
            for key in keys:
                connection.execute(_ASIDE, (reason, key))
                connection.execute("DELETE FROM answers WHERE key = ?", (key,))

        self.database.write(move)

    def answers(self, keys: Iterable[str] | None = None) -> Iterator[Answer]:
        """Answers in order of key: those of `keys` that are there, or all."""
        if keys is not None:
            for key in sorted(set(keys)):
                yield from self._rows("SELECT * FROM answers WHERE key = ?", key)
            return
        last = ""
        while chunk := self._rows("SELECT * FROM answers WHERE key > ? ORDER BY key LIMIT 500", last):
            yield from chunk
            last = chunk[-1].key

    def set_aside_reasons(self) -> list[tuple[str, str, str]]:
        """Key, prompt and reason of all answers that were set aside, oldest first."""
        query = "SELECT key, prompt, reason FROM set_aside ORDER BY rowid"
        return self.database.read(lambda connection: connection.execute(query).fetchall())

    def experience(self, model: str) -> dict[str, Experience]:
        """By prompt, what was asked of and answered by this model so far."""
        query = """
        SELECT prompt, count(*), sum(characters), sum(sent), sum(cached), sum(received) FROM answers
        WHERE asked = ? AND sent > 0 GROUP BY prompt
        """
        rows = self.database.read(lambda connection: connection.execute(query, (model,)).fetchall())
        return {
            prompt: Experience(count, characters, Tokens(sent, cached, received))
            for prompt, count, characters, sent, cached, received in rows
        }

    def _rows(self, query: str, key: str) -> list[Answer]:
        rows = self.database.read(lambda connection: connection.execute(query, (key,)).fetchall())
        return [_answer(row) for row in rows]


def open_store(settings: Settings) -> AnswerStore:
    """The store in the data folder."""
    return AnswerStore(settings.data_dir / FILE)


def add_answers(connection: sqlite3.Connection, answers: Iterable[Answer]) -> int:
    """Put answers in within a transaction that is open; returns how many were new."""
    return sum(connection.execute(_PUT, _row(answer)).rowcount for answer in answers)


def _row(answer: Answer) -> tuple[Any, ...]:
    raw, tokens = answer.raw, answer.raw.tokens
    return (
        *(answer.key, answer.prompt, answer.version, answer.asked),
        *(raw.text, raw.finish, raw.refusal, raw.model),
        *(answer.characters, tokens.sent, tokens.cached, tokens.received),
        *(answer.source, answer.time),
    )


def _answer(row: tuple[Any, ...]) -> Answer:
    key, prompt, version, asked, text, finish, refusal, model, characters, *counts, source, when = row
    raw = _raw((text, finish, refusal, model, *counts))
    return Answer(key, prompt, version, asked, characters, raw, source, when)


def _raw(row: tuple[Any, ...]) -> Raw:
    text, finish, refusal, model, sent, cached, received = row
    return Raw(text, finish, refusal, model, Tokens(sent, cached, received))
