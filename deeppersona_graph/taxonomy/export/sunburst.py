"""A tree as an interactive sunburst, as in DeepPersona's Figure 3: one HTML file that needs no network.

The page is `data/sunburst.html`; what it draws stands in it as JSON. Segments are as wide as the nodes they
hold, or, where dialogues evidence the tree, as the exchanges behind them.
"""

from __future__ import annotations

import html
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.taxonomy.export.number_range import number_range

VALUES_SHOWN = 24
"""Values of an attribute that the page names; more are counted."""

_UNSAFE = re.compile("[<>&\u2028\u2029]")
"""What could end the script that holds the JSON, or a line of it."""


def write_sunburst(tree: Tree, path: Path) -> None:
    """Write the page to a file in UTF-8."""
    page = files("deeppersona_graph").joinpath("data", "sunburst.html").read_text(encoding="utf-8")
    parts = {"title": html.escape(tree.name), "taxonomy": _embedded(_drawn(tree))}
    path.write_text(
        re.sub(r"\{\{(title|taxonomy)\}\}", lambda found: parts[found[1]], page), encoding="utf-8"
    )


def _drawn(tree: Tree) -> dict[str, Any]:
    """What the page draws: nodes, parents before children, each naming its parent by its place (-1: none)."""
    places = {attribute.path: place for place, attribute in enumerate(tree.attributes)}
    return {
        "name": tree.name,
        "version": tree.version,
        "nodes": [_node(a, places.get(a.path[:-1], -1)) for a in tree.attributes],
    }


def _node(attribute: Attribute, parent: int) -> dict[str, Any]:
    node = {
        "p": parent,
        "n": attribute.name,
        "d": attribute.description,
        "t": attribute.value_type,
        "v": number_range(attribute) or [value.text for value in attribute.values[:VALUES_SHOWN]],
        "more": max(0, len(attribute.values) - VALUES_SHOWN),
        "s": attribute.support,
        "a": list(attribute.aliases),
        "m": [word for word in ("retired", "proposed", "generic") if getattr(attribute, word)]
        + ["core"] * (attribute.core is not None),
    }
    return {key: value for key, value in node.items() if value not in (None, "", [], 0) or key == "p"}


def _embedded(value: Any) -> str:
    """JSON that a script element of HTML can hold, whatever the names in it."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
