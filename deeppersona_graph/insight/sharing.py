"""What some people have in common: attributes, and traits with their weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.insight.people import (
    Person,
    SharedTrait,
    bits,
    concerned,
    heaviest_first,
    read_people,
    taxonomy_of,
)
from deeppersona_graph.model.persona import TraitValue, value_texts
from deeppersona_graph.model.tree import Path, normal


@dataclass(frozen=True, slots=True)
class Differing:
    """An attribute that all have, with nothing in common among their values, which stand in their order."""

    attribute: str
    path: Path
    values: tuple[TraitValue, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """What people have in common: traits, the rarest first, and attributes of which their values differ.

    `concerned` is the number of people of their populations, among whom a trait is rare or common.
    """

    people: tuple[Person, ...]
    concerned: int
    traits: tuple[SharedTrait, ...]
    differing: tuple[Differing, ...]

    @property
    def attributes(self) -> int:
        """How many attributes all of them have."""
        return len({trait.attribute for trait in self.traits}) + len(self.differing)

    @property
    def weight(self) -> float:
        """The weights of the traits together, in bits."""
        return sum(trait.weight for trait in self.traits)


def shared(graph: Graph, ids: Sequence[str]) -> Shared:
    """What the people with these ids have in common.

    Raises `InputError` for fewer than two, for somebody named twice, and for people of several taxonomies.
    """
    check_several(graph, ids)
    taxonomy = taxonomy_of(graph, ids)
    known = read_people(graph, ids)
    people = tuple(known[one] for one in ids)
    populations = sorted({one.population for one in people})
    count = concerned(graph, populations, taxonomy)
    rows = graph.read("insight/shared", ids=list(ids), populations=populations)
    traits = [trait for row in rows for trait in _traits(row, count)]
    differing = [
        Differing(row["attribute"], tuple(row["path"]), tuple(_value(one) for one in row["values"]))
        for row in rows
        if not row["common"]
    ]
    return Shared(people, count, tuple(sorted(traits, key=heaviest_first)), tuple(differing))


def check_several(graph: Graph, ids: Sequence[str]) -> None:
    """Raise `InputError` unless these are two people or more, each named once."""
    if len(ids) < 2:
        raise InputError(f"{len(ids)} persona given; sharing takes two or more")
    twice = next((one for place, one in enumerate(ids) if one in ids[:place]), None)
    if twice is not None:
        name = read_people(graph, [twice])[twice].name
        raise InputError(f"{name} ({twice}) is named twice; name each persona once")


def _traits(row: Row, count: int) -> list[SharedTrait]:
    spelled = {normal(text): text for text in value_texts(_value(row["values"][0]))}
    return [
        SharedTrait(row["attribute"], tuple(row["path"]), spelled.get(key, key), people, bits(people, count))
        for key, people in row["common"]
    ]


def _value(value: Any) -> TraitValue:
    found: TraitValue = tuple(value) if isinstance(value, list) else value
    return found
