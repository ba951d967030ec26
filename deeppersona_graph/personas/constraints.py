"""What the values of a persona demand of one another, asked while it is being filled (DESIGN §4, §6)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from deeppersona_graph.model.tree import Attribute, Exclusion, Requirement, Tree, Value


@dataclass(frozen=True)
class Constraints:
    """The constraint edges of one tree, indexed for filling. Exclusion between two values holds both ways."""

    tree: Tree

    @cached_property
    def excluded_with(self) -> Mapping[str, frozenset[str]]:
        """The values that each value cannot stand beside."""
        pairs: dict[str, set[str]] = {}
        for value, exclusion in self._exclusions:
            if exclusion.value is not None:
                pairs.setdefault(value.id, set()).add(exclusion.value)
                pairs.setdefault(exclusion.value, set()).add(value.id)
        return {value: frozenset(others) for value, others in pairs.items()}

    @cached_property
    def against_attributes(self) -> Mapping[str, tuple[Exclusion, ...]]:
        """The attributes, or ranges of numbers, that each value rules out."""
        found: dict[str, list[Exclusion]] = {}
        for value, exclusion in self._exclusions:
            if exclusion.value is None:
                found.setdefault(value.id, []).append(exclusion)
        return {value: tuple(exclusions) for value, exclusions in found.items()}

    @cached_property
    def needed_before(self) -> Mapping[str, tuple[Requirement, ...]]:
        """For each attribute, what it requires of attributes outside the core."""
        return {a.id: kept for a in self.tree.attributes if (kept := self.outside_core(a.requires))}

    def outside_core(self, requires: Iterable[Requirement]) -> tuple[Requirement, ...]:
        """The requirements that the situation does not settle."""
        return tuple(r for r in requires if self.tree.by_id[r.attribute].core is None)

    @cached_property
    def _exclusions(self) -> Sequence[tuple[Value, Exclusion]]:
        return [
            (value, one)
            for a in self.tree.attributes
            for value in a.values
            for one in self.tree.ruled_out(value)
        ]


@dataclass
class Filled:
    """The values a persona has so far, and what they rule out."""

    constraints: Constraints
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Value ids by attribute; empty for numbers and free text."""
    numbers: dict[str, float] = field(default_factory=dict)
    _excluded_values: set[str] = field(default_factory=set)
    _excluded_attributes: set[str] = field(default_factory=set)
    _bounds: dict[str, tuple[float, float]] = field(default_factory=dict)

    def add(self, attribute: Attribute, values: Sequence[Value] = (), number: float | None = None) -> None:
        """Record that the persona has `values` (or `number`) of `attribute`."""
        self.values[attribute.id] = tuple(value.id for value in values)
        if number is not None:
            self.numbers[attribute.id] = number
        for value in values:
            self._excluded_values |= self.constraints.excluded_with.get(value.id, frozenset())
            for exclusion in self.constraints.against_attributes.get(value.id, ()):
                self._rule_out(exclusion)

    def applies(self, attribute: Attribute) -> bool:
        """Whether no value so far rules the whole attribute out."""
        return attribute.id not in self._excluded_attributes

    def bounds(self, attribute: Attribute) -> tuple[float, float]:
        """The open interval in which the values so far let the number lie."""
        return self._bounds.get(attribute.id, (float("-inf"), float("inf")))

    def admits(self, value: Value) -> bool:
        """Whether `value` contradicts nothing the persona has."""
        return (
            value.id not in self._excluded_values
            and all(self.meets(one) for one in self.constraints.outside_core(value.requires))
            and not any(self._hits(one) for one in self.constraints.against_attributes.get(value.id, ()))
        )

    def meets(self, requirement: Requirement) -> bool:
        """Whether the persona has one of the values that `requirement` names."""
        return any(value in requirement.values for value in self.values.get(requirement.attribute, ()))

    def without(self, attributes: Container[str]) -> Filled:
        """The same without what the persona has of these attributes."""
        tree = self.constraints.tree
        left = Filled(self.constraints)
        for identity, held in self.values.items():
            if identity not in attributes:
                values = [value for value in tree.by_id[identity].values if value.id in held]
                left.add(tree.by_id[identity], values, self.numbers.get(identity))
        return left

    def still_meets(self, attribute: str, values: Sequence[Value]) -> bool:
        """Whether all that requires something of `attribute` still has it, were these its values."""
        had = {value.id for value in values}
        tree = self.constraints.tree
        owners = (tree.by_id[identity] for identity in self.values)
        return all(
            required.values & had
            for owner in owners
            for required in (
                *owner.requires,
                *(r for v in owner.values if v.id in self.values[owner.id] for r in v.requires),
            )
            if required.attribute == attribute
        )

    def _hits(self, exclusion: Exclusion) -> bool:
        """Whether the persona already has what `exclusion` rules out."""
        number = self.numbers.get(exclusion.attribute)
        return exclusion.attribute in self.values and exclusion.hits(number)

    def _rule_out(self, exclusion: Exclusion) -> None:
        if exclusion.whole:
            self._excluded_attributes.add(exclusion.attribute)
            return
        low, high = exclusion.interval
        before = self._bounds.get(exclusion.attribute, (float("-inf"), float("inf")))
        self._bounds[exclusion.attribute] = (max(before[0], low), min(before[1], high))
