"""Two populations beside each other, attribute by attribute.

The share of people who have an attribute, or a value of it, is compared by the chi-square test of two
proportions (Pearson's, without correction for continuity), or by Fisher's exact test where fewer than
`EXPECTED` are expected in a cell; means of numbers by Welch's t test. All p values of one comparison are
adjusted together (Benjamini and Hochberg 1995: the share of false ones among those called significant). What
fewer than `LEAST` people of both together have is not tested: it could not differ by more than chance.

Of scipy the functions alone are used; importing its tests would take a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.insight.traits import Had, Traits
from deeppersona_graph.model.tree import Path, Tree, normal

LEAST = 5
EXPECTED = 5.0

SIGNIFICANT = 0.05
"""Adjusted p below which a difference is called significant."""

Test = Literal["chi-square", "Fisher", "Welch"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute (`value` is None), one value, or the mean of a number, in two populations.

    `first` and `second` are shares, or means where the test is Welch's; `counts` are the people who have it.
    """

    attribute: str
    path: Path
    value: str | None
    test: Test
    first: float
    second: float
    counts: tuple[int, int]
    p: float
    adjusted: float

    @property
    def difference(self) -> float:
        """The second less the first."""
        return self.second - self.first

    @property
    def significant(self) -> bool:
        """Whether more than chance is at work."""
        return self.adjusted < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences between two populations, the surest first."""

    populations: tuple[str, str]
    sizes: tuple[int, int]
    differences: tuple[Difference, ...]

    @property
    def significant(self) -> int:
        """How many of them are significant."""
        return sum(one.significant for one in self.differences)


def compare(graph: Graph, tree: Tree, first: Traits, second: Traits) -> Comparison:
    """Compare two populations of one taxonomy."""
    tested = [*_shares(tree, first, second), *_means(graph, tree, first, second)]
    adjusted = adjust(np.array([one.p for one in tested]))
    differences = [one.adjusted_to(float(p)) for one, p in zip(tested, adjusted, strict=True)]
    differences.sort(key=lambda one: (one.p, -abs(one.difference), one.path, one.value or "", one.test))
    return Comparison((first.population, second.population), (first.size, second.size), tuple(differences))


@dataclass(frozen=True, slots=True)
class _Tested:
    """A difference before its p is adjusted."""

    had: Had
    value: str | None
    test: Test
    first: float
    second: float
    counts: tuple[int, int]
    p: float

    def adjusted_to(self, p: float) -> Difference:
        return Difference(
            self.had.id, self.had.path, self.value, self.test, self.first, self.second,
            self.counts, self.p, p,
        )  # fmt: skip


def adjust(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The p values adjusted after Benjamini and Hochberg."""
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(p[order] * len(p) / ranks) if len(p) else p
    return np.minimum(adjusted, 1.0)


@lru_cache(maxsize=65_536)
def proportions(first: int, second: int, sizes: tuple[int, int]) -> tuple[Test, float]:
    """The test of two proportions, `first` and `second` of these sizes, and its p."""
    having, total = first + second, sum(sizes)
    if min(having, total - having) * min(sizes) / total < EXPECTED:
        return "Fisher", _fisher(first, second, sizes)
    from scipy.special import chdtrc

    excess = first - having * sizes[0] / total
    variance = having * (total - having) / total * sizes[0] * sizes[1] / total**2
    return "chi-square", float(chdtrc(1, excess**2 / variance))


def _fisher(first: int, second: int, sizes: tuple[int, int]) -> float:
    """The probability of tables no likelier than this one, their margins given."""
    from scipy.special import gammaln

    having, total = first + second, sum(sizes)
    of_first = np.arange(max(0, having - sizes[1]), min(having, sizes[0]) + 1, dtype=np.float64)

    def choose(n: int, k: NDArray[np.float64]) -> NDArray[np.float64]:
        chosen: NDArray[np.float64] = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
        return chosen

    ways = choose(sizes[0], of_first) + choose(sizes[1], having - of_first)
    chances = np.exp(ways - choose(total, np.array([float(having)])))
    here = chances[first - int(of_first[0])]
    return float(min(1.0, chances[chances <= here * (1 + 1e-7)].sum()))


def welch(
    means: tuple[float, float], deviations: tuple[float, float], counts: tuple[int, int]
) -> float | None:
    """The p of Welch's test of two means; None where a lack of spread or of numbers leaves no test."""
    if min(counts) < 2:
        return None
    errors = [deviation**2 / count for deviation, count in zip(deviations, counts, strict=True)]
    if sum(errors) <= 0:
        return None
    from scipy.special import stdtr

    freedom = sum(errors) ** 2 / sum(e**2 / (n - 1) for e, n in zip(errors, counts, strict=True))
    return float(2 * stdtr(freedom, -abs(means[0] - means[1]) / sum(errors) ** 0.5))


def _shares(tree: Tree, first: Traits, second: Traits) -> Iterator[_Tested]:
    """Attributes, and values of those that are no numbers, that at least `LEAST` people have."""
    sizes = (first.size, second.size)
    mine, others = ({had.id: had for had in of_one.attributes} for of_one in (first, second))
    numbers: set[str] = set()
    for had in (mine | others).values():
        if had.number:
            numbers.add(had.id)
        counts = (
            mine[had.id].people if had.id in mine else 0,
            others[had.id].people if had.id in others else 0,
        )
        if sum(counts) >= LEAST:
            yield _share(had, None, counts, sizes)
    of_first, of_second = first.by_name, second.by_name
    for attribute, key in (*of_first, *(name for name in of_second if name not in of_first)):
        counts = (of_first.get((attribute, key), 0), of_second.get((attribute, key), 0))
        if sum(counts) >= LEAST and attribute not in numbers:
            yield _share(
                mine.get(attribute) or others[attribute], _spelled(tree, attribute, key), counts, sizes
            )


def _share(had: Had, value: str | None, counts: tuple[int, int], sizes: tuple[int, int]) -> _Tested:
    test, p = proportions(*counts, sizes)
    return _Tested(had, value, test, counts[0] / sizes[0], counts[1] / sizes[1], counts, p)


def _spelled(tree: Tree, attribute: str, key: str) -> str:
    return _spellings(tree).get((attribute, key), key)


@lru_cache(maxsize=2)
def _spellings(tree: Tree) -> Mapping[tuple[str, str], str]:
    return {(one.id, normal(value.text)): value.text for one in tree.attributes for value in one.values}


def _means(graph: Graph, tree: Tree, first: Traits, second: Traits) -> Iterator[_Tested]:
    """Numbers that two people or more of each population have."""
    numbers = {had.id: had for had in first.attributes if had.number}
    populations = [first.population, second.population]
    rows = graph.read("insight/means", taxonomy=tree.name, attributes=list(numbers), populations=populations)
    known = {(row["attribute"], row["population"]): row for row in rows}
    for attribute, had in numbers.items():
        mine, others = (known.get((attribute, population)) for population in populations)
        if mine is None or others is None:
            continue
        counts, means = (mine["people"], others["people"]), (mine["mean"], others["mean"])
        p = welch(means, (mine["deviation"], others["deviation"]), counts)
        if p is not None:
            yield _Tested(had, None, "Welch", *means, counts, p)
