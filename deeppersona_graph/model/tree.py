"""The Human-Attribute Tree as plain data: attributes, value spaces, and the constraints between them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from deeppersona_graph.model.seeds import digest

ValueType = Literal["categorical", "ordinal", "number", "list", "text"]
VALUE_TYPES: tuple[ValueType, ...] = get_args(ValueType)

GENERIC_VALUES = ("no part of life", "a small part", "a fair part", "a large part", "central")
"""The provisional ordinal value space of an attribute made by hand without one; `generic` marks it."""

Path = tuple[str, ...]


def shown(path: Iterable[str]) -> str:
    """A path as people read it; never parsed back."""
    return " > ".join(path)


def short_path(path: Path) -> str:
    """The path below its root, which says little where paths stand line by line."""
    return shown(path[1:] or path)


def normal(text: str) -> str:
    """The key under which two spellings of a value are the same value."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def attribute_id(path: Path) -> str:
    """The id an attribute gets at its first import: 16 hexadecimal digits of a hash of its path."""
    return digest("attribute", *path).hex()[:16]


def value_id(attribute: str, text: str) -> str:
    """The id of the value `text` of the attribute with id `attribute`."""
    return digest("value", attribute, normal(text)).hex()[:16]


@dataclass(frozen=True, slots=True)
class Requirement:
    """The attribute `attribute` must have one of `values` (ids)."""

    attribute: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a value rules out.

    With `value`: that value of `attribute`. Without: the whole attribute, or, where a bound is given,
    numbers at or above `minimum`, or at or below `maximum`.
    """

    attribute: str
    value: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def whole(self) -> bool:
        """Whether the attribute does not apply at all."""
        return self.value is None and self.minimum is None and self.maximum is None

    @property
    def interval(self) -> tuple[float, float]:
        """The open interval that the bounds leave: above `maximum`, below `minimum`."""
        return (
            float("-inf") if self.maximum is None else self.maximum,
            float("inf") if self.minimum is None else self.minimum,
        )

    def hits(self, number: float | None) -> bool:
        """Whether the attribute, with `number` where it is one, is ruled out."""
        low, high = self.interval
        return self.whole or (number is not None and not low < number < high)


@dataclass(frozen=True, slots=True)
class Value:
    """One admissible value of one attribute; `weight` is its share in percent of those to whom it applies."""

    id: str
    text: str
    rank: int
    weight: float
    alone: bool = False
    """A value of a list that excludes the list's other values."""
    min_age: int | None = None
    max_age: int | None = None
    countries: tuple[str, ...] = ()
    """ISO 3166 alpha-2 codes of the only countries it makes sense in; empty: everywhere."""
    requires: tuple[Requirement, ...] = ()
    excludes: tuple[Exclusion, ...] = ()
    implies: tuple[Requirement, ...] = ()
    """Whoever has the value has, of each attribute named that they have at all, one of the values named."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One node of the tree; without `value_type` it has no value space (an inner node, or a bare name)."""

    id: str
    path: Path
    description: str = ""
    value_type: ValueType | None = None
    values: tuple[Value, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    typical: tuple[float, float] | None = None
    unit: str | None = None
    at_most: int | None = None
    """For numbers: the value is at most the person's age less this many years."""
    at_least: int | None = None
    """For numbers: the value is at least the person's age less this many years."""
    min_age: int | None = None
    max_age: int | None = None
    core: str | None = None
    """The key of a core attribute (DESIGN §8), which is never selected but always filled."""
    requires: tuple[Requirement, ...] = ()
    support: int = 0
    """Distinct exchanges that evidence it or an attribute below it."""
    retired: bool = False
    generic: bool = False
    proposed: bool = False
    """Named by a model without evidence, to fill a thin branch."""
    aliases: tuple[str, ...] = ()
    bias: float | None = None
    """Factor of the weight of each node of the branch in every walk; None as 1, 0 leaves the branch out."""

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def has_values(self) -> bool:
        """Whether bank mode can draw a value for it."""
        return bool(self.values) or (self.value_type == "number" and self.minimum is not None)


@dataclass(frozen=True)
class Tree:
    """A taxonomy at one version; parents stand before their children."""

    name: str
    attributes: tuple[Attribute, ...]
    version: int = 0
    embedding_model: str | None = None
    dimensions: int | None = None
    origin: str = field(default="", compare=False)

    def __hash__(self) -> int:
        """Cheap, since look-ups are remembered by tree."""
        return hash((self.name, self.version, len(self.attributes)))

    @cached_property
    def by_id(self) -> Mapping[str, Attribute]:
        return {attribute.id: attribute for attribute in self.attributes}

    @cached_property
    def by_path(self) -> Mapping[Path, Attribute]:
        return {attribute.path: attribute for attribute in self.attributes}

    @cached_property
    def core(self) -> Mapping[str, Attribute]:
        """The core attributes by key."""
        return {a.core: a for a in self.attributes if a.core is not None}

    @cached_property
    def children(self) -> Mapping[Path, tuple[Attribute, ...]]:
        below: dict[Path, list[Attribute]] = {}
        for attribute in self.attributes:
            below.setdefault(attribute.path[:-1], []).append(attribute)
        return {path: tuple(found) for path, found in below.items()}

    def value(self, attribute: Attribute, text: str) -> Value | None:
        """The value of `attribute` that `text` spells, whatever its case and spacing."""
        key = normal(text)
        return next((one for one in attribute.values if normal(one.text) == key), None)

    def ruled_out(self, value: Value) -> Iterator[Exclusion]:
        """What a value cannot stand beside: what it excludes, and the other values of what it implies.

        Of a list, which may hold what is implied beside others, these are the values that stand alone.
        """
        yield from value.excludes
        for implied in value.implies:
            other = self.by_id[implied.attribute]
            for one in other.values:
                if one.id not in implied.values and (one.alone or other.value_type != "list"):
                    yield Exclusion(other.id, value=one.id)

    def leaves(self) -> Iterator[Attribute]:
        """The attributes without children."""
        return (a for a in self.attributes if a.path not in self.children)
