"""Biographies from a file, one a line: JSON objects with a field for it, or plain text (DeepPersona §3.3).

The file is read as a stream, however long it is, and anew each time: line i, counted from 0, is the person i
of a population, today and after the file has grown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.lines import (
    LineError,
    Malformed,
    check_file,
    is_storable,
    json_of,
    listed,
    numbered,
    reading,
    storable,
    text_of,
)
from deeppersona_graph.model.seeds import digest

__all__ = ["Malformed", "Sketch", "Sketches", "open_sketches"]

LONGEST = 20_000
"""Characters of a biography."""

LONGEST_LINE = 1 << 20
"""Bytes of a line, with whatever else a record holds."""

NAMES = ("persona", "biography", "bio", "description", "text", "sketch")
"""What a field with a biography is called, where nobody says."""

LOOKED_AT = 100
"""Lines that decide whether the file is JSONL or plain text."""

BLOCK = 1 << 20
"""Bytes read at once where lines are counted."""

_EXPECTED = "expected a biography a line: plain text, or JSON objects with a field for it, in UTF-8"
_WHAT = "biographies"


@dataclass(frozen=True, slots=True)
class Sketch:
    """One biography and the number of its line, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Sketches:
    """The biographies in a file, or in its first `limit` lines."""

    path: Path
    key: str | None
    """The field of a record that holds the biography; none: the file is plain text."""
    identity: str
    """Name and field, and a hash of the first biography: what a file keeps while it grows at its end."""
    limit: int | None = None
    malformed: Malformed = field(default_factory=Malformed)
    """What the last reading, as far as it came, could not use."""

    @property
    def seed(self) -> int:
        """A seed of the file's own, below a million, for whoever gives none."""
        return int.from_bytes(digest("sketches seed", self.identity)[:6]) % 10**6

    def count(self) -> int:
        """How many lines there are, those without a biography counted in."""
        with reading(self.path, _WHAT) as stream:
            return _count(stream, self.limit)

    def read(self) -> Iterator[Sketch]:
        """The biographies in order of line; blank lines and those of no use are passed over.

        Raises `InputError` where the file cannot be read to its end.
        """
        self.malformed.clear()
        return _sketches(self.path, self.key, self.limit, self.malformed)

    def origin(self, number: int) -> str:
        """Where the biography of a line comes from, as its persona says."""
        return f"{storable(self.path.name)}:{number}"


def open_sketches(path: Path, field: str | None = None, limit: int | None = None) -> Sketches:
    """The biographies in the file `path`; `.gz` is unpacked.

    Without `field` it is found: the only text field of the first record, else the one that is called as
    `NAMES` has it. Raises `InputError` for a file that cannot be read or has no usable line, and where
    several fields may hold the biography.
    """
    if limit is not None and limit < 1:
        raise InputError(f"a limit of {limit}: expected at least 1 line")
    check_file(path, _WHAT, _EXPECTED)
    found = field if field is not None or not _is_jsonl(path) else _found_field(path, limit)
    malformed = Malformed()
    first = next(_sketches(path, found, limit, malformed), None)
    if first is None:
        raise InputError(_nothing(path, limit, malformed))
    named = "" if found is None else f" [{storable(found)}]"
    mark = digest("sketches", first.text).hex()[:8]
    return Sketches(path, found, f"{storable(path.name)}{named} {mark}", limit)


def _nothing(path: Path, limit: int | None, malformed: Malformed) -> str:
    if not malformed.first:
        return f"{path} is empty; {_EXPECTED}" if limit is None else f"nothing stands {_within(path, limit)}"
    number, reason = malformed.first[0]
    return f"no line can be used {_within(path, limit)}; line {number} {reason}; {_EXPECTED}"


def _within(path: Path, limit: int | None) -> str:
    return f"in {path}" if limit is None else f"in the first {limit} lines of {path}"


def _count(stream: BinaryIO, limit: int | None) -> int:
    count, last = 0, b"\n"
    while block := stream.read(BLOCK):
        count, last = count + block.count(b"\n"), block[-1:]
        if limit is not None and count >= limit:
            return limit
    return count + (last != b"\n")


def _is_jsonl(path: Path) -> bool:
    """Whether lines are records: by the first hundred, since one of them may be spoiled.

    Raises `InputError` for a JSON document over many lines, whose lines are no texts.
    """
    with reading(path, _WHAT) as stream:
        lines = [raw.strip() for _, raw in islice(numbered(stream, LONGEST_LINE), LOOKED_AT) if raw.strip()]
    first = lines[0] if lines else b""
    if first in (b"[", b"{") or (first.startswith(b"[") and isinstance(_json(first), list)):
        raise InputError(
            f"{path} is one JSON document; expected JSONL, an object a line: jq -c '.[]' makes one of a list"
        )
    return first.startswith(b"{") or any(isinstance(_json(line), Mapping) for line in lines)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _found_field(path: Path, limit: int | None) -> str:
    """The field with the biography, by the first record that has a text at all."""
    malformed = Malformed()
    with reading(path, _WHAT) as stream:
        for number, raw in islice(numbered(stream, LONGEST_LINE), limit):
            if not raw.strip():
                continue
            try:
                record = _record(text_of(raw, LONGEST_LINE))
            except LineError as error:
                malformed.add(number, str(error))
                continue
            texts = [name for name, value in record.items() if isinstance(value, str) and value.strip()]
            if texts:
                return _chosen(texts, path, number)
            malformed.add(number, "has no field with a text")
    raise InputError(_nothing(path, limit, malformed))


def _chosen(texts: list[str], path: Path, number: int) -> str:
    usual = [name for name in texts if name.casefold() in NAMES]
    if len(texts) == 1 or len(usual) == 1:
        return (usual or texts)[0]
    raise InputError(
        f"{path}, line {number} has the text fields {listed(usual or texts)}; "
        "say with --field which one holds the biography"
    )


def _sketches(path: Path, key: str | None, limit: int | None, malformed: Malformed) -> Iterator[Sketch]:
    with reading(path, _WHAT) as stream:
        for number, raw in islice(numbered(stream, LONGEST_LINE), limit):
            if not raw.strip():
                continue
            try:
                yield Sketch(number, _biography(text_of(raw, LONGEST_LINE), key))
            except LineError as error:
                malformed.add(number, str(error))


def _record(text: str) -> Mapping[str, Any]:
    record = json_of(text)
    if not isinstance(record, Mapping):
        raise LineError(f"is no JSON object: {shorten(text, 40)!r}")
    return record


def _biography(line: str, key: str | None) -> str:
    """The biography on a line, trimmed; raises `LineError` where there is none."""
    text, what = line, "the line"
    if key is not None:
        record, what = _record(line), f"the field {shorten(key, 40)!r}"
        if key not in record:
            raise LineError(f"has no field {shorten(key, 40)!r}; it has {listed(record) or 'none'}")
        text = record[key]
    if not isinstance(text, str):
        raise LineError(f"is of no use: {what} is no text but {shorten(json.dumps(text), 40)}")
    text = text.strip()
    if not text:
        raise LineError(f"is of no use: {what} is empty")
    if len(text) > LONGEST:
        raise LineError(f"has a biography of {len(text):,} characters; at most {LONGEST:,} are accepted")
    if not is_storable(text):
        raise LineError(f"is of no use: {what} is no valid Unicode text")
    return text
