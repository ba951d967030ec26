"""What a taxonomy holds: its figures, its outline, and a search by meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Attribute, Path, Tree


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over one taxonomy."""

    name: str
    version: int
    nodes: int
    leaves: int
    values: int
    core: int
    retired: int
    by_depth: dict[int, int]
    by_domain: dict[str, int]
    by_type: dict[str, int]
    requirements: int
    exclusions: int
    embedding_model: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """An attribute found by meaning, with the cosine of its path and what was searched for."""

    id: str
    path: Path
    similarity: float


def figures(tree: Tree) -> Figures:
    """The figures of a tree; requirements count required values, exclusions count pairs."""
    attributes = tree.attributes
    values = [value for a in attributes for value in a.values]
    requires = [one for a in attributes for one in a.requires] + [one for v in values for one in v.requires]
    return Figures(
        name=tree.name,
        version=tree.version,
        nodes=len(attributes),
        leaves=sum(1 for _ in tree.leaves()),
        values=len(values),
        core=len(tree.core),
        retired=sum(a.retired for a in attributes),
        by_depth=dict(sorted(Counter(len(a.path) for a in attributes).items())),
        by_domain=dict(sorted(Counter(a.path[0] for a in attributes).items())),
        by_type=dict(sorted(Counter(a.value_type or "none" for a in attributes).items())),
        requirements=sum(len(one.values) for one in requires),
        exclusions=sum(len(value.excludes) for value in values),
        embedding_model=tree.embedding_model,
    )


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


def search(graph: Graph, taxonomy: str, embedder: Embedder, text: str, limit: int) -> Sequence[Hit]:
    """The attributes nearest in meaning to `text`, by an exact scan of the taxonomy."""
    rows = graph.read(
        "taxonomy/search", taxonomy=taxonomy, vector=embedder.embed([text])[0].tolist(), limit=limit
    )
    return [Hit(row["id"], tuple(row["path"]), row["similarity"]) for row in rows]
