"""The outline of a taxonomy: its attributes from some root down to some level."""

from __future__ import annotations

from collections import Counter

from deeppersona_graph.model.tree import Attribute, Path, Tree


def outline(tree: Tree, root: Attribute | None, levels: int) -> list[tuple[int, Attribute, int]]:
    """The attributes at or below `root` (all, where it is None) as (level, attribute, nodes below it)."""
    prefix = root.path if root else ()
    below: Counter[Path] = Counter()
    for attribute in tree.attributes:
        for length in range(len(attribute.path)):
            below[attribute.path[:length]] += 1
    start = len(prefix) - 1 if root else 0
    return [
        (len(a.path) - start - 1, a, below[a.path])
        for a in tree.attributes
        if a.path[: len(prefix)] == prefix and len(a.path) - start <= levels
    ]
