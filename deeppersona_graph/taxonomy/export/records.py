"""A tree as JSONL records, in the format that `taxonomy import` reads; ids are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deeppersona_graph.model.tree import Attribute, Exclusion, Requirement, Tree, Value


def write_records(tree: Tree, path: Path) -> None:
    """Write the records to a file in UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(line + "\n" for line in export_records(tree))


def export_records(tree: Tree) -> Iterator[str]:
    """One line for each attribute, inner nodes included, parents before children."""
    for attribute in tree.attributes:
        record = _record(tree, attribute)
        kept = {key: value for key, value in record.items() if value not in (None, "", [], {})}
        yield json.dumps(kept, ensure_ascii=False)


def _record(tree: Tree, attribute: Attribute) -> dict[str, Any]:
    values = attribute.values
    needs, others = _requires(tree, attribute.requires)
    applies: dict[str, Any] = {}
    for key in ("min_age", "max_age"):
        if getattr(attribute, key) is not None:
            applies[key] = getattr(attribute, key)
    if others:
        applies["requires"] = others
    return {
        "path": list(attribute.path),
        "id": attribute.id,
        "description": attribute.description,
        "value_type": attribute.value_type,
        "values": _space(attribute),
        "weights": [_number(value.weight) for value in values],
        "applies": applies,
        "needs": needs,
        "value_needs": {v.text: need for v in values if (need := _value_needs(tree, v))},
        "value_applies": {v.text: others for v in values if (others := _requires(tree, v.requires)[1])},
        "places": {v.text: list(v.countries) for v in values if v.countries},
        "at_most": _age(attribute.at_most),
        "at_least": _age(attribute.at_least),
        "alone": [v.text for v in values if v.alone],
        "conflicts": [conflict for v in values for conflict in _conflicts(tree, v)],
        "implies": [implied for v in values for implied in _implied(tree, v)],
        "core": attribute.core,
        "support": attribute.support or None,
        "retired": attribute.retired or None,
        "generic": attribute.generic or None,
        "proposed": attribute.proposed or None,
        "aliases": list(attribute.aliases),
        "bias": attribute.bias,
    }


def _space(attribute: Attribute) -> Any:
    if attribute.value_type == "number" and attribute.minimum is not None:
        space = {
            "min": _number(attribute.minimum),
            "max": _number(attribute.maximum),
            "unit": attribute.unit,
            "typical": [_number(one) for one in attribute.typical] if attribute.typical else None,
        }
        return {key: value for key, value in space.items() if value is not None}
    return [value.text for value in attribute.values]


def _requires(
    tree: Tree, requires: tuple[Requirement, ...]
) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
    """What is required of core attributes, by key, and what of others."""
    core: dict[str, list[str]] = {}
    others: list[dict[str, Any]] = []
    for one in requires:
        required = tree.by_id[one.attribute]
        texts = [value.text for value in required.values if value.id in one.values]
        if required.core is not None:
            core[required.core] = texts
        else:
            others.append({"path": list(required.path), "values": texts})
    return core, others


def _value_needs(tree: Tree, value: Value) -> Mapping[str, Any]:
    needs: dict[str, Any] = dict(_requires(tree, value.requires)[0])
    for key in ("min_age", "max_age"):
        if getattr(value, key) is not None:
            needs[key] = getattr(value, key)
    return needs


def _conflicts(tree: Tree, value: Value) -> Iterator[dict[str, Any]]:
    by_attribute: dict[str, list[Exclusion]] = {}
    for one in value.excludes:
        by_attribute.setdefault(one.attribute, []).append(one)
    for identity, exclusions in by_attribute.items():
        other = tree.by_id[identity]
        excluded = {one.value for one in exclusions if one.value is not None}
        texts = [v.text for v in other.values if v.id in excluded]
        if texts:
            yield {"if": value.text, "path": list(other.path), "not": texts}
        for one in exclusions:
            if one.value is None:
                bounds = {
                    key: _number(bound)
                    for key, bound in (("min", one.minimum), ("max", one.maximum))
                    if bound is not None
                }
                yield {"if": value.text, "path": list(other.path), "not": bounds or "*"}


def _implied(tree: Tree, value: Value) -> Iterator[dict[str, Any]]:
    for one in value.implies:
        other = tree.by_id[one.attribute]
        texts = [v.text for v in other.values if v.id in one.values]
        yield {"if": value.text, "path": list(other.path), "then": texts}


def _number(number: float | None) -> float | int | None:
    """As people write it: without a fraction where it has none."""
    return int(number) if number is not None and number == int(number) else number


def _age(years: int | None) -> str | None:
    if years is None:
        return None
    return f"age-{years}" if years else "age"
