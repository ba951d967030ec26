"""Filling: the walk along the arrivals that gives a persona exactly k attributes (DESIGN §6).

An attribute that requires a value of another is never filled before it; strata keep their quotas exactly;
what runs dry passes the rest on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.errors import DepthError
from deeppersona_graph.model.persona import STRATA, Source, Trait, TraitValue
from deeppersona_graph.model.tree import Attribute, Requirement, shown
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.draw import Drawn, Race, draw_value


class ReserveSpentError(Exception):
    """The arrivals at hand do not reach; the same walk needs a larger reserve."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One candidate of the selection."""

    attribute: Attribute
    stratum: int
    similarity: float
    arrival: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What selection found for one persona.

    `reserves` are the first arrivals of each stratum, `required` the attributes those require;
    `applicable` is how many candidates there are in all.
    """

    applicable: int
    reserves: tuple[Arrival, ...]
    required: tuple[Arrival, ...]

    def stratum_size(self, stratum: int) -> int:
        """How many of the candidates are in the stratum: ranks r with 3r // n = stratum."""
        first = -(-stratum * self.applicable // 3)
        return -(-(stratum + 1) * self.applicable // 3) - first


@dataclass(frozen=True, slots=True)
class Given:
    """An attribute outside the core that the user gave, with the value to the letter."""

    attribute: Attribute
    drawn: Drawn
    value: TraitValue


def quotas(depth: int, ratio: Sequence[int]) -> list[int]:
    """`depth` divided among the strata by the largest remainder; they sum to `depth`."""
    total = sum(ratio)
    parts = [depth * share // total for share in ratio]
    by_remainder = sorted(range(len(ratio)), key=lambda s: (-(depth * ratio[s] % total), s))
    for stratum in by_remainder[: depth - sum(parts)]:
        parts[stratum] += 1
    return parts


@dataclass
class Walk:
    """One persona being filled."""

    constraints: Constraints
    selection: Selection
    races: Mapping[str, Race]
    age: int
    room: list[int]
    """How many attributes each stratum may still take."""
    filled: Filled
    traits: list[Trait] = field(default_factory=list)
    _refused: set[str] = field(default_factory=set)
    _loose: bool = False
    """Whether room may be taken in whatever stratum has it."""

    def run(self, given: Sequence[Given]) -> tuple[Trait, ...]:
        """Exactly the quota of traits; raises `ReserveSpentError` or `DepthError`."""
        depth = sum(self.room)
        self._candidates = {a.attribute.id: a for a in (*self.selection.required, *self.selection.reserves)}
        self._order = sorted(self.selection.reserves, key=lambda a: (a.arrival, a.attribute.id))
        self._ends = self._truncated_ends()
        self._take_given(given)
        while sum(self.room):
            before = len(self.traits)
            self._pass()
            if not sum(self.room) or self._pass_on() or len(self.traits) > before:
                continue
            if self._loose:
                raise DepthError(
                    f"only {len(self.traits)} attributes can be filled for one of the people, "
                    f"{depth} were asked for; lower --depth"
                )
            # All that still waits where there is room waits for prerequisites where there is none.
            self._loose = True
        return tuple(self.traits)

    def _truncated_ends(self) -> dict[int, float]:
        """Where the reserve of each stratum ends that has more candidates than the reserve holds."""
        ends: dict[int, float] = {}
        for stratum in range(len(STRATA)):
            held = [a.arrival for a in self._order if a.stratum == stratum]
            if len(held) < self.selection.stratum_size(stratum):
                ends[stratum] = max(held, default=float("-inf"))
        return ends

    def _take_given(self, given: Sequence[Given]) -> None:
        for one in given:
            self.filled.add(one.attribute, one.drawn.values, one.drawn.number)
        for one in given:
            found = self._candidates.get(one.attribute.id)
            self._claim_room(found.stratum if found else 0)
            self._record(one.attribute, one.value, "given", found)
        wanted: dict[str, frozenset[str]] = {}
        for one in given:
            for required in self.constraints.needed_before.get(one.attribute.id, ()):
                before = wanted.get(required.attribute, required.values)
                wanted[required.attribute] = before & required.values
        for identity, values in wanted.items():
            if identity not in self.filled.values:
                self._fill_required(identity, values, ())
            if not self.filled.meets(Requirement(identity, values)):
                name = shown(self.constraints.tree.by_id[identity].path)
                raise DepthError(
                    f"the given anchors need different values of {name!r}; leave one of them out"
                )

    def _claim_room(self, stratum: int) -> None:
        """Use a place of the stratum, or, where it has none left, of the one with most."""
        if not any(self.room):
            raise DepthError(
                f"the given anchors and what they require are more than the depth of {len(self.traits)}; "
                "raise --depth, or give fewer"
            )
        if not self.room[stratum]:
            stratum = max(range(len(self.room)), key=lambda s: (self.room[s], -s))
        self.room[stratum] -= 1

    def _fill_required(self, identity: str, values: frozenset[str], above: tuple[str, ...]) -> None:
        """What a given anchor requires is drawn from the values that satisfy it."""
        attribute = self.constraints.tree.by_id[identity]
        for needed in self.constraints.needed_before.get(identity, ()):
            if needed.attribute not in self.filled.values and identity not in above:
                self._fill_required(needed.attribute, needed.values, (*above, identity))
        if identity in above or identity not in self.races or identity not in self._candidates:
            raise DepthError(f"a given anchor requires {shown(attribute.path)!r}, which does not apply here")
        drawn = None
        if self._permitted(attribute):
            drawn = draw_value(attribute, self.races[identity], self.filled, self.age, only=values)
        if drawn is None:
            raise DepthError(f"the given anchors leave no value for {shown(attribute.path)!r}; give it too")
        self._claim_room(self._candidates[identity].stratum)
        self._keep(self._candidates[identity], drawn)

    def _pass(self) -> None:
        """Go through the arrivals once, taking what there is room for."""
        for candidate in self._order:
            if not sum(self.room):
                return
            self._check_reserve(candidate.arrival)
            if candidate.attribute.id in self.filled.values or candidate.attribute.id in self._refused:
                continue
            self._take(candidate)
        self._check_reserve(float("inf"))

    def _check_reserve(self, arrival: float) -> None:
        for stratum, end in self._ends.items():
            if (self.room[stratum] or self._loose) and arrival > end:
                raise ReserveSpentError

    def _take(self, candidate: Arrival) -> None:
        plan = self._plan(candidate, ())
        if plan is None:
            self._refused.add(candidate.attribute.id)
            return
        wanted = [sum(1 for one in plan if one.stratum == s) for s in range(len(self.room))]
        if self._loose:
            if len(plan) > sum(self.room):
                return
        elif any(want > room for want, room in zip(wanted, self.room, strict=True)):
            return
        for one in plan:
            if not self._permitted(one.attribute) or not self._fill(one):
                self._refused.add(candidate.attribute.id)
                return

    def _plan(self, candidate: Arrival, above: tuple[str, ...]) -> list[Arrival] | None:
        """The missing prerequisites of a candidate, then itself; None where it cannot be had.

        A bare name has no race: there is nothing to draw for it.
        """
        identity = candidate.attribute.id
        if identity in above or identity in self._refused or identity not in self.races:
            return None
        if not self.filled.applies(candidate.attribute):
            return None
        plan: list[Arrival] = []
        for required in self.constraints.needed_before.get(identity, ()):
            if required.attribute in self.filled.values:
                if not self.filled.meets(required):
                    return None
                continue
            first = self._candidates.get(required.attribute)
            below = None if first is None else self._plan(first, (*above, identity))
            if below is None:
                return None
            plan += [one for one in below if one not in plan]
        return [*plan, candidate]

    def _permitted(self, attribute: Attribute) -> bool:
        """Whether the prerequisites, filled by now, have the values that `attribute` requires."""
        return self.filled.applies(attribute) and all(
            self.filled.meets(one) for one in self.constraints.needed_before.get(attribute.id, ())
        )

    def _fill(self, candidate: Arrival) -> bool:
        drawn = draw_value(candidate.attribute, self.races[candidate.attribute.id], self.filled, self.age)
        if drawn is None:
            self._refused.add(candidate.attribute.id)
            return False
        self._claim_room(candidate.stratum)
        self._keep(candidate, drawn)
        return True

    def _keep(self, candidate: Arrival, drawn: Drawn) -> None:
        self.filled.add(candidate.attribute, drawn.values, drawn.number)
        self._record(candidate.attribute, value_of(candidate.attribute, drawn), "bank", candidate)

    def _record(
        self, attribute: Attribute, value: TraitValue, source: Source, candidate: Arrival | None
    ) -> None:
        self.traits.append(
            Trait(
                attribute=attribute.id,
                path=attribute.path,
                value=value,
                source=source,
                order=len(self.traits) + 1,
                stratum=None if candidate is None else STRATA[candidate.stratum],
                similarity=None if candidate is None else round(candidate.similarity, 4),
            )
        )

    def _pass_on(self) -> bool:
        """Give the room of strata that ran dry to the others; whether there was any to give."""
        waiting = {
            a.stratum
            for a in self._order
            if a.attribute.id not in self.filled.values and a.attribute.id not in self._refused
        } | self._ends.keys()
        dry = [s for s in range(len(self.room)) if self.room[s] and s not in waiting]
        others = [s for s in range(len(self.room)) if s in waiting]
        if not dry or not others:
            return False
        for stratum in dry:
            self.room[others[0]] += self.room[stratum]
            self.room[stratum] = 0
        return True


def value_of(attribute: Attribute, drawn: Drawn) -> TraitValue:
    """The drawn value as the persona bears it."""
    if drawn.number is not None:
        return drawn.number
    texts = tuple(value.text for value in drawn.values)
    return texts if attribute.value_type == "list" else texts[0]
