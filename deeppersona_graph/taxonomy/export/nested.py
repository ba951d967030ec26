"""A tree as nested JSON objects of names, as `taxonomy import` reads them; nothing but the names is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deeppersona_graph.model.tree import Tree


def write_nested(tree: Tree, path: Path) -> None:
    """Write objects of names to a file, an attribute without children as an empty one."""
    whole: dict[str, Any] = {}
    for attribute in tree.attributes:
        above = whole
        for name in attribute.path[:-1]:
            above = above[name]
        above[attribute.name] = {}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
