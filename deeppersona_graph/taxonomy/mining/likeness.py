"""How alike the names of siblings are: candidate pairs by raw cosine, found in the graph (Algorithm 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.taxonomy.store import Progress

THRESHOLD = 0.70
"""Raw cosine of name embeddings from which siblings may be one ("more than 70 % similar", Algorithm 1)."""

AT_ONCE = 2000
"""Names that one statement is sent vectors of, about; and attributes embedded at once."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Siblings: attributes that are in the graph by id, and names that are not, by a key."""

    stored: Sequence[str]
    fresh: Mapping[str, str]
    """Names by key."""


@dataclass
class Likeness:
    """Finds pairs of like names among siblings; what was found is remembered by the names."""

    graph: Graph
    taxonomy: str
    embedder: Embedder
    threshold: float = THRESHOLD
    among: bool = False
    """Whether attributes that are in the graph are compared with each other."""
    _seen: dict[tuple[str, ...], list[tuple[Pair, float]]] = field(default_factory=dict)

    def embed_names(self, progress: Progress) -> None:
        """Give every attribute the vector of its name, where it lacks it or was renamed."""
        rows = self.graph.read("mining/unnamed", taxonomy=self.taxonomy)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            vectors = self.embedder.embed([row["name"] for row in some])
            self.graph.write(
                "mining/embed_names",
                taxonomy=self.taxonomy,
                rows=[
                    {**row, "embedding": vector.tolist()} for row, vector in zip(some, vectors, strict=True)
                ],
            )
            progress("embedding names", start + len(some), len(rows))

    def pairs(self, groups: Sequence[Group]) -> list[list[tuple[Pair, float]]]:
        """For each group, the pairs whose raw cosine reaches the threshold, each pair in order of key."""
        marks = [_mark(group) for group in groups]
        new = {mark: group for mark, group in zip(marks, groups, strict=True) if mark not in self._seen}
        for some in _blocks(list(new.items())):
            self._seen |= {mark: [] for mark, _ in some}
            rows = self.graph.read(
                "mining/similar",
                taxonomy=self.taxonomy,
                groups=[self._spelled(group) for _, group in some],
                threshold=self.threshold,
                among=self.among,
            )
            for row in rows:
                first, second = sorted((row["one"], row["other"]))
                self._seen[some[row["group"]][0]].append(((first, second), row["similarity"]))
        return [self._seen[mark] for mark in marks]

    def _spelled(self, group: Group) -> Mapping[str, object]:
        keys = sorted(group.fresh)
        names = [group.fresh[key] for key in keys]
        vectors = self.embedder.embed(names).tolist() if names else []
        return {"ids": sorted(group.stored), "fresh": list(zip(keys, vectors, strict=True))}


def _mark(group: Group) -> tuple[str, ...]:
    return (*sorted(group.stored), "", *(part for pair in sorted(group.fresh.items()) for part in pair))


def _blocks(
    groups: Sequence[tuple[tuple[str, ...], Group]],
) -> Iterator[Sequence[tuple[tuple[str, ...], Group]]]:
    """Groups in blocks of about as many names as one statement takes."""
    block: list[tuple[tuple[str, ...], Group]] = []
    size = 0
    for one in groups:
        block.append(one)
        size += len(one[1].fresh) + len(one[1].stored)
        if size >= AT_ONCE:
            yield block
            block, size = [], 0
    if block:
        yield block
