"""What the people of a population have, counted; and how much two of them have in common.

A trait is a value of an attribute outside the core; each member of a list is one of its own. What a
population's uniqueness is, is defined on the counts, so that it is exact for any number of people: of a
person's traits, the mean share that another person lacks, over all pairs of people,

    U = 1 − Σₜ (nₜ − 1) Wₜ / (N (N − 1)),   Wₜ = Σ 1 / kₚ over the nₜ people p with trait t,

kₚ being how many traits p has. Jaccard's distance, 1 − |A ∩ B| / |A ∪ B|, is no function of the counts: its
mean is over all pairs of up to `COMPARED` people, and of so many drawn from more.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.model.seeds import stream

COMPARED = 1000
"""People that are compared one by one."""

BLOCK = 250
"""People that a statement reads."""

AT_ONCE, AHEAD = 2, 4
"""Statements at work at the same time, and those asked for while what others gave is counted."""

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
        reading = deque(at_once.submit(read, start) for start in starts[:AHEAD])
        for start in (*starts[AHEAD:], *[None] * len(reading)):
            yield reading.popleft().result()
            if start is not None:
                reading.append(at_once.submit(read, start))


class _Counting:
    """Counts people as they come."""

    def __init__(self, core: frozenset[str], compared: frozenset[int]) -> None:
        """`compared` are the places of the people who are compared one by one."""
        self._core, self._compared = core, compared
        self._people = self._pairs = 0
        self._attributes: dict[str, int] = defaultdict(count().__next__)
        self._numbers: dict[tuple[str, str], int] = defaultdict(count().__next__)
        """Traits by number, in order of their first appearance; with an empty key, that there is no value."""
        self._owners: Ints = np.zeros(0, dtype=np.int64)
        """The number of the attribute of each trait; -1 in the core."""
        self._valued = np.zeros(0, dtype=np.bool_)
        self._having: Ints = np.zeros(0, dtype=np.int64)
        self._counts: Ints = np.zeros(0, dtype=np.int64)
        self._weights: Floats = np.zeros(0)
        self._kept: list[Ints] = []
        """The traits of those who are compared."""

    def add(self, rows: Sequence[Row]) -> None:
        """Count these people too."""
        pairs = (pair for row in rows for pair in zip(row["attributes"], row["keys"], strict=True))
        numbers = self._numbers
        flat = np.array([numbers[pair] for pair in pairs], dtype=np.int64)
        person = np.repeat(np.arange(len(rows)), [len(row["keys"]) for row in rows])
        self._note()
        attributes = self._owners[flat]
        outside = attributes >= 0
        flat, person, attributes = flat[outside], person[outside], attributes[outside]
        had = np.sort(person * len(self._attributes) + attributes)
        had = had[np.diff(had, prepend=-1) > 0] % max(len(self._attributes), 1)  # of a list's members one
        valued = self._valued[flat]
        flat, person = flat[valued], person[valued]
        sizes = np.bincount(person, minlength=len(rows))
        self._people += len(rows)
        self._pairs += len(had)
        self._having = _sum(self._having, np.bincount(had, minlength=len(self._attributes)))
        self._counts = _sum(self._counts, np.bincount(flat, minlength=len(numbers)))
        weights: Floats = np.bincount(flat, 1.0 / sizes[person], len(numbers)).astype(np.float64)
        self._weights = _sum(self._weights, weights)
        own = np.split(flat, np.cumsum(sizes)[:-1])
        self._kept += [
            of_one for row, of_one in zip(rows, own, strict=True) if row["index"] in self._compared
        ]

    def _note(self) -> None:
        """Note what is to be known of traits that were met for the first time."""
        new = list(islice(self._numbers, len(self._owners), None))
        owners = [-1 if attribute in self._core else self._attributes[attribute] for attribute, _ in new]
        self._owners = np.append(self._owners, np.array(owners, dtype=np.int64))
        self._valued = np.append(self._valued, np.array([key != "" for _, key in new], dtype=np.bool_))

    def told(self) -> Tally:
        """The counts so far."""
        traits: dict[str, dict[str, int]] = {attribute: {} for attribute in self._attributes}
        for (attribute, key), people in zip(self._numbers, self._counts.tolist(), strict=True):
            if people:
                traits[attribute][key] = people
        return Tally(
            people=self._people,
            having=dict(zip(self._attributes, self._having.tolist(), strict=True)),
            traits=traits,
            pairs=self._pairs,
            uniqueness=self._uniqueness(),
            distance=_distance(self._kept, len(self._numbers)),
            compared=len(self._kept),
        )

    def _uniqueness(self) -> float | None:
        if self._people < 2:
            return None
        shared = float((np.maximum(self._counts - 1, 0) * self._weights).sum())
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
