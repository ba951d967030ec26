"""Personas into files, written beside the target and moved into place when whole."""

from __future__ import annotations

import csv
import errno
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from deeppersona_graph.errors import InputError
from deeppersona_graph.files import draft_beside, written_whole
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.personas.records import COLUMNS, figure_7, record, rows

Format = Literal["jsonl", "json", "csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

_ELSEWHERE = "choose another file or make its folder"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def export_personas(personas: Iterable[Persona], target: Path, form: Format | None = None) -> int:
    """Write personas to `target` in `form`, or in the form that its name ends in; how many they were.

    jsonl: a record a line; json: an array in the shape of the paper's Figure 7; csv and parquet: a row an
    attribute-value pair. Raises `InputError` where the file cannot be written or its form is unknown.
    """
    chosen = form or form_of(target)
    with whole_file(target) as path:
        return _WRITERS[chosen](personas, path)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path beside `target` that takes its place when the block ends well, and is removed otherwise.

    Raises `InputError` where the file cannot be written to its end.
    """
    with _writing(target), written_whole(target) as path:
        yield path


def check_target(target: Path) -> None:
    """Raise `InputError` where `target` names no known form or cannot be written."""
    form_of(target)
    with _writing(target):
        draft_beside(target).unlink()


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Turn a failure to write `target` into an `InputError` that says what to do."""
    try:
        yield
    except OSError as error:
        remedy = "make room or choose another file" if error.errno in _FULL else _ELSEWHERE
        raise InputError(f"cannot write {target}: {error.strerror or error}; {remedy}") from error


def form_of(target: Path) -> Format:
    """The form that a file name ends in; raises `InputError` where it is none of them."""
    ending = target.suffix.removeprefix(".").lower()
    for form in FORMATS:
        if form == ending:
            return form
    raise InputError(
        f"{target} ends in {target.suffix or 'nothing'!r}; expected one of "
        + ", ".join(f".{form}" for form in FORMATS)
        + ", or say which with --format"
    )


def _jsonl(personas: Iterable[Persona], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for persona in personas:
            out.write(json.dumps(record(persona), ensure_ascii=False) + "\n")
            count += 1
    return count


def _json(personas: Iterable[Persona], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as out:
        out.write("[")
        for persona in personas:
            out.write(",\n" if count else "\n")
            out.write(json.dumps(figure_7(persona), ensure_ascii=False))
            count += 1
        out.write("\n]\n")
    return count


def _csv(personas: Iterable[Persona], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        for persona in personas:
            writer.writerows(rows(persona))
            count += 1
    return count


def _parquet(personas: Iterable[Persona], path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers: Mapping[str, pa.DataType] = {
        "index": pa.int64(),
        "order": pa.int32(),
        "similarity": pa.float64(),
    }
    schema = pa.schema([(name, numbers.get(name, pa.string())) for name in COLUMNS])
    count = 0
    with pq.ParquetWriter(path, schema) as writer:
        for persona in personas:
            writer.write_table(pa.Table.from_pylist(list(rows(persona)), schema=schema))
            count += 1
    return count


_WRITERS: Mapping[Format, Callable[[Iterable[Persona], Path], int]] = {
    "jsonl": _jsonl,
    "json": _json,
    "csv": _csv,
    "parquet": _parquet,
}
