"""A tree as networkx node-link JSON, which d3 and others draw and `taxonomy import` reads as a tree of names.

networkx.node_link_graph(json.load(open("tree.json")), edges="edges")
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import networkx as nx

from deeppersona_graph.model.tree import Attribute, Tree


def write_node_link(tree: Tree, path: Path) -> None:
    """Write the graph to a file, its edges leading from parents to children."""
    graph = digraph(tree)
    for attribute in tree.attributes:
        graph.nodes[attribute.id].update(_properties(attribute))
    written = nx.node_link_data(graph, edges="edges")
    path.write_text(json.dumps(written, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def digraph(tree: Tree) -> nx.DiGraph:
    """The bare graph of a tree: ids as nodes, edges from parents to children."""
    graph = nx.DiGraph(name=tree.name)
    graph.add_nodes_from(attribute.id for attribute in tree.attributes)
    graph.add_edges_from((tree.by_path[a.path[:-1]].id, a.id) for a in tree.attributes if len(a.path) > 1)
    return graph


def _properties(attribute: Attribute) -> dict[str, Any]:
    properties = {
        "name": attribute.name,
        "path": list(attribute.path),
        "depth": len(attribute.path),
        "description": attribute.description,
        "value_type": attribute.value_type,
        "values": [value.text for value in attribute.values],
        "minimum": attribute.minimum,
        "maximum": attribute.maximum,
        "unit": attribute.unit,
        "support": attribute.support or None,
        "proposed": attribute.proposed or None,
        "retired": attribute.retired or None,
        "aliases": list(attribute.aliases),
    }
    return {key: value for key, value in properties.items() if value not in (None, "", [])}
