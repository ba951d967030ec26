"""Files of dialogues, record by record: lines, each of which says what it is, or one JSON document."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from deeppersona_graph.errors import InputError
from deeppersona_graph.lines import LineError, Malformed, check_file, numbered, reading, text_of
from deeppersona_graph.taxonomy.dialogues.formats import (
    PAIRS,
    Said,
    begins_json,
    is_turn,
    records_on,
    said_in,
)
from deeppersona_graph.taxonomy.dialogues.masking import quoted

LONGEST_LINE = 4 << 20
"""Bytes of a line."""

LOOKED_AT = 100
"""Lines that decide whether the file is text at all."""

WHAT = "dialogues"
EXPECTED = (
    "expected dialogues in UTF-8: JSONL with 'question' and 'answer' or a list 'messages', ShareGPT, "
    "or plain text with a sentence a line"
)

_WIDE = (BOM_UTF16_LE, BOM_UTF16_BE)
_PORTABLE = b"%PDF-"
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def check(path: Path) -> None:
    """Raises `InputError` where `path` is no file of dialogues, so that a run does not begin in vain."""
    check_file(path, WHAT, EXPECTED)
    with reading(path, WHAT) as stream:
        lines = [raw for _, raw in islice(numbered(stream, LONGEST_LINE), LOOKED_AT) if raw.strip()]
    if not lines:
        raise InputError(f"{path} is empty; {EXPECTED}")
    _check_encoding(path, lines)
    _check_table(path, lines[0])
    malformed = Malformed()
    if next(said(path, malformed), None) is None:
        number, reason = malformed.first[0]
        raise InputError(f"no line can be used in {path}; line {number} {reason}; {EXPECTED}")


def said(path: Path, malformed: Malformed) -> Iterator[Said]:
    """What is said in the file, in order; what is of no use goes to `malformed`.

    The numbers there are those of lines, in a JSON document those of records, and the reason says so. Raises
    `InputError` where the file cannot be read to its end.
    """
    with reading(path, WHAT) as stream:
        opening = _document_opening(stream)
    with reading(path, WHAT) as stream:
        records = (
            _on_lines(stream, malformed) if opening is None else _in_document(stream, opening, malformed)
        )
        counted = "" if opening is None else " (counted in records)"
        for number, record in records:
            try:
                found = said_in(record)
            except LineError as error:
                malformed.add(number, f"{error}{counted}")
                continue
            yield from found


def _on_lines(stream: BinaryIO, malformed: Malformed) -> Iterator[tuple[int, Any]]:
    for number, raw in numbered(stream, LONGEST_LINE):
        if not raw.strip():
            continue
        try:
            records = records_on(text_of(raw, LONGEST_LINE))
        except LineError as error:
            malformed.add(number, str(error))
            continue
        for record in records:
            yield number, record


def _in_document(stream: BinaryIO, opening: str, malformed: Malformed) -> Iterator[tuple[int, Any]]:
    """The records of a JSON document one by one, and each run of turns as one chat."""
    if stream.read(len(BOM_UTF8)) != BOM_UTF8:
        stream.seek(0)
    number = 1
    parsed = ijson.items(stream, "item" if opening == "[" else "", multiple_values=True)
    try:
        for are_turns, several in groupby(parsed, is_turn):
            for record in [list(several)] if are_turns else several:
                yield number, record
                number += len(record) if are_turns else 1
    except ijson.JSONError as error:
        reason = (
            f"is no JSON and what follows was not read: {quoted(_message(error), 100)} (counted in records)"
        )
        malformed.add(number, reason)


def _message(error: ijson.JSONError) -> str:
    """What is wrong, without the piece of the file that the parser may show after it."""
    return str(error).partition("\n")[0]


def _document_opening(stream: BinaryIO) -> str | None:
    """The bracket that opens a JSON document over many lines, or over a line too long for a record."""
    lines = (raw.strip() for _, raw in numbered(stream, LONGEST_LINE) if raw.strip())
    first, second = next(lines, b""), next(lines, b"")
    goes_on = first.endswith((b"[", b"{", b","))
    if first.startswith(b"[") and begins_json(first[:100].decode("utf-8", "replace")):
        return "[" if goes_on or len(first) > LONGEST_LINE else None
    return "{" if first.startswith(b"{") and goes_on and not second.startswith(b"{") else None


def _check_encoding(path: Path, lines: list[bytes]) -> None:
    """Refuses a file in another encoding; a spoiled line among good ones is told where it is read."""
    spoiled = sum(not _is_utf_8(line) for line in lines)
    foreign = sum(not line.isascii() for line in lines)
    if lines[0].startswith(_WIDE):
        raise InputError(f"{path} is UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8); {EXPECTED}")
    if lines[0].startswith(_PORTABLE) or 5 * sum(_CONTROLS.search(line) is not None for line in lines) > len(
        lines
    ):
        raise InputError(f"{path} is no text; {EXPECTED}")
    if spoiled == len(lines) or (spoiled > 1 and 5 * spoiled >= len(lines) and 2 * spoiled > foreign):
        raise InputError(
            f"{path} is not in UTF-8; save it as UTF-8 (from Latin-1: iconv -f LATIN1 -t UTF-8); {EXPECTED}"
        )


def _is_utf_8(line: bytes) -> bool:
    try:
        line[:LONGEST_LINE].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _check_table(path: Path, first: bytes) -> None:
    cells = {
        cell.strip(" \"'").casefold() for cell in re.split("[,;\t]", first.decode("utf-8", "replace").strip())
    }
    if any(cells >= set(pair) for pair in PAIRS) and not first.startswith((b"{", b"[")):
        raise InputError(f"{path} is a table (CSV); make a JSON object of each of its lines; {EXPECTED}")
