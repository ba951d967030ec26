"""Whether what people made by hand in the graph is a tree still, and the path of each of its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import networkx as nx

from deeppersona_graph.errors import TaxonomyShapeError, shorten
from deeppersona_graph.graph.connection import Row
from deeppersona_graph.model.tree import VALUE_TYPES, Path, shown
from deeppersona_graph.taxonomy.formats.building import DEEPEST, LONGEST_NAME, core_attributes


def check_strays(rows: Sequence[Row]) -> None:
    """Raises `TaxonomyShapeError` for the first of the nodes that cannot be part of the tree."""
    for row in rows:
        raise TaxonomyShapeError(
            f"{shorten(str(row['name']))!r} under {shorten(str(row['above']))!r} {row['reason']}"
        )


def check_core(rows: Sequence[Row]) -> None:
    """Raise `TaxonomyShapeError` where a core attribute is missing or stands twice."""
    counted = Counter(row["attribute"]["core"] for row in rows)
    for key, core in core_attributes().items():
        if counted[key] != 1:
            raise TaxonomyShapeError(
                f"the core attribute {key!r} stands {counted[key]} times in the taxonomy, expected it once: "
                f"set `core` to {key!r} on one attribute, such as {shown(core.path)!r}"
            )


def tree_paths(rows: Sequence[Row]) -> dict[str, Path]:
    """The path of each node, by internal id; raises `TaxonomyShapeError` naming the nodes at fault."""
    names = {row["node"]: row["attribute"]["name"] for row in rows}
    for row in rows:
        _check_name(row["attribute"], [names.get(parent) for parent in row["parents"]])
        _check_space(row["attribute"])
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
        if len(paths[node]) > DEEPEST:
            raise TaxonomyShapeError(
                f"{shorten(names[node])!r} hangs {len(paths[node])} levels deep "
                f"({shorten(shown(paths[node]), 160)}); at most {DEEPEST} are accepted: move it up"
            )
    twice = [path for path, count in Counter(paths.values()).items() if count > 1]
    if twice:
        raise TaxonomyShapeError(
            f"two siblings are called {shorten(twice[0][-1])!r} ({shorten(shown(twice[0]), 160)}); rename one"
        )
    return paths


def _check_name(attribute: Mapping[str, Any], above: Sequence[Any]) -> None:
    name = attribute["name"]
    if not isinstance(name, str) or not name.strip():
        place = f" under {shorten(str(above[0]))!r}" if above else ""
        before = f" (formerly {shorten(shown(attribute['path']))!r})" if attribute["path"] else ""
        raise TaxonomyShapeError(f"an attribute{place} has the name {name!r}{before}; name it")
    if len(name) > LONGEST_NAME:
        raise TaxonomyShapeError(
            f"an attribute has a name of {len(name):,} characters ({shorten(name, 30)!r}); "
            f"at most {LONGEST_NAME} are accepted"
        )


def _check_space(attribute: Mapping[str, Any]) -> None:
    name, kind = shorten(attribute["name"]), attribute["value_type"]
    low, high = attribute["minimum"], attribute["maximum"]
    if kind is not None and kind not in VALUE_TYPES:
        raise TaxonomyShapeError(
            f"{name!r} has the value_type {shorten(repr(kind))}; expected one of {', '.join(VALUE_TYPES)}"
        )
    if kind == "number" and (low, high) != (None, None) and not _is_range(low, high):
        raise TaxonomyShapeError(
            f"{name!r} is a number from {shorten(repr(low))} to {shorten(repr(high))}; "
            "set minimum and maximum, the smaller first"
        )


def _is_range(low: Any, high: Any) -> bool:
    numbers = isinstance(low, (int, float)) and isinstance(high, (int, float))
    return numbers and -inf < low <= high < inf
