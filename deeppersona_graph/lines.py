"""Files of lines, read as a stream however long they are; `.gz` is unpacked, spoiled lines told by number."""

from __future__ import annotations

import gzip
import json
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from deeppersona_graph.errors import InputError, shorten

TOLD = 5
"""Lines of no use that are told one by one; more are counted."""

NAMED = 8
"""Fields that an error names."""

_MARK = b"\xef\xbb\xbf"


class LineError(ValueError):
    """What is wrong with a line."""


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


def check_file(path: Path, what: str, expected: str) -> None:
    """Raises `InputError` where `path` is no file that can be read more than once.

    `what` says what stands in such a file (`biographies`), `expected` how it should be written.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise _unreadable(path, error, what) from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder; {expected}")
    if not stat.S_ISREG(mode):
        raise InputError(
            f"{path} is a pipe or a device, and {what} are read more than once; write them to a file"
        )


@contextmanager
def reading(path: Path, what: str) -> Iterator[BinaryIO]:
    """The file, unpacked where it is packed; a failure to read it becomes an `InputError`."""
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"cannot unpack {path}: {error}; pack the file anew") from error
    except OSError as error:
        raise _unreadable(path, error, what) from error


def _unreadable(path: Path, error: OSError | ValueError, what: str) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(f"cannot read {shorten(str(path), 200)}: {reason}; give a file of {what}")


def numbered(stream: BinaryIO, longest: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1, without the mark of UTF-8.

    Of a line of more than `longest` bytes the first `longest + 1` alone, for `text_of` to refuse.
    """
    number = 0
    while line := stream.readline(longest + 1):
        number += 1
        rest = line
        while len(rest) > longest and not rest.endswith(b"\n"):
            rest = stream.readline(longest + 1)
        yield number, line.removeprefix(_MARK) if number == 1 else line


def text_of(raw: bytes, longest: int) -> str:
    """The text of a line; raises `LineError` for one that is too long or not in UTF-8."""
    if len(raw) > longest:
        raise LineError(f"is longer than {longest:,} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LineError("is no text in UTF-8") from error


def json_of(text: str) -> Any:
    """What a line of JSON says; raises `LineError` where it is none."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise LineError("is nested too deep") from error
    except json.JSONDecodeError as error:
        raise LineError(f"is no JSON ({error.msg}, column {error.colno})") from error
    except ValueError as error:
        raise LineError(f"is no JSON ({shorten(str(error))})") from error


def is_storable(text: str) -> bool:
    """Whether the database takes `text`: JSON may hold NUL and halves of surrogate pairs."""
    return not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text)


def storable(name: str) -> str:
    """`name` without what is no text: names of files, and JSON, may hold halves of surrogate pairs."""
    return name.encode("utf-8", errors="replace").decode("utf-8")


def listed(names: Iterable[str]) -> str:
    """The first names, quoted, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(repr(shorten(name, 40)) for name in found[:NAMED]) + more
