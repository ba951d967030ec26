"""Groups of people who share most.

A group is closed: all the traits that its people have in common, and all the people who have these traits.
It is as heavy as its traits together, so that what counts is what is shared, and how rare it is, rather than
by how many. Groups are grown from pairs of people, the heaviest pair first: each takes in whoever leaves most
in common, till there are enough people, and so gives one group. Pairs lighter than the groups found are left.

A group is never heavier than the pairs in it. So the heaviest group of two or of three people is found for
sure, unless it lies beyond the `PAIRS` heaviest pairs; of four or more, growing may miss it.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.insight.people import Person, SharedTrait, heaviest_first, person
from deeppersona_graph.insight.traits import Ints, Traits
from deeppersona_graph.model.tree import Tree

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PAIRS = 2000
"""Pairs that are grown at most."""

AT_ONCE = 500
"""People compared with all others at a time."""

ROUNDING = 1e-5
"""Bits by which sums of the same weights may differ."""


@dataclass(frozen=True, slots=True)
class Group:
    """People, and what all of them, and nobody else, have in common, the rarest first."""

    people: tuple[Person, ...]
    traits: tuple[SharedTrait, ...]

    @property
    def weight(self) -> float:
        """The weights of the traits together, in bits."""
        return sum(trait.weight for trait in self.traits)


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a population, the heaviest first; `concerned` is how many people it has."""

    population: str
    concerned: int
    groups: tuple[Group, ...]


def groups(graph: Graph, tree: Tree, traits: Traits, min_traits: int, min_people: int, limit: int) -> Groups:
    """The groups of a population that share most.

    Raises `InputError` for groups of fewer than one trait or two people.
    """
    for option, given, least in (
        ("--min", min_traits, 1),
        ("--people", min_people, 2),
        ("--limit", limit, 1),
    ):
        if given < least:
            raise InputError(f"{option} {given}: expected {least} or more")
    found = heaviest_groups(traits, min_traits, min_people, limit)
    indices = sorted({index for indices, _ in found for index in indices})
    rows = graph.read("insight/people_at", population=traits.population, indices=indices)
    by_index = {row["index"]: person(row) for row in rows}
    return Groups(
        traits.population,
        traits.size,
        tuple(
            Group(
                tuple(by_index[index] for index in indices),
                tuple(sorted((traits.told(one, tree) for one in common), key=heaviest_first)),
            )
            for indices, common in found
        ),
    )


Found = tuple[tuple[int, ...], tuple[int, ...]]


def heaviest_groups(traits: Traits, min_traits: int, min_people: int, limit: int) -> list[Found]:
    """The heaviest groups of at least so many people with so many traits in common, the heaviest first: the
    indices of the people in their population, and the places of the traits."""
    growing = _Growing(traits, min_traits, min_people)
    found: dict[tuple[int, ...], tuple[float, tuple[int, ...]]] = {}
    bar: list[float] = []
    for weight, one, other in growing.heaviest_pairs():
        if len(bar) == limit and weight < bar[0] - ROUNDING:
            break
        grown = growing.grow(one, other)
        if grown is not None and grown[0] not in found:
            common, people = grown
            found[common] = (growing.weight(common), people)
            insort(bar, found[common][0])
            del bar[:-limit]
    ranked = sorted((-round(weight, 6), people, common) for common, (weight, people) in found.items())
    return [(people, common) for _, people, common in ranked[:limit]]


class _Growing:
    """Grows pairs into groups; people go by their place among those who have any trait that counts."""

    def __init__(self, traits: Traits, min_traits: int, min_people: int) -> None:
        from scipy.sparse import csr_array

        self._min_traits, self._min_people = min_traits, min_people
        kept = traits.counts >= min_people
        self._places = np.flatnonzero(kept)
        self._weights = np.log2(traits.size / traits.counts[kept])
        self._indices, rows = np.unique(traits.having[np.repeat(kept, traits.counts)], return_inverse=True)
        counts = traits.counts[kept]
        self._having = np.split(rows, np.cumsum(counts)[:-1])
        shape = (len(self._indices), len(counts))
        columns = np.repeat(np.arange(len(counts)), counts)
        self._matrix: csr_array = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
        self._matrix.sort_indices()
        ends = self._matrix.indptr.tolist()
        of_all = self._matrix.indices.tolist()
        self._of = [frozenset(of_all[start:end]) for start, end in pairwise(ends)]

    def weight(self, common: Sequence[int]) -> float:
        """The weight of traits together, by place in the population's."""
        return float(self._weights[np.searchsorted(self._places, common)].sum())

    def heaviest_pairs(self) -> list[tuple[float, int, int]]:
        """The `PAIRS` pairs of people whose common traits weigh most, the heaviest first."""
        weighted, across = self._matrix.multiply(self._weights).tocsr(), self._matrix.T.tocsr()
        best: list[tuple[float, int, int]] = []
        for start in range(0, len(self._indices), AT_ONCE):
            sums = (weighted[start : start + AT_ONCE] @ across).tocoo()
            bar = best[-1][0] if len(best) == PAIRS else 0.0
            kept = (sums.col > sums.row + start) & (sums.data > bar - ROUNDING)
            data, rows, columns = sums.data[kept], sums.row[kept] + start, sums.col[kept]
            if len(data) > PAIRS:
                heavy = data >= np.partition(data, -PAIRS)[-PAIRS] - ROUNDING
                data, rows, columns = data[heavy], rows[heavy], columns[heavy]
            found = zip(np.round(data, 6).tolist(), rows.tolist(), columns.tolist(), strict=True)
            best = sorted([*best, *found], key=lambda pair: (-pair[0], pair[1], pair[2]))[:PAIRS]
        return best

    def grow(self, one: int, other: int) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """The traits and the people, by index, of the group that this pair becomes; None where too little is
        left in common."""
        common = self._of[one] & self._of[other]
        while len(common) >= self._min_traits:
            columns = sorted(common)
            counts, weights = self._overlaps(columns)
            inside = counts == len(columns)
            if np.count_nonzero(inside) >= self._min_people:
                people = self._indices[inside].tolist()
                return tuple(self._places[columns].tolist()), tuple(people)
            weights[inside | (counts < self._min_traits)] = -1.0
            best = int(np.argmax(np.round(weights, 6)))
            if weights[best] < 0:
                return None
            common = common & self._of[best]
        return None

    def _overlaps(self, columns: Sequence[int]) -> tuple[Ints, NDArray[np.float64]]:
        """How many of these traits each person has, and their weight."""
        having = [self._having[column] for column in columns]
        rows = np.concatenate(having)
        weights = np.repeat(self._weights[columns], [len(of_one) for of_one in having])
        counts = np.bincount(rows, minlength=len(self._indices))
        sums = np.bincount(rows, weights=weights, minlength=len(self._indices))
        return counts.astype(np.int64), sums.astype(np.float64)
