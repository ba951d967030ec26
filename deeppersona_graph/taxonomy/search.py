"""Finding attributes by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Path


@dataclass(frozen=True, slots=True)
class Hit:
    """An attribute found by meaning, with the cosine of its path and what was searched for."""

    id: str
    path: Path
    similarity: float


def search(graph: Graph, taxonomy: str, embedder: Embedder, text: str, limit: int) -> Sequence[Hit]:
    """The attributes nearest in meaning to `text`, by an exact scan of the taxonomy."""
    rows = graph.read(
        "taxonomy/search", taxonomy=taxonomy, vector=embedder.embed([text])[0].tolist(), limit=limit
    )
    return [Hit(row["id"], tuple(row["path"]), row["similarity"]) for row in rows]
