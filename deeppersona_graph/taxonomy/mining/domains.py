"""The domains that mined paths begin with: the roots of the taxonomy, twelve where it is a new one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.model.tree import Attribute, Tree, attribute_id, normal

SURE = 0.85
"""Raw cosine of names from which an invented root is taken for a domain without asking."""


def new_roots() -> tuple[Attribute, ...]:
    """The twelve domains of the paper as root attributes."""
    return tuple(
        Attribute(id=attribute_id((name,)), path=(name,), description=about)
        for name, about in _described().items()
    )


def domains_of(tree: Tree) -> tuple[Attribute, ...]:
    """The roots of a tree, in order of name."""
    return tuple(a for a in tree.attributes if len(a.path) == 1 and not a.retired)


def domains_text(domains: Sequence[Attribute]) -> str:
    """The domains as a model is shown them, a line each."""
    known = _described()
    lines = []
    for domain in domains:
        about = known.get(domain.name) or domain.description
        lines.append(f"- {domain.name}" + (f": {about}" if about else ""))
    return "\n".join(lines)


def surely_meant(
    embedder: Embedder, roots: Iterable[str], domains: Sequence[Attribute]
) -> dict[str, str | None]:
    """The domain that each first name is: one of the same name, or whose name is nearly the same.

    None where that leaves a doubt.
    """
    by_key = {normal(domain.name): domain.name for domain in domains}
    found: dict[str, str | None] = {root: by_key.get(normal(root)) for root in roots}
    open_ = sorted(root for root, domain in found.items() if domain is None)
    if open_ and domains:
        names = [domain.name for domain in domains]
        likeness = embedder.embed(open_) @ embedder.embed(names).T
        for root, row in zip(open_, likeness, strict=True):
            best = int(np.argmax(row))
            if row[best] >= SURE:
                found[root] = names[best]
    return found


@cache
def _described() -> Mapping[str, str]:
    source = files("deeppersona_graph").joinpath("data", "tree", "domains.json")
    spelled = json.loads(source.read_text(encoding="utf-8"))
    return {one["name"]: one["about"] for one in spelled["domains"]}
