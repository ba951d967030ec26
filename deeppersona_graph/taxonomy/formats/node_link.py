"""networkx node-link JSON: a directed graph from parents to children, nodes with a `name` (else their id)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import networkx as nx

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import Attribute, Path, Tree, attribute_id
from deeppersona_graph.taxonomy.formats.building import check_path, complete


def read_node_link(document: Mapping[str, Any], source: str, name: str) -> Tree:
    """A tree of bare names; raises `TreeFileError` naming the nodes of a cycle or with two parents."""
    edges = "edges" if "edges" in document else "links"
    try:
        graph = nx.node_link_graph(dict(document), directed=True, multigraph=False, edges=edges)
    except (KeyError, TypeError, nx.NetworkXError) as error:
        raise TreeFileError(f"{source}: no node-link graph ({shorten(str(error))})") from error
    if graph.number_of_nodes() == 0:
        raise TreeFileError(f"{source}: the node-link graph has no nodes")
    _check_forest(graph, source)
    paths: dict[Any, Path] = {}
    for node in nx.topological_sort(graph):
        above = next((paths[parent] for parent in graph.predecessors(node)), ())
        paths[node] = check_path([*above, graph.nodes[node].get("name", node)], source)
    _check_siblings(paths, source)
    return complete(
        name, [Attribute(id=attribute_id(path), path=path) for path in paths.values()], origin=source
    )


def _check_forest(graph: nx.DiGraph, source: str) -> None:
    if not nx.is_directed_acyclic_graph(graph):
        loop = [edge[0] for edge in nx.find_cycle(graph)]
        raise TreeFileError(
            f"{source}: a cycle through {', '.join(shorten(repr(n), 40) for n in loop[:5])}; break it"
        )
    for node, parents in graph.in_degree():
        if parents > 1:
            raise TreeFileError(
                f"{source}: node {shorten(repr(node))} has {parents} parents; a tree allows one"
            )


def _check_siblings(paths: Mapping[Any, Path], source: str) -> None:
    seen: set[Path] = set()
    for path in paths.values():
        if path in seen:
            raise TreeFileError(f"{source}: two siblings are called {path[-1]!r}; rename one")
        seen.add(path)
