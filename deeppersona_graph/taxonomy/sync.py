"""Sync: what people edit by hand in the graph becomes as good as what was imported (DESIGN §4).

A node with only a name, hung under an attribute, gets its id, path, draw and vectors, and, where nobody gave
it values, a provisional value space. What is no tree is refused with the names of the nodes, and nothing is
changed. Where nothing was edited, it costs one query.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import networkx as nx

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
from deeppersona_graph.taxonomy.embed import embed_attributes, embed_values
from deeppersona_graph.taxonomy.formats.building import LONGEST_NAME, even_values
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
    edges: bool = False
    """Nothing but edges of other kinds changed."""

    @property
    def changed(self) -> bool:
        """Whether anything had been edited."""
        return bool(self.added or self.moved or self.values or self.removed or self.edges)

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
        if self.edges:
            parts.append("edges changed")
        if not parts:
            return "nothing was edited by hand"
        return f"edited by hand: {', '.join(parts)}; now version {self.version}"


@dataclass
class _Work:
    """What is to be written."""

    attributes: list[dict[str, Any]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    spaces: list[Attribute] = field(default_factory=list)
    """Attributes that get a provisional value space."""
    embed: list[Attribute] = field(default_factory=list)
    """Attributes whose path needs a vector."""
    tilted: list[Attribute] = field(default_factory=list)
    """Attributes with the new values that may need vectors."""


def sync(graph: Graph, taxonomy: str, embedder: Embedder) -> SyncReport:
    """Take in what was edited by hand since the last version.

    Raises `TaxonomyShapeError` where the attributes are no tree any more.
    """
    survey = graph.read("taxonomy/survey", taxonomy=taxonomy)[0]
    if survey["recorded"] == survey["counted"] and not survey["attention"]:
        return SyncReport(version=survey["version"])
    rows = graph.read("taxonomy/shape", taxonomy=taxonomy)
    paths = tree_paths(rows)
    work, report = _plan(rows, paths, survey)
    vectors = embed_attributes(embedder, work.embed, lambda *_: None)
    tilted = embed_values(embedder, work.tilted, lambda *_: None)
    arguments = json.dumps(
        {"added": [list(path) for path in report.added], "moved": report.moved, "values": report.values,
         "removed": report.removed}, ensure_ascii=False
    )  # fmt: skip

    def write(tx: Transaction) -> int:
        version = tx.run(
            "taxonomy/raise_version", taxonomy=taxonomy, operation="sync", arguments=arguments, before=None
        )[0]["version"]
        tx.run("taxonomy/adopt_attributes", taxonomy=taxonomy, rows=work.attributes)
        tx.run("taxonomy/adopt_values", taxonomy=taxonomy, rows=work.values)
        tx.run("taxonomy/create_values", taxonomy=taxonomy, rows=[values_row(a) for a in work.spaces])
        tx.run("taxonomy/embed_attributes", taxonomy=taxonomy, rows=vector_rows(vectors))
        tx.run("taxonomy/embed_values", taxonomy=taxonomy, rows=vector_rows(tilted))
        tx.run("taxonomy/derive", taxonomy=taxonomy)
        tx.run("taxonomy/record_counts", taxonomy=taxonomy)
        return int(version)

    edges = not (report.added or report.moved or report.values or report.removed)
    return replace(report, version=graph.transact(write), edges=edges)


def tree_paths(rows: Sequence[Row]) -> dict[str, Path]:
    """The path of each node, by internal id; raises `TaxonomyShapeError` naming the nodes at fault."""
    names = {row["node"]: row["attribute"]["name"] for row in rows}
    for row in rows:
        _check_name(row["attribute"])
    forest = nx.DiGraph()
    forest.add_nodes_from(names)
    forest.add_edges_from((parent, row["node"]) for row in rows for parent in row["parents"])
    for row in rows:
        parents = [str(names.get(parent, "a node of another taxonomy")) for parent in row["parents"]]
        if len(parents) > 1 or any(parent not in names for parent in row["parents"]):
            raise TaxonomyShapeError(
                f"{shorten(names[row['node']])!r} hangs under {' and '.join(map(repr, parents[:3]))}; "
                "a node of a tree has one parent of its own taxonomy: remove the other HAS_CHILD edges"
            )
        if not parents and len(row["attribute"]["path"] or ()) != 1:
            raise TaxonomyShapeError(
                f"{shorten(names[row['node']])!r} hangs under no attribute; "
                "connect it with HAS_CHILD, or delete the node"
            )
    if not nx.is_directed_acyclic_graph(forest):
        loop = [shorten(str(names[edge[0]]), 40) for edge in nx.find_cycle(forest)]
        raise TaxonomyShapeError(
            f"HAS_CHILD goes in a circle through {', '.join(map(repr, loop[:5]))}; remove one of the edges"
        )
    paths: dict[str, Path] = {}
    for node in nx.topological_sort(forest):
        above = next((paths[parent] for parent in forest.predecessors(node)), ())
        paths[node] = (*above, names[node])
    twice = [path for path, count in Counter(paths.values()).items() if count > 1]
    if twice:
        raise TaxonomyShapeError(
            f"two siblings are called {shorten(twice[0][-1])!r} ({shorten(shown(twice[0]), 160)}); rename one"
        )
    return paths


def _check_name(attribute: Mapping[str, Any]) -> None:
    name, path = attribute["name"], shown(map(str, attribute["path"] or ["?"]))
    if not isinstance(name, str) or not name.strip():
        raise TaxonomyShapeError(f"an attribute has the name {name!r} (formerly {shorten(path)!r}); name it")
    if len(name) > LONGEST_NAME:
        raise TaxonomyShapeError(
            f"an attribute has a name of {len(name):,} characters ({shorten(name, 30)!r}); "
            f"at most {LONGEST_NAME} are accepted"
        )


def _plan(rows: Sequence[Row], paths: Mapping[str, Path], survey: Row) -> tuple[_Work, SyncReport]:
    work = _Work()
    inner = {parent for row in rows for parent in row["parents"]}
    used = {row["attribute"]["id"] for row in rows}
    added: list[Path] = []
    moved: list[tuple[Path, Path]] = []
    for row in rows:
        attribute, path = row["attribute"], paths[row["node"]]
        identity = attribute["id"] or _fresh_id(path, used)
        before = tuple(attribute["path"] or ())
        _plan_values(work, row, identity, path)
        new = attribute["id"] is None or attribute["draw"] is None
        if not new and before == path and attribute["embedded"]:
            continue
        properties: dict[str, Any] = {
            "id": identity, "path": list(path), "depth": len(path), "draw": draw_of(identity)
        }  # fmt: skip
        plain = Attribute(id=identity, path=path)
        if new:
            added.append(path)
            properties["support"] = 0
            if attribute["value_type"] is None and row["values"]:
                properties["value_type"] = "categorical"
            elif attribute["value_type"] is None and row["node"] not in inner:
                properties |= {"value_type": "ordinal", "generic": True}
                space = even_values(identity, GENERIC_VALUES)
                work.spaces.append(Attribute(id=identity, path=path, value_type="ordinal", values=space))
        elif before != path:
            moved.append((before, path))
        work.attributes.append({"node": row["node"], "properties": properties})
        work.embed.append(plain)
    known = survey["recorded"][0]
    return work, SyncReport(
        version=survey["version"],
        added=tuple(added),
        moved=tuple(moved),
        values=len(work.values),
        removed=max(0, known - (len(rows) - len(added))),
    )


def _plan_values(work: _Work, row: Row, identity: str, path: Path) -> None:
    """Values made by hand get an id, the next rank, and the mean weight of the others."""
    known = [value for value in row["values"] if value["id"] is not None]
    new = [value for value in row["values"] if value["id"] is None]
    taken = {normal(str(value["text"])) for value in known}
    rank = max((value["rank"] for value in known), default=-1)
    made: list[Value] = []
    weights = [value["weight"] for value in known if value["weight"] is not None]
    mean = sum(weights) / len(weights) if weights else 100.0 / max(1, len(new))
    for value in sorted(new, key=lambda one: str(one["text"])):
        text = value["text"]
        if not isinstance(text, str) or not text.strip() or normal(text) in taken:
            raise TaxonomyShapeError(
                f"a value of {shorten(str(row['attribute']['name']))!r} has the text {text!r}; "
                "a value needs a text of its own: set it, or delete the value"
            )
        taken.add(normal(text))
        rank += 1
        weight = value["weight"] if value["weight"] is not None else mean
        one = Value(id=value_id(identity, text), text=text, rank=rank, weight=float(weight))
        made.append(one)
        work.values.append({"node": value["node"], "properties": {"id": one.id, **value_properties(one)}})
    if made:
        value_type: ValueType = row["attribute"]["value_type"] or "categorical"
        work.tilted.append(Attribute(id=identity, path=path, value_type=value_type, values=tuple(made)))


def _fresh_id(path: Path, used: set[str]) -> str:
    """The id of a new attribute; where a renamed one holds it already, the next free one."""
    number, identity = 1, attribute_id(path)
    while identity in used:
        number += 1
        identity = attribute_id((*path, str(number)))
    used.add(identity)
    return identity
