"""Biographies from a file, one a line: JSON objects with a field for it, or plain text (DeepPersona §3.3).

The file is read as a stream, however long it is, and anew each time: line i, counted from 0, is the person i
of a population, today and after the file has grown.
"""

from __future__ import annotations

import gzip
import json
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.model.seeds import digest

LONGEST = 20_000
"""Characters of a biography."""

LONGEST_LINE = 1 << 20
"""Bytes of a line, with whatever else a record holds."""

NAMES = ("persona", "biography", "bio", "description", "text", "sketch")
"""What a field with a biography is called, where nobody says."""

NAMED = 8
"""Fields that an error names."""

TOLD = 5
"""Lines of no use that are told one by one; more are counted."""

LOOKED_AT = 100
"""Lines that decide whether the file is JSONL or plain text."""

BLOCK = 1 << 20
"""Bytes read at once where lines are counted."""

_EXPECTED = "expected a biography a line: plain text, or JSON objects with a field for it, in UTF-8"
_MARK = b"\xef\xbb\xbf"


class _LineError(ValueError):
    """What is wrong with a line."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """One biography and the number of its line, from 1."""

    number: int
    text: str


@dataclass
class Malformed:
    """Lines that could not be used: how many there are, and the first of them with the reason."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, number: int, reason: str) -> None:
        """Take down one line."""
        self.count += 1
        if len(self.first) < TOLD:
            self.first.append((number, reason))

    def clear(self) -> None:
        """Begin anew."""
        self.count = 0
        self.first.clear()


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
        with _reading(self.path) as stream:
            return _count(stream, self.limit)

    def read(self) -> Iterator[Sketch]:
        """The biographies in order of line; blank lines and those of no use are passed over.

        Raises `InputError` where the file cannot be read to its end.
        """
        self.malformed.clear()
        return _sketches(self.path, self.key, self.limit, self.malformed)

    def origin(self, number: int) -> str:
        """Where the biography of a line comes from, as its persona says."""
        return f"{_storable(self.path.name)}:{number}"


def open_sketches(path: Path, field: str | None = None, limit: int | None = None) -> Sketches:
    """The biographies in the file `path`; `.gz` is unpacked.

    Without `field` it is found: the only text field of the first record, else the one that is called as
    `NAMES` has it. Raises `InputError` for a file that cannot be read or has no usable line, and where
    several fields may hold the biography.
    """
    if limit is not None and limit < 1:
        raise InputError(f"a limit of {limit}: expected at least 1 line")
    _check_file(path)
    found = field if field is not None or not _is_jsonl(path) else _found_field(path, limit)
    malformed = Malformed()
    first = next(_sketches(path, found, limit, malformed), None)
    if first is None:
        raise InputError(_nothing(path, limit, malformed))
    named = "" if found is None else f" [{_storable(found)}]"
    mark = digest("sketches", first.text).hex()[:8]
    return Sketches(path, found, f"{_storable(path.name)}{named} {mark}", limit)


def _nothing(path: Path, limit: int | None, malformed: Malformed) -> str:
    if not malformed.first:
        return f"{path} is empty; {_EXPECTED}" if limit is None else f"nothing stands {_within(path, limit)}"
    number, reason = malformed.first[0]
    return f"no line can be used {_within(path, limit)}; line {number} {reason}; {_EXPECTED}"


def _within(path: Path, limit: int | None) -> str:
    return f"in {path}" if limit is None else f"in the first {limit} lines of {path}"


def _storable(name: str) -> str:
    """`name` without what is no text: names of files, and JSON, may hold halves of surrogate pairs."""
    return name.encode("utf-8", errors="replace").decode("utf-8")


def _check_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder; {_EXPECTED}")
    if not stat.S_ISREG(mode):
        raise InputError(
            f"{path} is a pipe or a device, and biographies are read more than once; write them to a file"
        )


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """The file, unpacked where it is packed; a failure to read it becomes an `InputError`."""
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"cannot unpack {path}: {error}; pack the file anew") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"cannot read {shorten(str(path), 200)}: {reason}; give a file of biographies")


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
    with _reading(path) as stream:
        lines = [raw.strip() for _, raw in islice(_lines(stream), LOOKED_AT) if raw.strip()]
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
    with _reading(path) as stream:
        for number, raw in islice(_lines(stream), limit):
            if not raw.strip():
                continue
            try:
                record = _record(_text(raw))
            except _LineError as error:
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
        f"{path}, line {number} has the text fields {_listed(usual or texts)}; "
        "say with --field which one holds the biography"
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(repr(shorten(name, 40)) for name in names[:NAMED]) + more


def _sketches(path: Path, key: str | None, limit: int | None, malformed: Malformed) -> Iterator[Sketch]:
    with _reading(path) as stream:
        for number, raw in islice(_lines(stream), limit):
            if not raw.strip():
                continue
            try:
                yield Sketch(number, _biography(_text(raw), key))
            except _LineError as error:
                malformed.add(number, str(error))


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, without the mark of UTF-8; of one that is too long the beginning alone."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE + 1)
        yield number, line.removeprefix(_MARK) if number == 1 else line


def _text(raw: bytes) -> str:
    if len(raw) > LONGEST_LINE:
        raise _LineError(f"is longer than {LONGEST_LINE:,} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _LineError("is no text in UTF-8") from error


def _record(text: str) -> Mapping[str, Any]:
    try:
        record = json.loads(text)
    except RecursionError as error:
        raise _LineError("is nested too deep") from error
    except json.JSONDecodeError as error:
        raise _LineError(f"is no JSON ({error.msg}, column {error.colno})") from error
    except ValueError as error:
        raise _LineError(f"is no JSON ({shorten(str(error))})") from error
    if not isinstance(record, Mapping):
        raise _LineError(f"is no JSON object: {shorten(text, 40)!r}")
    return record


def _biography(line: str, key: str | None) -> str:
    """The biography on a line, trimmed; raises `_LineError` where there is none."""
    text, what = line, "the line"
    if key is not None:
        record, what = _record(line), f"the field {shorten(key, 40)!r}"
        if key not in record:
            raise _LineError(f"has no field {shorten(key, 40)!r}; it has {_listed(list(record)) or 'none'}")
        text = record[key]
    if not isinstance(text, str):
        raise _LineError(f"is of no use: {what} is no text but {shorten(json.dumps(text), 40)}")
    text = text.strip()
    if not text:
        raise _LineError(f"is of no use: {what} is empty")
    if len(text) > LONGEST:
        raise _LineError(f"has a biography of {len(text):,} characters; at most {LONGEST:,} are accepted")
    if any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text):
        raise _LineError(f"is of no use: {what} is no valid Unicode text")
    return text
