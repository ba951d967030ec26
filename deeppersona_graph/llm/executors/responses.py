"""Takes a provider's batch output, or its file of errors, into the store: in any order, once or twice."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from deeppersona_graph.errors import ResponseFileError, shorten
from deeppersona_graph.llm.abilities import KnownAbilities
from deeppersona_graph.llm.answers import NoCompletionError, Raw, raw_from_body
from deeppersona_graph.llm.faults import Fault, kind_of, verdict
from deeppersona_graph.llm.outbox import Outbox, Pending
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import Answer, AnswerStore, Source, add_answers

CHUNK = 500


@dataclass
class ImportReport:
    """What a file of responses brought."""

    answered: int = 0
    already: int = 0
    """Answers that the store had before."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """Key and reason; these go out again in the next wave, or fail their program for good."""
    unknown: list[str] = field(default_factory=list)
    """Custom ids that are no request of ours."""
    malformed: list[tuple[int, str]] = field(default_factory=list)
    """Line number and what is wrong with the line."""


def import_responses(
    file: Path,
    store: AnswerStore,
    report: Report | None = None,
    *,
    source: Source = "batch",
    secret: str | None = None,
) -> ImportReport:
    """Put the answers in `file` into the store; what they cost is counted in `report`.

    What a provider says may quote the key: `secret` is struck out wherever it stands.

    Answers are read when they are used, and one of no use is repaired in the next wave. Raises
    `ResponseFileError` where the file cannot be read.
    """
    importing = _Import(store, report, source, secret)
    try:
        with file.open("rb") as lines:
            numbered = enumerate(lines, start=1)
            while chunk := list(islice(numbered, CHUNK)):
                importing.take(chunk)
    except OSError as error:
        raise ResponseFileError(f"the responses in {file} cannot be read: {error.strerror}") from error
    found = importing.report
    if not any((found.answered, found.already, found.failed, found.unknown, found.malformed)):
        raise ResponseFileError(f"{file} is empty; expected a line for each request, as the provider gives")
    return found


class _Import:
    def __init__(self, store: AnswerStore, spent: Report | None, source: Source, secret: str | None) -> None:
        self._store, self._spent, self._source = store, spent, source
        self._secret = (secret or "").encode()
        self._outbox = Outbox(store.database)
        self._abilities: KnownAbilities = self._outbox.abilities()
        self._rejections: set[tuple[str, str]] = set()
        self.report = ImportReport()

    def take(self, lines: list[tuple[int, bytes]]) -> None:
        """A chunk of lines, in one transaction."""
        responses = list(self._parsed(lines))
        self._store.database.write(lambda connection: self._write(connection, responses))

    def _parsed(self, lines: list[tuple[int, bytes]]) -> Iterator[tuple[str, Raw | Fault]]:
        for number, line in lines:
            if not line.strip():
                continue
            try:
                yield _response(json.loads(self._scrubbed(line).decode("utf-8-sig")))
            except ValueError as error:
                self.report.malformed.append((number, shorten(str(error), 160)))

    def _scrubbed(self, line: bytes) -> bytes:
        return line.replace(self._secret, b"[key]") if self._secret else line

    def _write(self, connection: sqlite3.Connection, responses: list[tuple[str, Raw | Fault]]) -> None:
        for key, response in responses:
            row = connection.execute("SELECT * FROM pending WHERE key = ?", (key,)).fetchone()
            if row is None:
                self._write_stray(connection, key, response)
                continue
            _, file, *rest = row
            pending = Pending(key, *rest)
            if isinstance(response, Fault) and verdict(response) == "refused":
                response = Raw("", "content_filter", response.message, pending.model)
            if isinstance(response, Fault):
                self._write_failure(connection, file, pending, response)
            else:
                self._write_answer(connection, pending, response)
            connection.execute("DELETE FROM pending WHERE key = ?", (key,))

    def _write_stray(self, connection: sqlite3.Connection, key: str, response: Raw | Fault) -> None:
        """A response to nothing that is out: imported before, or never ours."""
        if connection.execute("SELECT 1 FROM answers WHERE key = ?", (key,)).fetchone():
            self.report.already += 1
        elif connection.execute("SELECT 1 FROM failures WHERE key = ?", (key,)).fetchone():
            if isinstance(response, Fault):
                self.report.failed.append((key, str(response)))
            else:
                self._write_late(connection, key, response)
        else:
            self.report.unknown.append(shorten(key))

    def _write_late(self, connection: sqlite3.Connection, key: str, raw: Raw) -> None:
        """An answer to what failed before: from a batch that was sent again by hand."""
        prompt, version, model = connection.execute(
            "SELECT prompt, version, model FROM failures WHERE key = ?", (key,)
        ).fetchone()
        connection.execute("DELETE FROM failures WHERE key = ?", (key,))
        self._write_answer(connection, Pending(key, prompt, version, model, 0), raw)

    def _write_answer(self, connection: sqlite3.Connection, pending: Pending, raw: Raw) -> None:
        answer = Answer(
            key=pending.key,
            prompt=pending.prompt,
            version=pending.version,
            asked=pending.model,
            characters=pending.characters,
            raw=raw,
            source=self._source,
            time=time.time(),
        )
        if not add_answers(connection, [answer]):
            self.report.already += 1
            return
        self.report.answered += 1
        if self._spent is not None:
            self._spent.spend(pending.prompt, pending.model, raw.tokens)

    def _write_failure(
        self, connection: sqlite3.Connection, file: str, pending: Pending, fault: Fault
    ) -> None:
        decided = verdict(fault)
        teaches = self._abilities.of(pending.model).without(fault) is not None
        final = decided == "give up" or (decided == "adapt" and not teaches)
        connection.execute(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?, ?)",
            (pending.key, file, pending.prompt, pending.version, pending.model, final, str(fault)),
        )
        if decided == "adapt" and teaches and (pending.model, fault.message) not in self._rejections:
            self._rejections.add((pending.model, fault.message))
            connection.execute(
                "INSERT INTO rejections VALUES (?, ?, ?, ?, ?)",
                (pending.model, fault.status, fault.code, fault.parameter, fault.message),
            )
        self.report.failed.append((pending.key, str(fault)))


def _response(line: Any) -> tuple[str, Raw | Fault]:
    """Key and answer of one line; raises `ValueError` where the line is no response."""
    if not isinstance(line, Mapping) or not isinstance(line.get("custom_id"), str):
        raise ValueError(f"no response, for it has no custom_id: {shorten(str(line), 80)!r}")
    key: str = line["custom_id"]
    response, error = line.get("response"), line.get("error")
    if not isinstance(response, Mapping):
        if isinstance(error, Mapping):
            return key, _failure(error, None)
        raise ValueError(f"neither response nor error for {shorten(key)!r}: is it the file of requests?")
    status, body = response.get("status_code", 200), response.get("body")
    if isinstance(status, int) and status >= 400:
        said = body.get("error", body) if isinstance(body, Mapping) else {"message": body}
        return key, _failure(said if isinstance(said, Mapping) else {"message": said}, status)
    try:
        return key, raw_from_body(body)
    except NoCompletionError as broken:
        return key, Fault("page", str(broken))


def _failure(error: Mapping[str, Any], status: int | None) -> Fault:
    """Without a status the batch itself failed or expired: the request may go out again."""
    code, parameter = error.get("code"), error.get("param")
    return Fault(
        kind_of(status) if status else "server error",
        shorten(str(error.get("message") or error), 300),
        status=status,
        code=None if code is None else str(code),
        parameter=None if parameter is None else str(parameter),
    )
