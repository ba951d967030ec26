"""People as answers name them, and how rare it is among them to have a trait.

A trait is a value of an attribute; each member of a list is one of its own. The weight of a trait is what its
being shared tells, in bits: `-log2(people who have it / people concerned)`, so that a trait of everybody
weighs nothing and one of a person in a thousand ten. Concerned are all people of the populations compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Path, shown


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in brief."""

    id: str
    name: str
    population: str
    index: int
    age: int
    sex: str
    city: str
    country: str
    occupation: str | None


@dataclass(frozen=True, slots=True)
class SharedTrait:
    """A value of an attribute that several have, how many of the people concerned have it, and its weight."""

    attribute: str
    path: Path
    value: str
    people: int
    weight: float

    def explained(self, names: Sequence[str]) -> str:
        """The path through the graph that joins people of these names."""
        joined = f"{shown(self.path)} = {self.value}"
        first, *others = [f"({name})" for name in names]
        return f"{first}-HAS-({joined})" + "".join(f"-HAS-{other}" for other in others)


def bits(people: int, concerned: int) -> float:
    """The weight of a trait that `people` of those `concerned` have."""
    return log2(concerned / people)


def heaviest_first(trait: SharedTrait) -> tuple[float, Path, str]:
    """The order in which traits are told."""
    return -round(trait.weight, 6), trait.path, trait.value


def read_people(graph: Graph, ids: Sequence[str]) -> dict[str, Person]:
    """The people with these ids, by id."""
    return {row["id"]: person(row) for row in graph.read("insight/people", ids=list(ids))}


def person(row: Mapping[str, Any]) -> Person:
    """Somebody out of a row of a statement."""
    return Person(**{name: row[name] for name in Person.__slots__})


def taxonomy_of(graph: Graph, ids: Sequence[str]) -> str:
    """The one taxonomy of these people; raises `InputError` where they are of several, and share nothing."""
    rows = graph.read("insight/people", ids=list(ids))
    found = {row["taxonomy"]: row for row in rows}
    if len(found) > 1:
        one, other, *_ = found.values()
        raise InputError(
            f"{one['id']} ({one['name']}) is of the taxonomy {one['taxonomy']!r}, {other['id']} "
            f"({other['name']}) of {other['taxonomy']!r}; compare people of one taxonomy"
        )
    return str(rows[0]["taxonomy"])


def taxonomy_of_population(graph: Graph, population: str) -> tuple[str, int]:
    """The taxonomy of a population, and how many people of it there are; of several, that of most people.

    Raises `InputError` where there is nobody.
    """
    rows = graph.read("insight/members", populations=[population])
    if not rows:
        raise InputError(
            f"the population {population!r} has no people; "
            f"make some with: deeppersona generate --population {population!r}"
        )
    return str(rows[0]["taxonomy"]), int(rows[0]["people"])


def concerned(graph: Graph, populations: Sequence[str], taxonomy: str) -> int:
    """How many people of these populations are of the taxonomy."""
    rows = graph.read("insight/members", populations=list(populations))
    return sum(int(row["people"]) for row in rows if row["taxonomy"] == taxonomy)
