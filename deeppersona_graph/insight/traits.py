"""The traits of a whole population, read in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.insight.people import SharedTrait, bits
from deeppersona_graph.model.tree import Path, Tree

Ints = NDArray[np.int64]

PARTS_AT_ONCE = 2
PEOPLE_A_PART = 1000
"""A population is read in two parts at a time, and in more where it is larger, so that none is too large."""


@dataclass(frozen=True, slots=True)
class Had:
    """An attribute that people of a population have, and how many they are."""

    id: str
    path: Path
    number: bool
    people: int


@dataclass(frozen=True)
class Traits:
    """The traits of a population, each with its people.

    Those of the trait `i` are `having[starts[i]:starts[i + 1]]`, by index in the population; `size` is the
    number of all people.
    """

    population: str
    size: int
    attributes: Sequence[Had]
    owners: Sequence[int]
    """The place of the attribute of each trait."""
    keys: Sequence[str]
    starts: Ints
    having: Ints

    @cached_property
    def counts(self) -> Ints:
        """How many people have each trait."""
        return np.diff(self.starts)

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], int]:
        """How many people have each trait, by attribute and key."""
        names = ((self.attributes[owner].id, key) for owner, key in zip(self.owners, self.keys, strict=True))
        return dict(zip(names, self.counts.tolist(), strict=True))

    def told(self, trait: int, tree: Tree) -> SharedTrait:
        """A trait as answers tell it, its value spelled as in the tree."""
        had, key, people = self.attributes[self.owners[trait]], self.keys[trait], int(self.counts[trait])
        known = tree.by_id.get(had.id)
        value = tree.value(known, key) if known else None
        return SharedTrait(had.id, had.path, value.text if value else key, people, bits(people, self.size))


def read_traits(graph: Graph, population: str, size: int) -> Traits:
    """The traits of a population of so many people."""
    attributes: list[Had] = []
    owners: list[int] = []
    keys: list[str] = []
    having: list[int] = []
    starts = [0]
    rows = sorted(_read_parts(graph, population, size), key=lambda row: str(row["attribute"]))
    for _, of_one in groupby(rows, key=lambda row: str(row["attribute"])):
        parts = list(of_one)
        for key, indices in sorted(_by_key([one for row in parts for one in row["traits"]]).items()):
            owners.append(len(attributes))
            keys.append(key)
            having += indices
            starts.append(len(having))
        number, people = bool(parts[0]["number"]), sum(int(row["people"]) for row in parts)
        attributes.append(Had(parts[0]["attribute"], tuple(parts[0]["path"]), number, people))
    return Traits(
        population,
        size,
        attributes,
        owners,
        keys,
        np.array(starts, dtype=np.int64),
        np.array(having, dtype=np.int64),
    )


def _read_parts(graph: Graph, population: str, size: int) -> Iterable[Row]:
    parts = PARTS_AT_ONCE * max(1, round(size / PEOPLE_A_PART))

    def read(part: int) -> list[Row]:
        return graph.read("insight/traits", population=population, part=part, parts=parts)

    with ThreadPoolExecutor(PARTS_AT_ONCE) as at_once:
        return [row for found in at_once.map(read, range(parts)) for row in found]


def _by_key(rows: Sequence[tuple[Sequence[str], list[int]]]) -> Mapping[str, list[int]]:
    merged: dict[str, list[int]] = {}
    for keys, indices in rows:
        for key in keys or ():
            merged[key] = merged[key] + indices if key in merged else indices
    return merged
