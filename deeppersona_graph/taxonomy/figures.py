"""The figures of a taxonomy: what it holds, how evenly its domains are covered, how long its tail is.

DeepPersona shows the balance of the domains in Figure 3; here it is a number as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Path, Tree


@dataclass(frozen=True, slots=True)
class Domain:
    """One root: the nodes at and below it, and the exchanges that evidence any of them."""

    nodes: int
    support: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over one taxonomy, and what follows from them."""

    name: str
    version: int
    nodes: int
    leaves: int
    values: int
    core: int
    retired: int
    proposed: int
    """Attributes that a model named without evidence."""
    evidenced: int
    """Attributes that at least one exchange evidences, itself or below it."""
    exchanges: int
    """Distinct exchanges that evidence the taxonomy."""
    by_depth: dict[int, int]
    by_root: dict[str, Domain]
    by_type: dict[str, int]
    requirements: int
    exclusions: int
    balance: float | None
    """Evenness of the nodes over the roots: 1 where all have as many, 0 where one has all. Neither the roots
    themselves count nor what is there for the core attributes alone."""
    evidence_balance: float | None
    """The same of the support of the roots; None without evidence."""
    support_gini: float | None
    """Inequality of support among the attributes with evidence: near 1 where few have most of it and a long
    tail has little each; None without evidence."""
    leaf_support_gini: float | None
    """The same among the leaves, whose support does not contain that of others."""
    embedding_model: str | None


def figures(tree: Tree, exchanges: int) -> Figures:
    """The figures of a tree that `exchanges` evidence.

    Requirements count required values, exclusions count pairs.
    """
    attributes = tree.attributes
    values = [value for a in attributes for value in a.values]
    requires = [one for a in attributes for one in a.requires] + [one for v in values for one in v.requires]
    support = {a.path[0]: a.support for a in attributes if len(a.path) == 1}
    own = _own_nodes(tree)
    return Figures(
        name=tree.name,
        version=tree.version,
        nodes=len(attributes),
        leaves=sum(1 for _ in tree.leaves()),
        values=len(values),
        core=len(tree.core),
        retired=sum(a.retired for a in attributes),
        proposed=sum(a.proposed for a in attributes),
        evidenced=sum(a.support > 0 for a in attributes),
        exchanges=exchanges,
        by_depth=dict(sorted(Counter(len(a.path) for a in attributes).items())),
        by_root={
            root: Domain(nodes, support.get(root, 0))
            for root, nodes in sorted(Counter(a.path[0] for a in attributes).items())
        },
        by_type=dict(sorted(Counter(a.value_type or "none" for a in attributes).items())),
        requirements=sum(len(one.values) for one in requires),
        exclusions=sum(len(value.excludes) for value in values),
        balance=evenness(own.values()),
        evidence_balance=evenness(support.get(root, 0) for root in own),
        support_gini=gini(a.support for a in attributes if a.support),
        leaf_support_gini=gini(a.support for a in tree.leaves() if a.support),
        embedding_model=tree.embedding_model,
    )


def count_exchanges(graph: Graph, taxonomy: str) -> int:
    """How many exchanges evidence the taxonomy, each counted once."""
    return int(graph.read("taxonomy/count_exchanges", taxonomy=taxonomy)[0]["exchanges"])


def evenness(counts: Iterable[int]) -> float | None:
    """How evenly `counts` are spread: J = −Σ pᵢ ln pᵢ / ln n, with pᵢ the share of the i-th of n counts.

    1 where all are equal, 0 where one has everything; zeros are counted in n. None for fewer than two
    counts, or where all are 0. Pielou's evenness (Pielou 1966, "The measurement of diversity in different
    types of biological collections"): Shannon's entropy over the greatest there can be.
    """
    known = list(counts)
    total = sum(known)
    if len(known) < 2 or total == 0:
        return None
    entropy = -math.fsum(one / total * math.log(one / total) for one in known if one)
    return max(0.0, min(1.0, entropy / math.log(len(known))))


def gini(counts: Iterable[int]) -> float | None:
    """How unequal `counts` are: G = Σ (2i − n − 1) xᵢ / (n Σ xᵢ), with xᵢ the i-th of n counts, ascending.

    0 where all are equal, (n − 1) / n where one has everything; None where there are none or all are 0.
    The coefficient of Gini 1912, half the relative mean difference, in the form for sorted values (Sen 1973,
    "On Economic Inequality").
    """
    known: Sequence[int] = sorted(counts)
    n, total = len(known), sum(known)
    if total == 0:
        return None
    return sum((2 * i - n - 1) * x for i, x in enumerate(known, start=1)) / (n * total)


def _own_nodes(tree: Tree) -> Mapping[str, int]:
    """Nodes below each root, what is there for the core attributes alone left out; so are such roots."""
    own: set[Path] = set()
    for leaf in tree.leaves():
        if leaf.core is None:
            own.update(leaf.path[:length] for length in range(1, len(leaf.path) + 1))
    counted = Counter(a.path[0] for a in tree.attributes if len(a.path) > 1 and not a.core and a.path in own)
    return {path[0]: counted[path[0]] for path in sorted(own) if len(path) == 1}
