"""What of a record has no ground any more in the tree as it is, and which of two values that clash yields.

What is fixed never yields, nor does the core; of two others the one that was filled later does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from deeppersona_graph.model.persona import Trait, shown_value, value_texts
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Attribute, Requirement, Value, normal, shown
from deeppersona_graph.personas.anchor import core_values, with_core
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.numbers import number_range
from deeppersona_graph.personas.renewal.case import drawn_of
from deeppersona_graph.personas.spaces import CLOSED

Reason = Literal["retired", "gone", "age", "prerequisite", "excluded", "outside", "space"]

REASONS: Mapping[Reason, str] = {
    "retired": "its attribute is retired",
    "gone": "its attribute is gone",
    "age": "does not apply at this age",
    "prerequisite": "lacks its prerequisite",
    "excluded": "excluded by another value",
    "outside": "no longer in the value space",
    "space": "the value space changed",
}
"""Why a value is made again, in the words of the plan."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A trait that does not stand as it is. With `stays`, its attribute gets another value; without, the
    next arrival takes its place."""

    trait: Trait
    reason: Reason
    why: str
    """The reason with what it is about."""
    stays: bool

    def __str__(self) -> str:
        return f"{shown(self.trait.path)} = {shown_value(self.trait.value)}: {self.why}"


@dataclass(frozen=True, slots=True)
class Findings:
    """The traits that stand, those that yield, and what is wrong with fixed ones, which stand."""

    standing: tuple[Trait, ...]
    faults: tuple[Fault, ...]
    left: tuple[Fault, ...]


def examine(
    constraints: Constraints,
    situation: Situation,
    traits: Sequence[Trait],
    fixed: Collection[str],
    stale: Callable[[Trait], bool],
    demanded: Mapping[str, frozenset[str]] | None = None,
) -> Findings:
    """What of the traits stands. `stale` tells whose value space is another now; `demanded` are attributes
    that must have one of these values (ids)."""
    examination = _Examination(constraints, situation, frozenset(fixed), stale, demanded or {})
    return examination.run(sorted(traits, key=lambda trait: trait.order or 0))


def filled_with(constraints: Constraints, situation: Situation, traits: Sequence[Trait]) -> Filled:
    """The core values of a situation and the values of these traits, as filling knows them."""
    filled = with_core(constraints, situation)
    for trait in traits:
        attribute = constraints.tree.by_id[trait.attribute]
        drawn = drawn_of(attribute, trait)
        filled.add(attribute, drawn.values, drawn.number)
    return filled


@dataclass
class _Examination:
    constraints: Constraints
    situation: Situation
    fixed: frozenset[str]
    stale: Callable[[Trait], bool]
    demanded: Mapping[str, frozenset[str]]
    faults: dict[str, Fault] = field(default_factory=dict)
    left: dict[str, Fault] = field(default_factory=dict)

    def run(self, traits: Sequence[Trait]) -> Findings:
        core = core_values(self.constraints.tree, self.situation)
        self.core = {attribute.id: frozenset((value.id,)) for attribute, value in core}
        for trait in traits:
            self._note(self._of_itself(trait))
        self._without_ground(traits)
        self._against_each_other(traits)
        self._without_ground(traits)
        standing = tuple(trait for trait in traits if trait.attribute not in self.faults)
        return Findings(standing, tuple(self.faults.values()), tuple(self.left.values()))

    def _note(self, fault: Fault | None) -> None:
        """Note a fault; one that takes the attribute away outweighs one that leaves it."""
        if fault is None:
            return
        identity = fault.trait.attribute
        if identity in self.fixed:
            self.left.setdefault(identity, fault)
        elif identity not in self.faults or (self.faults[identity].stays and not fault.stays):
            self.faults[identity] = fault

    def _of_itself(self, trait: Trait) -> Fault | None:
        """What is wrong with a trait whatever else the person has, the core aside."""
        attribute = self.constraints.tree.by_id.get(trait.attribute)
        if attribute is None or attribute.core is not None:
            return _fault(trait, "gone", stays=False)
        paths = (attribute.path[:length] for length in range(1, len(attribute.path) + 1))
        if any(self.constraints.tree.by_path[path].retired for path in paths):
            return _fault(trait, "retired", stays=False)
        age = self.situation.age
        if _outside(age, attribute.min_age, attribute.max_age):
            return _fault(trait, "age", stays=False)
        if not all(self._met_by_core(one) for one in attribute.requires):
            return _fault(trait, "prerequisite", stays=False)
        if not in_space(attribute, trait, age):
            return _fault(trait, "outside")
        for value in drawn_of(attribute, trait).values:
            if _outside(age, value.min_age, value.max_age):
                return _fault(trait, "age")
            if value.countries and self.situation.country not in value.countries:
                return _fault(trait, "outside")
            if not all(self._met_by_core(one) for one in value.requires):
                return _fault(trait, "prerequisite")
        wanted = self.demanded.get(attribute.id)
        if wanted is not None and not wanted & {value.id for value in drawn_of(attribute, trait).values}:
            return _fault(trait, "prerequisite", " of what was set")
        return _fault(trait, "space") if self.stale(trait) else None

    def _met_by_core(self, required: Requirement) -> bool:
        """Whether the situation has what is required, where it is of the core."""
        of_core = self.constraints.tree.by_id[required.attribute].core is not None
        return not of_core or bool(required.values & self.core.get(required.attribute, frozenset()))

    def _without_ground(self, traits: Sequence[Trait]) -> None:
        """Note what requires values that nobody has; what waits for another value may still get the one."""
        moved = True
        while moved:
            before = len(self.faults), sum(not fault.stays for fault in self.faults.values())
            held = {
                trait.attribute: frozenset(value.id for value in self._drawn(trait))
                for trait in traits
                if trait.attribute not in self.faults
            }
            waiting = {identity for identity, fault in self.faults.items() if fault.stays}
            for trait in traits:
                if trait.attribute in held or trait.attribute in waiting:
                    for fault in self._groundless(trait, held, waiting):
                        self._note(fault)
            moved = before != (len(self.faults), sum(not fault.stays for fault in self.faults.values()))

    def _groundless(
        self, trait: Trait, held: Mapping[str, frozenset[str]], waiting: Collection[str]
    ) -> Iterator[Fault]:
        def unmet(required: Requirement) -> bool:
            return required.attribute not in waiting and not required.values & held.get(
                required.attribute, frozenset()
            )

        constraints = self.constraints
        for required in constraints.needed_before.get(trait.attribute, ()):
            if unmet(required):
                yield _fault(trait, "prerequisite", f" {self._name(required)}", stays=False)
        if trait.attribute not in waiting:
            for value in self._drawn(trait):
                for required in constraints.outside_core(value.requires):
                    if unmet(required):
                        yield _fault(trait, "prerequisite", f" {self._name(required)}")

    def _name(self, required: Requirement) -> str:
        return shown(self.constraints.tree.by_id[required.attribute].path)

    def _against_each_other(self, traits: Sequence[Trait]) -> None:
        """Take the traits in, what is fixed first, and note those that clash with what is in by then."""
        standing = [trait for trait in traits if trait.attribute not in self.faults]
        filled = filled_with(self.constraints, self.situation, ())
        for trait in sorted(standing, key=lambda one: (one.attribute not in self.fixed, one.order or 0)):
            fault = self._clash(trait, filled)
            self._note(fault)
            if fault is None or trait.attribute in self.fixed:
                attribute = self.constraints.tree.by_id[trait.attribute]
                drawn = drawn_of(attribute, trait)
                filled.add(attribute, drawn.values, drawn.number)

    def _clash(self, trait: Trait, filled: Filled) -> Fault | None:
        tree, constraints = self.constraints.tree, self.constraints
        attribute = tree.by_id[trait.attribute]
        drawn = drawn_of(attribute, trait)
        if not filled.applies(attribute):
            return _fault(trait, "excluded", self._by(attribute, filled), stays=False)
        low, high = filled.bounds(attribute)
        if drawn.number is not None and not low < drawn.number < high:
            return _fault(trait, "excluded", self._by(attribute, filled))
        members = {value.id for value in drawn.values}
        for value in drawn.values:
            against = constraints.excluded_with.get(value.id, frozenset())
            if against & members:
                return _fault(trait, "excluded")
            for identity, held in filled.values.items():
                if against & set(held):
                    return _fault(trait, "excluded", f" ({shown(tree.by_id[identity].path)})")
            for exclusion in constraints.against_attributes.get(value.id, ()):
                if exclusion.attribute in filled.values and exclusion.hits(
                    filled.numbers.get(exclusion.attribute)
                ):
                    return _fault(trait, "excluded", f" ({shown(tree.by_id[exclusion.attribute].path)})")
        return None

    def _by(self, attribute: Attribute, filled: Filled) -> str:
        """Which attribute's value rules something out about this one."""
        for identity, held in filled.values.items():
            for value in held:
                for exclusion in self.constraints.against_attributes.get(value, ()):
                    if exclusion.attribute == attribute.id:
                        return f" ({shown(self.constraints.tree.by_id[identity].path)})"
        return ""

    def _drawn(self, trait: Trait) -> tuple[Value, ...]:
        attribute = self.constraints.tree.by_id.get(trait.attribute)
        return () if attribute is None else drawn_of(attribute, trait).values


def in_space(attribute: Attribute, trait: Trait, age: int) -> bool:
    """Whether the value is one that the attribute's value space has, for somebody of this age; own words are
    a model's, and always in."""
    value, known = trait.value, {normal(one.text): one for one in attribute.values}
    if attribute.value_type == "number":
        low, high = number_range(attribute, age)
        return isinstance(value, int | float) and low <= value <= high
    texts = [normal(text) for text in value_texts(value)]
    if attribute.value_type in CLOSED:
        several = isinstance(value, tuple) and len(value) > 1
        lonely = several and any(text in known and known[text].alone for text in texts)
        fits = attribute.value_type == "list" or not isinstance(value, tuple)
        return fits and not lonely and all(text in known for text in texts)
    return trait.source != "bank" or not known or all(text in known for text in texts)


def _fault(trait: Trait, reason: Reason, about: str = "", *, stays: bool = True) -> Fault:
    return Fault(trait, reason, REASONS[reason] + about, stays)


def _outside(age: int, low: int | None, high: int | None) -> bool:
    return (low is not None and age < low) or (high is not None and age > high)
