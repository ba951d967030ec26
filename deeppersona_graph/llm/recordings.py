"""Recorded answers as JSON lines: fixtures that `replay` runs on, one answer a line, in order of key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from deeppersona_graph.errors import ResponseFileError, shorten
from deeppersona_graph.llm.answers import Raw, Tokens
from deeppersona_graph.llm.store import Answer, AnswerStore

CHUNK = 500


class _Tokens(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sent: int
    cached: int
    received: int


class _Raw(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    finish: str
    refusal: str | None
    model: str
    tokens: _Tokens


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: str
    prompt: str
    version: int
    asked: str
    characters: int
    raw: _Raw
    source: Literal["online", "batch", "assistant", "recorded"]
    time: float

    def answer(self) -> Answer:
        values: dict[str, Any] = {name: getattr(self, name) for name in _Line.model_fields}
        raw = self.raw.model_dump()
        return Answer(**{**values, "raw": Raw(**{**raw, "tokens": Tokens(**raw["tokens"])})})


def export_answers(store: AnswerStore, file: Path, keys: Iterable[str] | None = None) -> int:
    """Write the answers of `keys` (none: all) to `file`; returns how many there were."""
    count = 0
    part = file.with_name(file.name + ".part")
    with part.open("w", encoding="utf-8") as out:
        for answer in store.answers(keys):
            out.write(json.dumps(asdict(answer), ensure_ascii=False, sort_keys=True) + "\n")
            count += 1
    part.replace(file)
    return count


def import_answers(file: Path, store: AnswerStore) -> int:
    """Put recorded answers into the store; returns how many were new.

    Raises `ResponseFileError` at a line that is no recorded answer; those before it are kept.
    """
    new = 0
    try:
        with file.open(encoding="utf-8") as lines:
            numbered = enumerate(lines, start=1)
            while chunk := list(islice(numbered, CHUNK)):
                new += store.add([_parsed(file, number, line) for number, line in chunk if line.strip()])
    except (OSError, UnicodeDecodeError) as error:
        raise ResponseFileError(f"the answers in {file} cannot be read: {error}") from error
    return new


def _parsed(file: Path, number: int, line: str) -> Answer:
    try:
        return _Line.model_validate_json(line).answer()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ResponseFileError(
            f"{file}, line {number}: {place}: {first['msg']}; expected an answer as `export_answers` writes "
            f"it, found {shorten(line, 60)!r}"
        ) from error
