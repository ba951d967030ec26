"""Sync: what people edit by hand in the graph becomes as good as what was imported (DESIGN §4).

A node with only a name, hung under an attribute, gets its id, path, draw and vectors, and, where nobody gave
it values, a provisional value space. What is no tree is refused with the names of the nodes, and nothing is
changed. Where nothing was edited, it costs one query.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import TaxonomyShapeError, shorten
from deeppersona_graph.graph.connection import Graph, Row, Transaction
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import (
    GENERIC_VALUES,
    Attribute,
    Path,
    Value,
    ValueType,
    attribute_id,
    normal,
    shown,
    value_id,
)
from deeppersona_graph.taxonomy.changing import SYNC, OvertakenError, change_tree
from deeppersona_graph.taxonomy.embed import embed_attributes, embed_values
from deeppersona_graph.taxonomy.formats.building import even_values
from deeppersona_graph.taxonomy.log.delta import compare
from deeppersona_graph.taxonomy.log.record import read_recorded
from deeppersona_graph.taxonomy.log.state import read_state
from deeppersona_graph.taxonomy.log.tell import Difference, differences
from deeppersona_graph.taxonomy.shape import check_core, check_strays, tree_paths
from deeppersona_graph.taxonomy.store import value_properties, values_row, vector_rows


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What sync found: the paths of attributes made and of attributes renamed or moved by hand, how many
    values were made, and how many attributes are gone."""

    version: int
    added: tuple[Path, ...] = ()
    moved: tuple[tuple[Path, Path], ...] = ()
    values: int = 0
    removed: int = 0
    other: bool = False
    """Nothing but edges of other kinds, or properties, changed."""
    differences: tuple[Difference, ...] = ()
    """All that differs from the last version."""
    lost: int = 0
    """Values that people have lost with what was deleted; they cannot come back, `refresh` makes others."""

    @property
    def changed(self) -> bool:
        """Whether anything had been edited."""
        return bool(self.added or self.moved or self.values or self.removed or self.other)

    @property
    def summary(self) -> str:
        """One line for people."""
        parts = []
        if self.added:
            parts.append(f"{len(self.added)} added ({', '.join(shown(path) for path in self.added[:3])})")
        if self.moved:
            parts.append(f"{len(self.moved)} renamed or moved")
        if self.values:
            parts.append(f"{self.values} values added")
        if self.removed:
            parts.append(f"{self.removed} deleted")
        if self.other:
            parts.append("properties or edges changed")
        told = "nothing was edited by hand"
        if parts:
            told = f"edited by hand: {', '.join(parts)}; now version {self.version}"
        if self.lost:
            told += (
                f"; people lack {self.lost} values of what was deleted; `deeppersona refresh` makes others"
            )
        return told


@dataclass
class _Work:
    """What is to be written."""

    attributes: list[dict[str, Any]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    spaces: list[Attribute] = field(default_factory=list)
    """Attributes that get a provisional value space."""
    embed: list[Attribute] = field(default_factory=list)
    """Attributes whose path needs a vector."""
    moved: list[Attribute] = field(default_factory=list)
    """Attributes with another name or place, whose values may gain or lose vectors."""
    tilted: list[Attribute] = field(default_factory=list)
    """Attributes with the new values that may need vectors."""


def sync(graph: Graph, taxonomy: str, embedder: Embedder, *, whole: bool = False) -> SyncReport:
    """Take in what was edited by hand since the last version.

    The usual survey looks at what decides generation; with `whole`, everything is compared with the state of
    the last version, every property and edge.

    Where another process does so at the same time, one of them finds the work done. Raises
    `TaxonomyShapeError` where the attributes are no tree any more.
    """
    while True:
        try:
            return _sync(graph, taxonomy, embedder, whole)
        except OvertakenError:
            continue


def _sync(graph: Graph, taxonomy: str, embedder: Embedder, whole: bool) -> SyncReport:
    survey = graph.read("taxonomy/survey", taxonomy=taxonomy)[0]
    surveyed = survey["recorded"] == survey["counted"] and not survey["attention"]
    if surveyed and not (whole and _differs(graph, taxonomy, survey["version"])):
        return SyncReport(version=survey["version"], lost=_lost(graph, taxonomy) if whole else 0)
    check_strays(graph.read("taxonomy/strays", taxonomy=taxonomy))
    rows = graph.read("taxonomy/shape", taxonomy=taxonomy)
    paths = tree_paths(rows)
    check_core(rows)
    work, report = _plan(rows, paths, survey)
    vectors = embed_attributes(embedder, work.embed, lambda *_: None)
    work.tilted += _with_values(graph, taxonomy, work.moved)
    tilted = embed_values(embedder, work.tilted, lambda *_: None)
    respelled = _respelled(graph, taxonomy)
    plain = [value.id for a in work.tilted for value in a.values if value.id not in tilted]
    plain += [row["id"] for row in respelled]
    arguments = json.dumps(
        {"added": [list(path) for path in report.added], "moved": report.moved, "values": report.values,
         "removed": report.removed}, ensure_ascii=False
    )  # fmt: skip

    def write(tx: Transaction) -> None:
        tx.run("taxonomy/sweep_values", taxonomy=taxonomy)
        tx.run("taxonomy/adopt_attributes", taxonomy=taxonomy, rows=work.attributes)
        tx.run("taxonomy/adopt_values", taxonomy=taxonomy, rows=work.values)
        tx.run("taxonomy/create_values", taxonomy=taxonomy, rows=[values_row(a) for a in work.spaces])
        tx.run("taxonomy/embed_attributes", taxonomy=taxonomy, rows=vector_rows(vectors))
        tx.run("taxonomy/embed_values", taxonomy=taxonomy, rows=vector_rows(tilted))
        tx.run("taxonomy/forget_vectors", taxonomy=taxonomy, rows=plain)
        tx.run("taxonomy/rekey_values", taxonomy=taxonomy, rows=respelled)

    done = change_tree(graph, taxonomy, survey["version"], SYNC, arguments, write)
    found = differences(done.before, done.after, done.delta)
    removed = sum(key.kind == "attribute" for key in done.delta.removed)
    other = not (report.added or report.moved or report.values or removed)
    lost = _lost(graph, taxonomy) if removed or whole else 0
    return replace(
        report, version=done.version, other=other, removed=removed, differences=tuple(found), lost=lost
    )


def _lost(graph: Graph, taxonomy: str) -> int:
    return int(graph.read("log/lost_values", taxonomy=taxonomy)[0]["lost"])


def _differs(graph: Graph, taxonomy: str, version: int) -> bool:
    """Whether anything at all is not as the last version left it."""
    recorded = read_recorded(graph.read, taxonomy, version)
    return recorded is not None and bool(compare(recorded.state, read_state(graph.read, taxonomy)).of_tree)


def _respelled(graph: Graph, taxonomy: str) -> list[dict[str, str]]:
    """The values whose text was changed by hand, with the keys they need."""
    rows = graph.read("taxonomy/respelled_values", taxonomy=taxonomy)
    return [{"id": r["id"], "key": normal(r["text"])} for r in rows if normal(r["text"]) != r["key"]]


def _plan(rows: Sequence[Row], paths: Mapping[str, Path], survey: Row) -> tuple[_Work, SyncReport]:
    work = _Work()
    inner = {parent for row in rows for parent in row["parents"]}
    used = {row["attribute"]["id"] for row in rows if not _is_new(row)}
    added: list[Path] = []
    moved: list[tuple[Path, Path]] = []
    for row in rows:
        attribute, path, new = row["attribute"], paths[row["node"]], _is_new(row)
        identity = _own_id(attribute["id"], path, used) if new else attribute["id"]
        before = tuple(attribute["path"] or ())
        properties: dict[str, Any] = {}
        if attribute["value_type"] is None and row["values"]:
            properties["value_type"] = "categorical"
        _plan_values(work, row, identity, path)
        if new:
            added.append(path)
            properties["support"] = 0
            if attribute["value_type"] is None and not row["values"] and row["node"] not in inner:
                properties |= {"value_type": "ordinal", "generic": True}
                space = even_values(identity, GENERIC_VALUES)
                work.spaces.append(Attribute(id=identity, path=path, value_type="ordinal", values=space))
        elif before != path:
            moved.append((before, path))
            work.moved.append(
                Attribute(id=identity, path=path, value_type=attribute["value_type"], core=attribute["core"])
            )
        if new or before != path or not attribute["embedded"]:
            properties |= {"id": identity, "path": list(path), "depth": len(path), "draw": draw_of(identity)}
            work.embed.append(Attribute(id=identity, path=path))
        if properties:
            work.attributes.append({"node": row["node"], "properties": properties})
    known = (survey["recorded"] or survey["counted"])[0]
    return work, SyncReport(
        version=survey["version"],
        added=tuple(added),
        moved=tuple(moved),
        values=len(work.values),
        removed=max(0, known - (len(rows) - len(added))),
    )


def _is_new(row: Row) -> bool:
    """Whether somebody made the node by hand, or copied it from another."""
    return any(row["attribute"][key] is None for key in ("id", "draw", "taxonomy"))


def _plan_values(work: _Work, row: Row, identity: str, path: Path) -> None:
    """Values made by hand get an id, the next rank, and the mean weight of the others."""
    known = [value for value in row["values"] if value["id"] is not None and value["known"]]
    new = [value for value in row["values"] if value["id"] is None or not value["known"]]
    taken = {normal(str(value["text"])) for value in known}
    used = {value["id"] for value in known}
    rank = max((value["rank"] for value in known), default=-1)
    made: list[Value] = []
    weights = [value["weight"] for value in known]
    mean = sum(weights) / len(weights) if weights else 100.0 / max(1, len(new))
    for value in sorted(new, key=lambda one: str(one["text"])):
        text, weight = value["text"], mean if value["weight"] is None else value["weight"]
        if not isinstance(text, str) or not text.strip() or normal(text) in taken:
            raise TaxonomyShapeError(
                f"a value of {shorten(str(row['attribute']['name']))!r} has the text "
                f"{shorten(repr(text))}; a value needs a text of its own: set it, or delete the value"
            )
        if not isinstance(weight, (int, float)) or not 0 <= weight < inf:
            raise TaxonomyShapeError(
                f"the value {shorten(text)!r} of {shorten(str(row['attribute']['name']))!r} has the weight "
                f"{shorten(repr(weight))}; expected a share in percent"
            )
        taken.add(normal(text))
        rank += 1
        one = Value(id=_own_value_id(identity, text, used), text=text, rank=rank, weight=float(weight))
        made.append(one)
        work.values.append({"node": value["node"], "properties": {"id": one.id, **value_properties(one)}})
    if made:
        attribute = row["attribute"]
        value_type: ValueType = attribute["value_type"] or "categorical"
        work.tilted.append(
            Attribute(
                id=identity, path=path, value_type=value_type, core=attribute["core"], values=tuple(made)
            )
        )


def _with_values(graph: Graph, taxonomy: str, attributes: Sequence[Attribute]) -> list[Attribute]:
    """The attributes with the values that the graph has for them."""
    if not attributes:
        return []
    rows = graph.read("taxonomy/read_values", taxonomy=taxonomy)
    spaces = {row["attribute"]: [one[:4] for one in row["values"] if one[0] is not None] for row in rows}
    return [
        replace(a, values=tuple(Value(id=i, text=t, rank=r, weight=w) for i, t, r, w in spaces.get(a.id, ())))
        for a in attributes
    ]


def _own_id(given: Any, path: Path, used: set[str]) -> str:
    """The id a new attribute came with, else that of its path; where another has it, the next free one."""
    number, identity = 1, given if isinstance(given, str) and given else attribute_id(path)
    while identity in used:
        identity = attribute_id(path if number == 1 else (*path, str(number)))
        number += 1
    used.add(identity)
    return identity


def _own_value_id(attribute: str, text: str, used: set[str]) -> str:
    """The id of a new value; where a renamed one holds it already, the next free one."""
    number, identity = 1, value_id(attribute, text)
    while identity in used:
        number += 1
        identity = value_id(attribute, f"{text} {number}")
    used.add(identity)
    return identity
