"""What a population covers of its taxonomy: attributes used and never used, and how their values are spread.

An attribute counts as selectable where anybody could be given it: not retired, not left out with a bias of 0
and, for values from the bank, with a value space to draw from; whether anybody is of the age and in the
situation for it is not asked.

The spread of values is Shannon's entropy, in bits: H = −Σ pᵢ log₂ pᵢ with pᵢ the share of the i-th value
among all that people have of the attribute, each member of a list counted. Normalised, it is divided by the
greatest that the value space allows, log₂ of its size (values outside it that somebody has included).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.insight.tally import tally
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.selectable import Candidacy
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute, Path, Tree, normal, shown

SHOWN = 5
"""Values of an attribute, the most frequent first, that an overview has."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A value and the people who have it; `share` is that of the people who have the attribute."""

    value: str
    people: int
    share: float
    expected: float | None
    """The value's base rate in the taxonomy, in percent of those to whom it applies."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of one attribute are spread over the people who have it."""

    attribute: str
    path: Path
    people: int
    share: float
    """Of the population."""
    space: int | None
    """Values that there are to have; None where they are without number."""
    distinct: int
    """Values that somebody has."""
    entropy: float
    """In bits."""
    normalised: float | None
    """0 where all have the same, 1 where each value is as frequent; None where there is nothing to choose."""
    values: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of the taxonomy: how many of the selectable attributes at or below it anybody has."""

    path: Path
    used: int
    selectable: int

    @property
    def share(self) -> float:
        """Used of selectable, 0 to 1."""
        return self.used / self.selectable if self.selectable else 0.0


@dataclass(frozen=True, slots=True)
class Covered:
    """What a population covers; within a branch, where one was asked for, apart from the last four."""

    population: str
    taxonomy: str
    taxonomy_version: int
    branch: Path
    selectable: int
    used: int
    beyond: int
    """Attributes that somebody has and nobody could be given any more."""
    branches: tuple[Branch, ...]
    never: tuple[Path, ...]
    """Selectable attributes that nobody has."""
    spreads: tuple[Spread, ...]
    """Of the attributes that most people have, the most frequent first."""
    entropy: float | None
    """The mean over all attributes that anybody has, each weighted by its people; in bits."""
    normalised: float | None
    people: int
    pairs: int
    """Attribute-value pairs of all people together, core attributes aside."""
    uniqueness: float | None
    """The mean share of a person's traits that another person lacks (see `insight.tally`), exact."""
    distance: float | None
    """Jaccard's distance of two people, the mean of all pairs of the `compared` people."""
    compared: int


def coverage(
    graph: Graph, tree: Tree, population: str, *, branch: Attribute | None = None, limit: int = 20
) -> Covered:
    """What a population of people of this taxonomy covers: the spread of at most `limit` attributes."""
    if limit < 0:
        raise InputError(f"a limit of {limit}: expected 0 or more")
    row = graph.read("insight/coverage_settled", population=population, taxonomy=tree.name)[0]
    core = frozenset(attribute.id for attribute in tree.core.values())
    found = tally(graph, population, tree.name, row["indices"], core)
    prefix = branch.path if branch else ()
    candidates = [a for a in _candidacy(tree, row["specification"]).candidates() if _below(a.path, prefix)]
    known = {a.id for a in candidates}
    used = [a for identity in found.having if (a := tree.by_id.get(identity)) and _below(a.path, prefix)]
    used.sort(key=lambda a: (-found.having[a.id], a.path))
    most = [spread(a, found.having[a.id], found.people, found.traits[a.id], SHOWN) for a in used[:limit]]
    measures = [(found.having[a.id], *_measures(a, found.traits[a.id])) for a in used]
    return Covered(
        population=population,
        taxonomy=tree.name,
        taxonomy_version=tree.version,
        branch=prefix,
        selectable=len(candidates),
        used=sum(a.id in known for a in used),
        beyond=sum(a.id not in known for a in used),
        branches=_branches(candidates, found.having, len(prefix) + 1),
        never=tuple(a.path for a in candidates if a.id not in found.having),
        spreads=tuple(most),
        entropy=_mean((entropy, having) for having, _, entropy, _ in measures),
        normalised=_mean((evened, having) for having, _, _, evened in measures if evened is not None),
        people=found.people,
        pairs=found.pairs,
        uniqueness=found.uniqueness,
        distance=found.distance,
        compared=found.compared,
    )


def distribution(graph: Graph, tree: Tree, population: str, people: int, attribute: Attribute) -> Spread:
    """All values of one attribute, of the core or not, among so many `people` of a population; those of its
    value space that nobody has too.

    Raises `InputError` where it has no values of its own and nobody has it.
    """
    row = graph.read(
        "insight/coverage_values", population=population, taxonomy=tree.name, attribute=attribute.id
    )[0]
    if not row["people"] and attribute.value_type is None and attribute.path in tree.children:
        raise InputError(
            f"{shown(attribute.path)!r} has no values of its own; "
            "give an attribute below it, or see the branch with --branch"
        )
    counts: Counter[str] = Counter()
    for keys, count in row["counted"]:
        counts.update(dict.fromkeys(keys, count))
    return spread(attribute, row["people"], people, counts)


def spread(
    attribute: Attribute, having: int, people: int, counts: Mapping[str, int], most: int | None = None
) -> Spread:
    """The spread of the values of an attribute that `having` of `people` have, counted by their keys; `most`
    of them, or all with those that nobody has."""
    space, entropy, normalised = _measures(attribute, counts)
    spelled = {normal(value.text): value for value in attribute.values}
    every = {**dict.fromkeys(spelled, 0), **counts} if most is None else counts
    ranks = {key: value.rank for key, value in spelled.items()}
    # What is never the case on a scale should stand in its place; of the rest the frequent come first.
    ordered = most is None and attribute.value_type in ("ordinal", "number")
    keys = sorted(every, key=lambda key: (_place(key, ranks) if ordered else -every[key], key))
    return Spread(
        attribute=attribute.id,
        path=attribute.path,
        people=having,
        share=having / people if people else 0.0,
        space=space,
        distinct=sum(n > 0 for n in counts.values()),
        entropy=entropy,
        normalised=normalised,
        values=tuple(
            Counted(
                value=spelled[key].text if key in spelled else key,
                people=every[key],
                share=every[key] / having if having else 0.0,
                expected=spelled[key].weight if key in spelled else None,
            )
            for key in keys[:most]
        ),
    )


def _measures(attribute: Attribute, counts: Mapping[str, int]) -> tuple[int | None, float, float | None]:
    """The size of the value space, and entropy and normalised entropy of counts by key."""
    space, total = _space(attribute, counts), sum(counts.values())
    entropy = max(0.0, -math.fsum(n / total * math.log2(n / total) for n in counts.values() if n))
    return space, entropy, entropy / math.log2(space) if space and space > 1 and total else None


def _space(attribute: Attribute, counts: Mapping[str, int]) -> int | None:
    """How many values there are to have."""
    if attribute.value_type == "number":
        low, high = attribute.minimum, attribute.maximum
        if low is None or high is None or not all(float(end).is_integer() for end in (low, high)):
            return None
        inside = all(key.lstrip("-").isdecimal() and low <= int(key) <= high for key in counts)
        return int(high - low) + 1 if inside else None
    if counts.keys() <= {value.text.casefold() for value in attribute.values}:  # which is soon told of most
        return len(attribute.values) or None
    known = {normal(value.text) for value in attribute.values}
    if attribute.value_type in (None, "text") and not counts.keys() <= known:
        return None  # somebody has words of their own
    return len(known | counts.keys())


def _place(key: str, ranks: Mapping[str, int]) -> float:
    """Where a value stands on its scale."""
    if key in ranks:
        return ranks[key]
    try:
        return float(key)
    except ValueError:
        return math.inf


def _candidacy(tree: Tree, specification: str | None) -> Candidacy:
    """Who can be given what, as the population was specified; of one made by hand all that there is."""
    if specification is None:
        return Candidacy(tree, drawn=False)
    wanted = Specification.of(json.loads(specification))
    left_out = []
    for branch, factor in wanted.biases:
        # What no longer bears the name cannot be told from any other branch.
        with suppress(InputError):
            left_out += [find_attribute(tree, branch).id] if factor == 0 else []
    return Candidacy(tree, drawn=wanted.model is None, left_out=frozenset(left_out))


def _branches(candidates: Sequence[Attribute], having: Mapping[str, int], depth: int) -> tuple[Branch, ...]:
    """The branches whose paths are so long."""
    selectable = Counter(a.path[:depth] for a in candidates)
    used = Counter(a.path[:depth] for a in candidates if a.id in having)
    return tuple(Branch(path, used[path], selectable[path]) for path in sorted(selectable))


def _below(path: Path, prefix: Path) -> bool:
    return path[: len(prefix)] == prefix


def _mean(weighted: Iterable[tuple[float, int]]) -> float | None:
    known = list(weighted)
    total = sum(weight for _, weight in known)
    return math.fsum(one * weight for one, weight in known) / total if total else None
