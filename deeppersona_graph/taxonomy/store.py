"""Writing a tree into the graph: whole, or not at all.

An import spans several transactions, so a taxonomy is `importing` until its last edge is there; readers see
only those that are `ready`, and an import that was cut off is cleared away by the next one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.errors import ConflictError, InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import Attribute, Requirement, Tree, Value, normal
from deeppersona_graph.taxonomy.log.record import record_state
from deeppersona_graph.taxonomy.log.state import read_state

Vectors = Mapping[str, NDArray[np.float32]]
"""Unit vectors by the id of the attribute or value they belong to."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

DELETED_AT_ONCE = 20_000
ROWS_AT_ONCE = 1000
FIRST_ROWS = 100


@dataclass(frozen=True, slots=True)
class _Batch:
    statement: str
    rows: Sequence[Any]
    size: int


def store_tree(
    graph: Graph,
    tree: Tree,
    *,
    model: str,
    dimensions: int,
    attribute_vectors: Vectors,
    value_vectors: Vectors,
    progress: Progress,
) -> None:
    """Write `tree` as version 1 of a new taxonomy.

    Raises `InputError` where the name is taken, `ConflictError` where another process is importing under it.
    """
    owner = secrets.token_hex(8)
    begun = graph.write("taxonomy/begin", taxonomy=tree.name, owner=owner, model=model, dimensions=dimensions)
    if not begun[0]["ours"]:
        if taxonomy_state(graph, tree.name) == "ready":
            raise InputError(f"the taxonomy {tree.name!r} exists already; import under another --taxonomy")
        raise ConflictError(f"the taxonomy {tree.name!r} is being imported by another process; wait for it")
    with ExitStack() as unless_finished:
        unless_finished.callback(graph.write, "taxonomy/abandon", taxonomy=tree.name)
        _erase_nodes(graph, tree.name)
        _write_batches(graph, tree.name, _batches(tree, attribute_vectors, value_vectors), progress)
        graph.write("taxonomy/derive", taxonomy=tree.name)
        counted = graph.read("taxonomy/survey", taxonomy=tree.name)[0]["counted"]
        graph.write("taxonomy/record_counts", taxonomy=tree.name, counts=counted)
        graph.transact(lambda tx: record_state(tx, tree.name, 1, read_state(tx.run, tree.name)))
        graph.write("taxonomy/finish", taxonomy=tree.name, origin=tree.origin)
        unless_finished.pop_all()


def write_vectors(
    graph: Graph,
    taxonomy: str,
    model: str,
    dimensions: int,
    attributes: Vectors,
    values: Vectors,
    progress: Progress,
) -> None:
    """Replace all vectors of a taxonomy; until the last is written it counts as having no model."""
    graph.write("taxonomy/set_model", taxonomy=taxonomy, model=None, dimensions=None)
    for name, vectors in (("taxonomy/embed_attributes", attributes), ("taxonomy/embed_values", values)):
        rows = vector_rows(vectors)
        for start in range(0, len(rows), 1000):
            graph.write(name, taxonomy=taxonomy, rows=rows[start : start + 1000])
            progress("writing vectors", min(start + 1000, len(rows)), len(rows))
    graph.write("taxonomy/set_model", taxonomy=taxonomy, model=model, dimensions=dimensions)


def _write_batches(graph: Graph, taxonomy: str, batches: Sequence[_Batch], progress: Progress) -> None:
    """Each statement begins with few rows: a server that has just started compiles its code meanwhile, where
    one large first batch would run uncompiled to its end, ten times slower."""
    total, done = sum(len(batch.rows) for batch in batches), 0
    for batch in batches:
        start, size = 0, min(FIRST_ROWS, batch.size)
        while start < len(batch.rows):
            rows = batch.rows[start : start + size]
            graph.write(batch.statement, taxonomy=taxonomy, rows=rows)
            start, size = start + size, min(4 * size, batch.size)
            done += len(rows)
            graph.write("taxonomy/touch", taxonomy=taxonomy)
            progress("writing the taxonomy", done, total)


def taxonomy_state(graph: Graph, name: str) -> str | None:
    """`ready`, `importing` (somebody is at it), `abandoned` (an import was cut off), or None."""
    rows = graph.read("taxonomy/state", taxonomy=name)
    return str(rows[0]["state"]) if rows else None


def erase_tree(graph: Graph, name: str) -> None:
    """Remove a taxonomy with all its attributes and values, a transaction at a time."""
    _erase_nodes(graph, name)
    graph.write("taxonomy/forget", taxonomy=name)


def _erase_nodes(graph: Graph, name: str) -> None:
    while graph.write("taxonomy/erase", taxonomy=name, limit=DELETED_AT_ONCE)[0]["deleted"]:
        pass


def _batches(tree: Tree, attribute_vectors: Vectors, value_vectors: Vectors) -> list[_Batch]:
    attributes, by_path = tree.attributes, tree.by_path
    links = [{"parent": by_path[a.path[:-1]].id, "child": a.id} for a in attributes if len(a.path) > 1]
    values = [value for a in attributes for value in a.values]
    return [
        _Batch("taxonomy/create_attributes", [attribute_row(a) for a in attributes], 2000),
        _Batch("taxonomy/link_children", links, 5000),
        _Batch("taxonomy/create_values", [values_row(a) for a in attributes if a.values], 500),
        _Batch(
            "taxonomy/require_for_attributes",
            [required_row({"attribute": a.id}, a.requires) for a in attributes if a.requires],
            2000,
        ),
        _Batch(
            "taxonomy/require_for_values",
            [required_row({"value": v.id}, v.requires) for v in values if v.requires],
            2000,
        ),
        _Batch(
            "taxonomy/imply", [required_row({"value": v.id}, v.implies) for v in values if v.implies], 2000
        ),
        _Batch("taxonomy/exclude_values", _excluded_values(values), 2000),
        _Batch("taxonomy/exclude_attributes", _excluded_attributes(values), 2000),
        _Batch("taxonomy/embed_attributes", vector_rows(attribute_vectors), 1000),
        _Batch("taxonomy/embed_values", vector_rows(value_vectors), 1000),
    ]


def attribute_row(attribute: Attribute) -> dict[str, Any]:
    """The id and properties of one attribute, as `taxonomy/create_attributes` takes them."""
    properties = {
        "name": attribute.name,
        "path": list(attribute.path),
        "depth": len(attribute.path),
        **space_properties(attribute),
        "at_most": attribute.at_most,
        "at_least": attribute.at_least,
        "core": attribute.core,
        "support": attribute.support,
        "retired": attribute.retired or None,
        "generic": attribute.generic or None,
        "proposed": attribute.proposed or None,
        "aliases": list(attribute.aliases) or None,
        "bias": attribute.bias,
        "draw": draw_of(attribute.id),
    }
    return {"id": attribute.id, "properties": {k: v for k, v in properties.items() if v is not None}}


def space_properties(attribute: Attribute) -> dict[str, Any]:
    """What an attribute asks, of whom, and in which bounds; None where it says nothing of it."""
    return {
        "description": attribute.description or None,
        "value_type": attribute.value_type,
        "minimum": attribute.minimum,
        "maximum": attribute.maximum,
        "typical": list(attribute.typical) if attribute.typical else None,
        "unit": attribute.unit,
        "min_age": attribute.min_age,
        "max_age": attribute.max_age,
    }


def values_row(attribute: Attribute) -> dict[str, Any]:
    """The value space of one attribute, as `taxonomy/create_values` takes it."""
    return {
        "attribute": attribute.id,
        "values": [{"id": value.id, "properties": value_properties(value)} for value in attribute.values],
    }


def value_properties(value: Value) -> dict[str, Any]:
    """The properties of one value, its id aside."""
    properties = {
        "text": value.text,
        "key": normal(value.text),
        "rank": value.rank,
        "weight": value.weight,
        "alone": value.alone or None,
        "min_age": value.min_age,
        "max_age": value.max_age,
        "countries": list(value.countries) or None,
        "draw": draw_of(value.id),
    }
    return {k: v for k, v in properties.items() if v is not None}


def required_row(owner: dict[str, str], requires: Sequence[Requirement]) -> dict[str, Any]:
    return {**owner, "values": sorted({value for one in requires for value in one.values})}


def _excluded_values(values: Sequence[Value]) -> list[dict[str, Any]]:
    pairs = {v.id: sorted({e.value for e in v.excludes if e.value is not None}) for v in values if v.excludes}
    return [{"value": value, "values": others} for value, others in pairs.items() if others]


def _excluded_attributes(values: Sequence[Value]) -> list[dict[str, Any]]:
    return [
        {"value": v.id, "attribute": e.attribute, "minimum": e.minimum, "maximum": e.maximum}
        for v in values
        for e in v.excludes
        if e.value is None
    ]


def write_rows(graph: Graph, statement: str, taxonomy: str, rows: Sequence[Any]) -> None:
    """Run a write statement on rows, so many in a transaction; for what may be there in part."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        graph.write(statement, taxonomy=taxonomy, rows=rows[start : start + ROWS_AT_ONCE])


def vector_rows(vectors: Vectors) -> list[dict[str, Any]]:
    """Vectors as `taxonomy/embed_attributes` and `taxonomy/embed_values` take them."""
    return [{"id": identity, "embedding": vector.tolist()} for identity, vector in vectors.items()]
