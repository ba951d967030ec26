"""JSONL records, one attribute a line: the project's own format, read here and written by `export`.

A record has `path`, `description`, `value_type` and `values`, and optionally shares (`weights`), the
situation it needs (`needs`, `value_needs`, `places`), other attributes it needs (`applies`), and what its
values exclude (`conflicts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import (
    Attribute,
    Exclusion,
    Path,
    Requirement,
    Tree,
    Value,
    ValueType,
    attribute_id,
    normal,
    shown,
)
from deeppersona_graph.taxonomy.formats.building import check_path, complete, core_attributes, even_values

_AGES = {"min_age", "max_age"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NumberSpace(_Strict):
    """The value space of a number."""

    min: float
    max: float
    unit: str | None = None
    typical: tuple[float, float] | None = None


class RequiredValue(_Strict):
    """Another attribute that must have one of `values`."""

    path: tuple[str, ...]
    values: tuple[str, ...]


class Applies(_Strict):
    """When the attribute applies at all."""

    min_age: int | None = None
    max_age: int | None = None
    requires: tuple[RequiredValue, ...] = ()


class Bound(_Strict):
    """Numbers at or above `min`, or at or below `max`, are out."""

    min: float | None = None
    max: float | None = None


class Conflict(_Strict):
    """With the own value `if_value`, the attribute at `path` cannot have `not_values`."""

    if_value: str = Field(alias="if")
    path: tuple[str, ...]
    not_values: Literal["*"] | tuple[str, ...] | Bound = Field(alias="not")


Needs = Annotated[
    dict[str, tuple[str, ...] | int],
    BeforeValidator(lambda given: given if isinstance(given, dict) else {}),
]


class Record(_Strict):
    """One line of the file."""

    path: tuple[str, ...]
    id: str | None = None
    description: str = ""
    value_type: ValueType | None = None
    values: tuple[str, ...] | NumberSpace | None = None
    weights: tuple[float, ...] | None = None
    applies: Applies = Applies()
    needs: Needs = {}
    value_needs: dict[str, Needs] = {}
    places: dict[str, tuple[str, ...]] = {}
    at_most: str | None = None
    at_least: str | None = None
    alone: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    core: str | None = None
    support: int = 0
    retired: bool = False
    generic: bool = False
    aliases: tuple[str, ...] = ()


_RECORD = TypeAdapter(Record)


def parse_record(line: str, where: str) -> Record:
    """The record written in `line`; raises `TreeFileError` with `where` and the field at fault."""
    try:
        record = _RECORD.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][:2])
        raise TreeFileError(
            f"{where}: {field + ': ' if field else ''}{shorten(first['msg'], 120)}"
        ) from error
    check_path(record.path, where)
    return record


def read_records(text: str, source: str, name: str) -> Tree:
    """A tree from JSONL; raises `TreeFileError` with the line where a reference leads nowhere."""
    records: dict[Path, tuple[Record, str]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{source}, line {number}"
        record = parse_record(line, where)
        if record.path in records:
            raise TreeFileError(
                f"{where}: two siblings are called {record.path[-1]!r} ({shown(record.path)}); rename one"
            )
        records[record.path] = (record, where)
    spaces = {path: _space(record, where) for path, (record, where) in records.items()}
    known = {**{core.path: core for core in core_attributes().values()}, **spaces}
    attributes = [
        _constrained(spaces[path], record, known, where) for path, (record, where) in records.items()
    ]
    return complete(name, attributes, origin=source)


def _space(record: Record, where: str) -> Attribute:
    """The attribute with its value space, its constraints still missing."""
    identity = record.id or attribute_id(record.path)
    attribute = Attribute(
        id=identity,
        path=record.path,
        description=record.description,
        value_type=record.value_type,
        at_most=_years_below_age(record.at_most, where),
        at_least=_years_below_age(record.at_least, where),
        min_age=_ages(record, "min_age"),
        max_age=_ages(record, "max_age"),
        core=record.core,
        support=record.support,
        retired=record.retired,
        generic=record.generic,
        aliases=record.aliases,
    )
    if isinstance(record.values, NumberSpace):
        space = record.values
        if record.value_type != "number" or space.min > space.max:
            raise TreeFileError(
                f"{where}: a range from {space.min:g} to {space.max:g} for {record.value_type}"
            )
        return replace(
            attribute, minimum=space.min, maximum=space.max, unit=space.unit, typical=space.typical
        )
    texts = record.values or ()
    if record.value_type == "number" or (texts and record.value_type is None):
        raise TreeFileError(f"{where}: the values do not fit value_type {record.value_type!r}")
    if len({normal(text) for text in texts}) < len(texts):
        raise TreeFileError(f"{where}: a value stands twice in the value space; leave one out")
    if record.weights is not None and len(record.weights) != len(texts):
        raise TreeFileError(f"{where}: {len(record.weights)} weights for {len(texts)} values")
    return replace(attribute, values=even_values(identity, texts, record.weights))


def _constrained(
    attribute: Attribute, record: Record, known: Mapping[Path, Attribute], where: str
) -> Attribute:
    """`attribute` with what it and its values need and exclude."""
    for text in (*record.value_needs, *record.places, *record.alone, *(c.if_value for c in record.conflicts)):
        if normal(text) not in {normal(value.text) for value in attribute.values}:
            raise TreeFileError(f"{where}: {shorten(text)!r} is none of the attribute's values")
    needs = {normal(text): need for text, need in record.value_needs.items()}
    places = {normal(text): codes for text, codes in record.places.items()}
    alone = {normal(text) for text in record.alone}
    excluded: dict[str, list[Exclusion]] = {}
    for conflict in record.conflicts:
        excluded.setdefault(normal(conflict.if_value), []).extend(_exclusions(conflict, known, where))

    def finished(value: Value) -> Value:
        key = normal(value.text)
        need = needs.get(key, {})
        return replace(
            value,
            alone=key in alone,
            min_age=_whole(need.get("min_age")),
            max_age=_whole(need.get("max_age")),
            countries=tuple(places.get(key, ())),
            requires=_needed(need, where),
            excludes=tuple(excluded.get(key, ())),
        )

    others = tuple(
        Requirement(
            _known(required.path, known, where).id,
            frozenset(_ids(_known(required.path, known, where), required.values, where)),
        )
        for required in record.applies.requires
    )
    return replace(
        attribute,
        values=tuple(finished(value) for value in attribute.values),
        requires=(*_needed(record.needs, where), *others),
    )


def _exclusions(conflict: Conflict, known: Mapping[Path, Attribute], where: str) -> list[Exclusion]:
    other = _known(conflict.path, known, where)
    if isinstance(conflict.not_values, Bound):
        return [Exclusion(other.id, minimum=conflict.not_values.min, maximum=conflict.not_values.max)]
    if conflict.not_values == "*":
        return [Exclusion(other.id)]
    return [Exclusion(other.id, value=value) for value in _ids(other, conflict.not_values, where)]


def _needed(needs: Mapping[str, Sequence[str] | int], where: str) -> tuple[Requirement, ...]:
    """Needs of the situation as requirements on core values; ages are bounds, not requirements."""
    found = []
    for key, texts in needs.items():
        if key in _AGES:
            continue
        core = core_attributes().get(key)
        if core is None or isinstance(texts, int):
            raise TreeFileError(f"{where}: needs {shorten(key)!r}, which is no core attribute")
        found.append(Requirement(core.id, frozenset(_ids(core, texts, where))))
    return tuple(found)


def _ids(attribute: Attribute, texts: Sequence[str], where: str) -> list[str]:
    by_key = {normal(value.text): value.id for value in attribute.values}
    for text in texts:
        if normal(text) not in by_key:
            raise TreeFileError(f"{where}: {shorten(text)!r} is no value of {shown(attribute.path)}")
    return [by_key[normal(text)] for text in texts]


def _known(path: Path, known: Mapping[Path, Attribute], where: str) -> Attribute:
    if path not in known:
        raise TreeFileError(f"{where}: refers to {shorten(shown(path))!r}, which has no record of its own")
    return known[path]


def _ages(record: Record, bound: Literal["min_age", "max_age"]) -> int | None:
    """The stricter of the two places where a bound on the age may be written."""
    found = [
        one for one in (getattr(record.applies, bound), _whole(record.needs.get(bound))) if one is not None
    ]
    if not found:
        return None
    return max(found) if bound == "min_age" else min(found)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _years_below_age(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    match = re.fullmatch(r"age(?:-(\d+))?", text)
    if match is None:
        raise TreeFileError(f"{where}: {shorten(text)!r} is no age; write 'age' or 'age-15'")
    return int(match[1] or 0)
