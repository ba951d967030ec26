"""A tree as GraphML, for Gephi, yEd, Cytoscape, NetworkX and igraph.

GraphML holds neither lists nor absent values: values and aliases are left out, and so is what an attribute
lacks.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx

from deeppersona_graph.model.tree import Attribute, Tree, shown
from deeppersona_graph.taxonomy.export.node_link import digraph
from deeppersona_graph.taxonomy.export.xml_text import xml_text


def write_graphml(tree: Tree, path: Path) -> None:
    """Write the graph to a file, its nodes called by their ids, its edges leading from parent to child."""
    graph = digraph(tree)
    graph.graph["name"] = xml_text(tree.name)
    for attribute in tree.attributes:
        graph.nodes[attribute.id].update(_properties(attribute))
    nx.write_graphml_xml(nx.relabel_nodes(graph, xml_text), path, encoding="utf-8")


def _properties(attribute: Attribute) -> dict[str, str | int | bool]:
    texts = {
        "name": attribute.name,
        "path": shown(attribute.path),
        "value_type": attribute.value_type or "",
        "description": attribute.description,
    }
    return {
        **{key: xml_text(text) for key, text in texts.items() if text},
        "depth": len(attribute.path),
        "support": attribute.support,
        "proposed": attribute.proposed,
    }
