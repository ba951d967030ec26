"""Taxonomies and the sharing of personas as networkx graphs, and back.

A taxonomy is an `nx.DiGraph` from parents to children, every node with its record (see `taxonomy export`),
so that nothing is lost on the way back. Edges and names go before the `path` of a record: nodes may be
renamed, moved, added with a `name` alone, or removed. What is required of a node that is gone is refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np

from deeppersona_graph.errors import TaxonomyShapeError, shorten
from deeppersona_graph.model.tree import Path, attribute_id, shown

NAMED = 5
"""Nodes that an error names."""

_REFERRING = ("applies", "value_applies", "conflicts")
"""Members of a record in which other attributes are named by path."""


def network(bare: nx.DiGraph, records: Iterable[str]) -> nx.DiGraph:
    """The graph of a taxonomy, ids as nodes, with every attribute's record as its properties."""
    graph = bare.copy()
    for line in records:
        record = json.loads(line)
        identity = record.pop("id")
        graph.nodes[identity].update(record, name=record["path"][-1])
    return graph


def records_of(graph: nx.DiGraph) -> list[str]:
    """The lines of a tree file that a graph spells, parents before children.

    Raises `TaxonomyShapeError`, naming the nodes, where the graph is no tree.
    """
    _check_tree(graph)
    paths: dict[Hashable, Path] = {}
    for node in nx.topological_sort(graph):
        above = next((paths[parent] for parent in graph.predecessors(node)), ())
        paths[node] = (*above, str(graph.nodes[node].get("name", node)))
    _check_siblings(paths)
    moved = {
        tuple(graph.nodes[node]["path"]): path
        for node, path in paths.items()
        if graph.nodes[node].get("path") is not None
    }
    return [
        json.dumps(_record(graph.nodes[node], node, path, moved), ensure_ascii=False)
        for node, path in paths.items()
    ]


def sharing(
    people: Mapping[int, Mapping[str, Any]],
    having: Sequence[Sequence[int]],
    *,
    least: int = 1,
    heaviest: int | None = None,
) -> nx.Graph:
    """Who shares how much with whom.

    `people` are properties by index, among them the `id` that becomes the node; `having` are, for each trait,
    the indices of those who have it. An edge has `shared`, the number of traits in common, of at least
    `least`, and `weight`, the sum of their weights, `-log2(who have it / people)`. With `heaviest`, only so
    many edges stay, those that weigh most.
    """
    from scipy.sparse import csr_array, triu

    indices = np.array(sorted(people), dtype=np.int64)
    ids = [str(people[int(index)]["id"]) for index in indices]
    graph = nx.Graph()
    graph.add_nodes_from(
        (identity, {key: value for key, value in people[int(index)].items() if key != "id"})
        for identity, index in zip(ids, indices, strict=True)
    )
    if not having:
        return graph
    sizes = np.array([len(of_one) for of_one in having])
    rows = np.searchsorted(indices, np.concatenate([np.asarray(of_one, np.int64) for of_one in having]))
    columns = np.repeat(np.arange(len(having)), sizes)
    has = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(indices), len(having)))
    weights = np.log2(len(indices) / sizes)
    counts = triu(has @ has.T, k=1).tocoo()
    weighed = (has.multiply(weights).tocsr() @ has.T).tocsr()
    sums = np.asarray(weighed[counts.row, counts.col]).ravel()
    kept = np.flatnonzero(counts.data >= least)
    if heaviest is not None:
        kept = kept[np.lexsort((counts.col[kept], counts.row[kept], -np.round(sums[kept], 9)))[:heaviest]]
    graph.add_edges_from(
        (
            ids[counts.row[one]],
            ids[counts.col[one]],
            {"shared": int(counts.data[one]), "weight": float(sums[one])},
        )
        for one in kept
    )
    return graph


def numbered(communities: Iterable[Collection[str]]) -> Iterator[dict[str, Any]]:
    """A row for each member of a community, the communities numbered from 0."""
    for number, members in enumerate(communities):
        for member in sorted(members):
            yield {"id": member, "community": number}


def _check_tree(graph: nx.DiGraph) -> None:
    if not graph.is_directed() or graph.is_multigraph():
        raise TaxonomyShapeError(
            f"a {type(graph).__name__} is no taxonomy; give an nx.DiGraph with edges from parents to children"
        )
    if graph.number_of_nodes() == 0:
        raise TaxonomyShapeError("the graph has no nodes; a taxonomy has at least one attribute")
    if not nx.is_directed_acyclic_graph(graph):
        loop = [edge[0] for edge in nx.find_cycle(graph)]
        raise TaxonomyShapeError(f"a cycle through {_listed(graph, loop)}; take one of its edges away")
    for node, parents in graph.in_degree():
        if parents > 1:
            above = _listed(graph, list(graph.predecessors(node)))
            raise TaxonomyShapeError(
                f"{_listed(graph, [node])} has {parents} parents ({above}); a tree allows one"
            )


def _check_siblings(paths: Mapping[Hashable, Path]) -> None:
    seen: dict[Path, Hashable] = {}
    for node, path in paths.items():
        if path in seen:
            raise TaxonomyShapeError(
                f"two siblings are called {shorten(shown(path))!r}, the nodes "
                f"{shorten(repr(seen[path]), 40)} and {shorten(repr(node), 40)}; rename one"
            )
        seen[path] = node


def _record(properties: Mapping[str, Any], node: Hashable, path: Path, moved: Mapping[Path, Path]) -> Any:
    """The record of a node at its place, what it refers to by path at its new place too."""
    record = {key: value for key, value in properties.items() if key not in ("name", "path")}
    for key in _REFERRING:
        if key in record:
            record[key] = _followed(record[key], moved)
    ours = isinstance(node, str) and "path" in properties
    return {"path": list(path), "id": node if ours else attribute_id(path), **record}


def _followed(member: Any, moved: Mapping[Path, Path]) -> Any:
    if isinstance(member, Mapping):
        return {
            key: list(moved.get(tuple(value), tuple(value))) if key == "path" else _followed(value, moved)
            for key, value in member.items()
        }
    if isinstance(member, list):
        return [_followed(one, moved) for one in member]
    return member


def _listed(graph: nx.DiGraph, nodes: Sequence[Hashable]) -> str:
    shown_nodes = (shorten(repr(graph.nodes[node].get("name", node)), 40) for node in nodes[:NAMED])
    return ", ".join(shown_nodes) + (f" and {len(nodes) - NAMED} more" if len(nodes) > NAMED else "")
