"""Which parts of a tree get vectors, and of what text.

Attributes are embedded by their whole path. Values are embedded with their attribute's name, save ordinals
and numbers, and save what touches body, origin, sex, faith or health: there a tilt towards the profile would
add stereotype, so those keep their base rate (DESIGN §6).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Attribute, Path, Tree, Value, shown
from deeppersona_graph.taxonomy.store import Progress

AT_ONCE = 512

Vectors = dict[str, NDArray[np.float32]]


def embed_attributes(embedder: Embedder, attributes: Sequence[Attribute], progress: Progress) -> Vectors:
    """Vectors of attributes' paths by attribute id."""
    return _embed(embedder, [(a.id, shown(a.path)) for a in attributes], progress, "embedding attributes")


def embed_values(embedder: Embedder, attributes: Iterable[Attribute], progress: Progress) -> Vectors:
    """Vectors of those values that a profile may tilt, by value id."""
    texts = [(value.id, value_text(a, value)) for a in attributes for value in tilted_values(a)]
    return _embed(embedder, texts, progress, "embedding values")


def tilted_values(attribute: Attribute) -> tuple[Value, ...]:
    """The values of an attribute that a profile may make likelier or less likely."""
    if attribute.value_type not in ("categorical", "list", "text") or attribute.core is not None:
        return ()
    return () if keeps_base_rate(attribute.path) else attribute.values


def value_text(attribute: Attribute, value: Value) -> str:
    """What is embedded for a value."""
    return f"{attribute.name}: {value.text}"


def keeps_base_rate(path: Path) -> bool:
    """Whether the branch touches body, origin, sex, faith or health."""
    return any(path[: len(branch)] == branch for branch in _base_rate_branches())


def all_vectors(tree: Tree, embedder: Embedder, progress: Progress) -> tuple[Vectors, Vectors]:
    """The vectors of a whole tree: of attributes, and of values."""
    return (
        embed_attributes(embedder, tree.attributes, progress),
        embed_values(embedder, tree.attributes, progress),
    )


def _embed(embedder: Embedder, texts: Sequence[tuple[str, str]], progress: Progress, doing: str) -> Vectors:
    found: Vectors = {}
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        found.update(zip((i for i, _ in some), embedder.embed([text for _, text in some]), strict=True))
        progress(doing, len(found), len(texts))
    return found


@cache
def _base_rate_branches() -> tuple[Path, ...]:
    source = files("deeppersona_graph").joinpath("data", "tree", "base_rate_branches.json")
    spelled = json.loads(source.read_text(encoding="utf-8"))
    return tuple(tuple(path) for path in spelled["branches"])
