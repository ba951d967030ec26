"""What the people of a population have, counted; and how much two of them have in common.

A trait is a value of an attribute outside the core; each member of a list is one of its own. What a
population's uniqueness is, is defined on the counts, so that it is exact for any number of people: of a
person's traits, the mean share that another person lacks, over all pairs of people,

    U = 1 − Σₜ (nₜ − 1) Wₜ / (N (N − 1)),   Wₜ = Σ 1 / kₚ over the nₜ people p with trait t,

kₚ being how many traits p has. Jaccard's distance, 1 − |A ∩ B| / |A ∪ B|, is no function of the counts: its
mean is over all pairs of up to `COMPARED` people, and of so many drawn from more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.model.seeds import stream

COMPARED = 1000
"""People that are compared one by one."""

BLOCK = 500
"""Places of a population that are read at a time."""
AT_ONCE = 2

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Numbers = TypeVar("Numbers", NDArray[np.int64], NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a population; traits are (id of the attribute, key of the value)."""

    people: int
    having: Mapping[str, int]
    """People by attribute."""
    traits: Mapping[str, Mapping[str, int]]
    """People by attribute and value."""
    pairs: int
    """Attribute-value pairs of all people together."""
    uniqueness: float | None
    """U; None where there is nobody to compare with."""
    distance: float | None
    """Jaccard's, the mean of `compared` people."""
    compared: int


def tally(
    graph: Graph, population: str, taxonomy: str, indices: Sequence[int], core: frozenset[str]
) -> Tally:
    """The counts of the people at these places of a population; `core` are the attributes left aside."""
    drawn = indices
    if len(indices) > COMPARED:
        drawn = sorted(stream("coverage", population).sample(list(indices), COMPARED))
    counting = _Counting(core, frozenset(drawn))
    for rows in _blocks(graph, population, taxonomy, indices):
        counting.add(rows)
    return counting.told()


def _blocks(graph: Graph, population: str, taxonomy: str, indices: Sequence[int]) -> Iterator[list[Row]]:
    starts = range(0, len(indices), BLOCK)

    def read(start: int) -> list[Row]:
        block = indices[start : start + BLOCK]
        return graph.read(
            "insight/coverage_people",
            population=population,
            taxonomy=taxonomy,
            first=block[0],
            last=block[-1],
        )

    with ThreadPoolExecutor(AT_ONCE) as at_once:
        for start in range(0, len(starts), AT_ONCE):
            yield from at_once.map(read, starts[start : start + AT_ONCE])


class _Counting:
    """Counts people as they come."""

    def __init__(self, core: frozenset[str], compared: frozenset[int]) -> None:
        """`compared` are the places of the people who are compared one by one."""
        self._core, self._compared = core, compared
        self._people = 0
        self._numbers: dict[tuple[str, str], int] = defaultdict(count().__next__)
        """Traits by number, in order of their first appearance."""
        self._counts: Ints = np.zeros(0, dtype=np.int64)
        self._weights: Floats = np.zeros(0)
        self._having: Counter[str] = Counter()
        self._kept: list[Ints] = []
        """The traits of those who are compared."""

    def add(self, rows: Sequence[Row]) -> None:
        """Count these people too."""
        numbers, core = self._numbers, self._core
        own: list[Ints] = [np.zeros(0, dtype=np.int64)]
        for row in rows:
            pairs = zip(row["attributes"], row["keys"], strict=True)
            traits = np.array(
                [numbers[pair] for pair in pairs if pair[1] and pair[0] not in core], dtype=np.int64
            )
            own.append(traits)
            self._having.update(set(row["attributes"]) - core)
            if row["index"] in self._compared:
                self._kept.append(traits)
        self._people += len(rows)
        sizes = np.array([len(traits) for traits in own])
        flat, shares = np.concatenate(own), np.repeat(1.0 / np.maximum(sizes, 1), sizes)
        self._counts = _sum(self._counts, np.bincount(flat, minlength=len(numbers)))
        weights: Floats = np.bincount(flat, shares, len(numbers)).astype(np.float64)
        self._weights = _sum(self._weights, weights)

    def told(self) -> Tally:
        """The counts so far."""
        traits: dict[str, dict[str, int]] = {attribute: {} for attribute in self._having}
        for (attribute, key), people in zip(self._numbers, self._counts.tolist(), strict=True):
            traits[attribute][key] = people
        return Tally(
            people=self._people,
            having=dict(self._having),
            traits=traits,
            pairs=self._having.total(),
            uniqueness=self._uniqueness(),
            distance=_distance(self._kept, len(self._numbers)),
            compared=len(self._kept),
        )

    def _uniqueness(self) -> float | None:
        if self._people < 2:
            return None
        shared = float(((self._counts - 1) * self._weights).sum())
        return 1.0 - shared / (self._people * (self._people - 1))


def _distance(people: Sequence[Ints], traits: int) -> float | None:
    """The mean of Jaccard's distance over all pairs of people, by the numbers of their traits."""
    if len(people) < 2:
        return None
    from scipy.sparse import csr_array

    sizes = np.array([len(one) for one in people], dtype=np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    columns = np.concatenate(people)
    matrix = csr_array(
        (np.ones(len(columns), dtype=np.int32), columns, ends), shape=(len(people), max(traits, 1))
    )
    common = (matrix @ matrix.T).toarray()
    first, second = np.triu_indices(len(people), k=1)
    shared = common[first, second]
    union = sizes[first] + sizes[second] - shared
    return float((1.0 - shared / np.maximum(union, 1)).mean())


def _sum(known: Numbers, more: Numbers) -> Numbers:
    """The sum of two rows of counts, the later of which may be longer."""
    more[: len(known)] += known
    return more
