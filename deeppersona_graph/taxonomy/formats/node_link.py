"""networkx node-link JSON: a directed graph from parents to children, nodes with a `name` (else their id)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import networkx as nx

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import Attribute, Path, Tree, attribute_id
from deeppersona_graph.taxonomy.formats.building import check_path, complete


def read_node_link(document: Mapping[str, Any], source: str, name: str) -> Tree:
    """A tree of bare names; raises `TreeFileError` naming the nodes of a cycle or with two parents."""
    edges = "edges" if "edges" in document else "links"
    _check_parts(document["nodes"], document[edges], source)
    if document.get("directed") is False:
        raise TreeFileError(
            f"{source}: the node-link graph is undirected; write edges from parents to children"
        )
    graph = nx.node_link_graph({**document, "directed": True}, multigraph=False, edges=edges)
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


def _check_parts(nodes: Any, edges: Any, source: str) -> None:
    """networkx invents ids for nodes without one, and nodes for edges that lead nowhere."""
    if not isinstance(nodes, list) or not isinstance(edges, list):
        raise TreeFileError(f"{source}: no node-link graph; expected lists of nodes and of edges")
    for node in nodes:
        if not isinstance(node, Mapping) or not isinstance(node.get("id"), (str, int)):
            raise TreeFileError(
                f"{source}: the node {shorten(repr(node))} has no id; give it a text or a number"
            )
    known = Counter(node["id"] for node in nodes)
    twice = next((one for one, count in known.items() if count > 1), None)
    if twice is not None:
        raise TreeFileError(f"{source}: two nodes have the id {shorten(repr(twice))}; give one another id")
    for edge in edges:
        for end in ("source", "target"):
            if not isinstance(edge, Mapping) or edge.get(end) not in known:
                raise TreeFileError(
                    f"{source}: the edge {shorten(repr(edge))} has no node of the graph as its {end}"
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
