"""JSONL records, one attribute a line: the project's own format, read here and written by `export`.

A record has `path`, `description`, `value_type` and `values`, and optionally shares (`weights`), the
situation it needs (`needs`, `value_needs`, `places`), other attributes it needs (`applies`,
`value_applies`), and what its values exclude (`conflicts`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import (
    Attribute,
    Exclusion,
    Path,
    Requirement,
    Tree,
    Value,
    attribute_id,
    normal,
    shown,
)
from deeppersona_graph.taxonomy.formats.building import complete, core_attributes, even_values
from deeppersona_graph.taxonomy.formats.record import (
    MOST_YEARS,
    Bound,
    Conflict,
    NumberSpace,
    Record,
    RequiredValue,
    parse_record,
)

_AGES = {"min_age", "max_age"}


@dataclass(frozen=True, slots=True)
class _Known:
    """What a record may refer to: attributes by path, core attributes by key."""

    by_path: Mapping[Path, Attribute]
    core: Mapping[str, Attribute]


def read_records(text: str, source: str, name: str) -> Tree:
    """A tree from JSONL; raises `TreeFileError` with the line where a reference leads nowhere."""
    records = _records(text, source)
    spaces = {path: _space(record, where) for path, (record, where) in records.items()}
    core = {**core_attributes(), **{a.core: a for a in spaces.values() if a.core is not None}}
    known = _Known({**{one.path: one for one in core.values()}, **spaces}, core)
    attributes = [
        _constrained(spaces[path], record, known, where) for path, (record, where) in records.items()
    ]
    return complete(name, attributes, origin=source)


def _records(text: str, source: str) -> Mapping[Path, tuple[Record, str]]:
    """The records by path, each with where it stands; path, id and core key are one record's own."""
    records: dict[Path, tuple[Record, str]] = {}
    taken: dict[tuple[str, str], str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{source}, line {number}"
        record = parse_record(line, where)
        if record.path in records:
            raise TreeFileError(
                f"{where}: two siblings are called {record.path[-1]!r} ({shown(record.path)}); rename one"
            )
        for kind, mark in (("id", record.id), ("core key", record.core)):
            if mark is None:
                continue
            if (kind, mark) in taken:
                raise TreeFileError(
                    f"{where}: the {kind} {shorten(mark)!r} stands in line {taken[kind, mark]} already; "
                    "leave one of them away"
                )
            taken[kind, mark] = str(number)
        records[record.path] = (record, where)
    _check_core(records)
    return records


def _check_core(records: Mapping[Path, tuple[Record, str]]) -> None:
    """Core attributes keep their type, and nothing else stands in their places."""
    cores = core_attributes()
    given = {record.core for record, _ in records.values()}
    for record, where in records.values():
        if record.core is not None and record.core not in cores:
            raise TreeFileError(
                f"{where}: {shorten(record.core)!r} is no core attribute; expected one of {', '.join(cores)}"
            )
        if record.core is not None and record.value_type != cores[record.core].value_type:
            raise TreeFileError(
                f"{where}: the core attribute {record.core!r} is {cores[record.core].value_type}, "
                f"not {record.value_type}"
            )
    for key, core in cores.items():
        if key not in given and core.path in records and records[core.path][0].value_type is not None:
            raise TreeFileError(
                f"{records[core.path][1]}: {shown(core.path)!r} is the place of the core attribute {key!r}; "
                f'add "core": "{key}", or leave value_type and values away'
            )


def _space(record: Record, where: str) -> Attribute:
    """The attribute with its value space, its constraints still missing."""
    identity = record.id or attribute_id(record.path)
    youngest, oldest = _age_bound(record, "min_age"), _age_bound(record, "max_age")
    _check_ages(youngest, oldest, where)
    attribute = Attribute(
        id=identity,
        path=record.path,
        description=record.description,
        value_type=record.value_type,
        at_most=_years_below_age(record.at_most, where),
        at_least=_years_below_age(record.at_least, where),
        min_age=youngest,
        max_age=oldest,
        core=record.core,
        support=record.support,
        retired=record.retired,
        generic=record.generic,
        proposed=record.proposed,
        aliases=record.aliases,
        bias=record.bias,
    )
    if isinstance(record.values, NumberSpace):
        space = record.values
        if record.value_type != "number":
            raise TreeFileError(
                f"{where}: a range from {space.min:g} to {space.max:g} for {record.value_type}"
            )
        return replace(
            attribute, minimum=space.min, maximum=space.max, unit=space.unit, typical=space.typical
        )
    texts = record.values or ()
    if texts and record.value_type in (None, "number"):
        raise TreeFileError(f"{where}: the values do not fit value_type {record.value_type!r}")
    if len({normal(text) for text in texts}) < len(texts):
        raise TreeFileError(f"{where}: a value stands twice in the value space; leave one out")
    if record.weights is not None and len(record.weights) != len(texts):
        raise TreeFileError(f"{where}: {len(record.weights)} weights for {len(texts)} values")
    if record.weights and not any(record.weights):
        raise TreeFileError(f"{where}: all weights are 0; give each value its share in percent")
    return replace(attribute, values=even_values(identity, texts, record.weights))


def _constrained(attribute: Attribute, record: Record, known: _Known, where: str) -> Attribute:
    """`attribute` with what it and its values need and exclude."""
    for text in (
        *record.value_needs,
        *record.value_applies,
        *record.places,
        *record.alone,
        *(c.if_value for c in record.conflicts),
        *(i.if_value for i in record.implies),
    ):
        if normal(text) not in {normal(value.text) for value in attribute.values}:
            raise TreeFileError(f"{where}: {shorten(text)!r} is none of the attribute's values")
    needs = {normal(text): need for text, need in record.value_needs.items()}
    others = {normal(text): required for text, required in record.value_applies.items()}
    places = {normal(text): codes for text, codes in record.places.items()}
    alone = {normal(text) for text in record.alone}
    excluded: dict[str, list[Exclusion]] = {}
    for conflict in record.conflicts:
        excluded.setdefault(normal(conflict.if_value), []).extend(_exclusions(conflict, known, where))

    implied: dict[str, list[Requirement]] = {}
    for one in record.implies:
        other = _known(one.path, known, where)
        found = Requirement(other.id, frozenset(_ids(other, one.then, where)))
        implied.setdefault(normal(one.if_value), []).append(found)

    def finished(value: Value) -> Value:
        key = normal(value.text)
        need = needs.get(key, {})
        youngest, oldest = _whole(need.get("min_age")), _whole(need.get("max_age"))
        _check_ages(youngest, oldest, where)
        return replace(
            value,
            alone=key in alone,
            min_age=youngest,
            max_age=oldest,
            countries=tuple(places.get(key, ())),
            requires=_all_of(
                [*_needed(need, known, where), *_required(others.get(key, ()), known, where)], where
            ),
            excludes=tuple(dict.fromkeys(excluded.get(key, ()))),
            implies=_all_of(implied.get(key, ()), where),
        )

    return replace(
        attribute,
        values=tuple(finished(value) for value in attribute.values),
        requires=_all_of(
            [*_needed(record.needs, known, where), *_required(record.applies.requires, known, where)], where
        ),
    )


def _required(several: Sequence[RequiredValue], known: _Known, where: str) -> list[Requirement]:
    found = []
    for one in several:
        other = _known(one.path, known, where)
        found.append(Requirement(other.id, frozenset(_ids(other, one.values, where))))
    return found


def _all_of(requirements: Sequence[Requirement], where: str) -> tuple[Requirement, ...]:
    """One requirement an attribute: where two name the same, what both allow."""
    merged: dict[str, frozenset[str]] = {}
    for one in requirements:
        merged[one.attribute] = merged.get(one.attribute, one.values) & one.values
        if not merged[one.attribute]:
            raise TreeFileError(f"{where}: two requirements of one attribute have no value in common")
    return tuple(Requirement(attribute, values) for attribute, values in merged.items())


def _exclusions(conflict: Conflict, known: _Known, where: str) -> list[Exclusion]:
    other = _known(conflict.path, known, where)
    if isinstance(conflict.not_values, Bound):
        if other.value_type != "number":
            raise TreeFileError(f"{where}: a bound on {shown(other.path)!r}, which is no number")
        return [Exclusion(other.id, minimum=conflict.not_values.min, maximum=conflict.not_values.max)]
    if conflict.not_values == "*":
        return [Exclusion(other.id)]
    return [Exclusion(other.id, value=value) for value in _ids(other, conflict.not_values, where)]


def _needed(needs: Mapping[str, Sequence[str] | int], known: _Known, where: str) -> tuple[Requirement, ...]:
    """Needs of the situation as requirements on core values; ages are bounds, not requirements."""
    found = []
    for key, allowed in needs.items():
        if (key in _AGES) != isinstance(allowed, int):
            expected = "an age" if key in _AGES else "a list of values"
            raise TreeFileError(f"{where}: needs.{shorten(key)}: expected {expected}")
        if isinstance(allowed, int):
            continue
        if key not in known.core:
            raise TreeFileError(f"{where}: needs {shorten(key)!r}, which is no core attribute")
        core = known.core[key]
        found.append(Requirement(core.id, frozenset(_ids(core, allowed, where))))
    return tuple(found)


def _ids(attribute: Attribute, texts: Sequence[str], where: str) -> list[str]:
    if not texts:
        raise TreeFileError(f"{where}: names no value of {shown(attribute.path)}; name one, or leave it away")
    by_key = {normal(value.text): value.id for value in attribute.values}
    for text in texts:
        if normal(text) not in by_key:
            raise TreeFileError(f"{where}: {shorten(text)!r} is no value of {shown(attribute.path)}")
    return [by_key[normal(text)] for text in texts]


def _known(path: Path, known: _Known, where: str) -> Attribute:
    if path not in known.by_path:
        raise TreeFileError(f"{where}: refers to {shorten(shown(path))!r}, which has no record of its own")
    return known.by_path[path]


def _age_bound(record: Record, bound: Literal["min_age", "max_age"]) -> int | None:
    """The stricter of the two places where a bound on the age may be written."""
    found = [
        one for one in (getattr(record.applies, bound), _whole(record.needs.get(bound))) if one is not None
    ]
    if not found:
        return None
    return max(found) if bound == "min_age" else min(found)


def _check_ages(youngest: int | None, oldest: int | None, where: str) -> None:
    if youngest is not None and oldest is not None and youngest > oldest:
        raise TreeFileError(f"{where}: ages from {youngest} to {oldest}; nobody is of such an age")


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def _years_below_age(text: str | None, where: str) -> int | None:
    if text is None:
        return None
    match = re.fullmatch(r"age(?:-(\d{1,3}))?", text)
    if match is None or int(match[1] or 0) > MOST_YEARS:
        raise TreeFileError(f"{where}: {shorten(text)!r} is no age; write 'age' or 'age-15'")
    return int(match[1] or 0)
