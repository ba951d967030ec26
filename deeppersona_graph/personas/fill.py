"""Filling: the walk along the arrivals that gives a persona exactly k attributes (DESIGN §6).

The walk says what is to be filled next, one attribute or several; whoever has the values, a model or the
races of the bank, hands them in. An attribute that requires a value of another is never filled before it;
strata keep their quotas exactly; what runs dry passes the rest on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from deeppersona_graph.errors import DepthError
from deeppersona_graph.model.persona import STRATA, Source, Trait, TraitValue
from deeppersona_graph.model.tree import Attribute, Requirement, shown
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.draw import Drawn


class ReserveSpentError(Exception):
    """The arrivals at hand do not reach; the walk has to be extended by a selection with a larger reserve."""


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


@dataclass(frozen=True, slots=True)
class Gap:
    """A place of the persona that is to be filled now; with `only`, by one of these values (ids)."""

    arrival: Arrival
    only: frozenset[str] | None = None

    @property
    def attribute(self) -> Attribute:
        """The attribute that gets a value."""
        return self.arrival.attribute


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
    """One persona being filled.

    `begin`, then for as long as `next` gives gaps, `keep` or `refuse` each of them.
    """

    constraints: Constraints
    selection: Selection
    room: list[int]
    """How many attributes each stratum may still take."""
    filled: Filled
    bare: bool = False
    """Whether attributes without a value space can be filled."""
    traits: list[Trait] = field(default_factory=list)
    _refused: set[str] = field(default_factory=set)
    _demanded: dict[str, frozenset[str]] = field(default_factory=dict)
    """What given anchors require: attribute ids with the ids of the values that will do."""
    _loose: bool = False
    """Whether room may be taken in whatever stratum has it."""
    _position: int = 0
    """Where the present pass along the arrivals stands."""
    _moved: bool = False
    """Whether the present pass filled anything."""

    def __post_init__(self) -> None:
        self.extend(self.selection)

    def extend(self, selection: Selection) -> None:
        """Go on with the arrivals of a larger reserve; those before stay as they are."""
        self.selection = selection
        self._candidates = {a.attribute.id: a for a in (*selection.required, *selection.reserves)}
        self._order = sorted(selection.reserves, key=lambda a: (a.arrival, a.attribute.id))
        self._ends = self._truncated_ends()

    @property
    def open_arrivals(self) -> Selection:
        """The selection without what is filled."""
        reserves = tuple(one for one in self.selection.reserves if one.attribute.id not in self.filled.values)
        return replace(self.selection, reserves=reserves)

    def begin(self, given: Sequence[Given]) -> None:
        """Take what the user gave; what it requires comes first among the gaps.

        Raises `DepthError` where there is no room for it or it contradicts itself.
        """
        for one in given:
            self.filled.add(one.attribute, one.drawn.values, one.drawn.number)
        for one in given:
            found = self._candidates.get(one.attribute.id)
            self._claim_room(found.stratum if found else 0)
            self._record(one.attribute, one.value, "given", None, found)
        for one in given:
            self._demand(one.attribute.id, ())
        for identity, values in list(self._demanded.items()):
            if identity in self.filled.values:
                self._check_demanded(identity, values)

    def next(self, most: int = 1) -> list[Gap]:
        """The gaps to fill now, in order of arrival, `most` of them or fewer; none when the persona is full.

        Raises `ReserveSpentError`, or `DepthError` where nothing is left to fill it with.
        """
        demanded = self._demanded_gaps()
        if demanded:
            return demanded[:most]
        while sum(self.room):
            gaps = self._reach(most)
            if gaps:
                return gaps
            self._position = 0
            if self._pass_on() or self._moved:
                self._moved = False
                continue
            if self._loose:
                raise DepthError(
                    f"only {len(self.traits)} attributes can be filled for one of the people, "
                    f"{len(self.traits) + sum(self.room)} were asked for; lower --depth"
                )
            # All that still waits where there is room waits for prerequisites where there is none.
            self._loose = True
        return []

    def keep(
        self, gap: Gap, drawn: Drawn, value: TraitValue, source: Source, request: str | None = None
    ) -> None:
        """Fill a gap; raises `DepthError` where nothing is left of the depth."""
        self._claim_room(gap.arrival.stratum)
        self.filled.add(gap.attribute, drawn.values, drawn.number)
        self._record(gap.attribute, value, source, request, gap.arrival)
        self._moved = True
        if gap.attribute.id in self._demanded:
            self._check_demanded(gap.attribute.id, self._demanded[gap.attribute.id])

    def refuse(self, gap: Gap) -> None:
        """Leave a gap for good: the next arrival takes its place.

        Raises `DepthError` where a given anchor requires what cannot be had.
        """
        if gap.only is not None:
            raise DepthError(
                f"the given anchors leave no value for {shown(gap.attribute.path)!r}; give it too"
            )
        self._refused.add(gap.attribute.id)
        self._position = 0

    def permits(self, attribute: Attribute) -> bool:
        """Whether the attribute applies, and its prerequisites have the values that it requires."""
        return self.filled.applies(attribute) and all(
            self.filled.meets(one) for one in self.constraints.needed_before.get(attribute.id, ())
        )

    def _truncated_ends(self) -> dict[int, float]:
        """Where the reserve of each stratum ends that has more candidates than the reserve holds."""
        ends: dict[int, float] = {}
        for stratum in range(len(STRATA)):
            held = [a.arrival for a in self._order if a.stratum == stratum]
            if len(held) < self.selection.stratum_size(stratum):
                ends[stratum] = max(held, default=float("-inf"))
        return ends

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

    def _demand(self, identity: str, above: tuple[str, ...]) -> None:
        """Note what an attribute requires, and what that requires."""
        for needed in self.constraints.needed_before.get(identity, ()):
            known = self._demanded.get(needed.attribute, needed.values)
            if needed.attribute not in self.filled.values and needed.attribute not in above:
                self._demand(needed.attribute, (*above, identity))
            self._demanded[needed.attribute] = known & needed.values

    def _check_demanded(self, identity: str, values: frozenset[str]) -> None:
        if not self.filled.meets(Requirement(identity, values)):
            name = shown(self.constraints.tree.by_id[identity].path)
            raise DepthError(f"the given anchors need different values of {name!r}; leave one of them out")

    def _demanded_gaps(self) -> list[Gap]:
        gaps = []
        for identity, values in self._demanded.items():
            if identity in self.filled.values:
                continue
            attribute = self.constraints.tree.by_id[identity]
            if identity not in self._candidates or not self._fillable(attribute):
                raise DepthError(
                    f"a given anchor requires {shown(attribute.path)!r}, which does not apply here"
                )
            if self._ready(attribute):
                gaps.append(Gap(self._candidates[identity], values))
        if not gaps and any(identity not in self.filled.values for identity in self._demanded):
            raise DepthError("what the given anchors require requires itself; give it too")
        return gaps

    def _reach(self, most: int) -> list[Gap]:
        """Go along the arrivals from where the pass stands, until `most` gaps are found or it ends.

        An attribute whose prerequisites are among the gaps waits for their values; the room it will take is
        held meanwhile.
        """
        gaps: dict[str, Gap] = {}
        held: dict[str, int] = {}
        back, place = None, self._position
        while place < len(self._order) and len(gaps) < most and len(held) < sum(self.room):
            candidate = self._order[place]
            if self._beyond_reserve(candidate.arrival, held):
                break
            if candidate.attribute.id not in held and not self._settled(candidate.attribute):
                for one in self._admitted(candidate, held):
                    held[one.attribute.id] = one.stratum
                    if len(gaps) < most and self._ready(one.attribute):
                        gaps[one.attribute.id] = Gap(one)
                    elif back is None:
                        back = place
            place += 1
        if not gaps and self._beyond_reserve(
            self._order[place].arrival if place < len(self._order) else float("inf"), held
        ):
            raise ReserveSpentError
        self._position = place if back is None else back
        return list(gaps.values())

    def _settled(self, attribute: Attribute) -> bool:
        return attribute.id in self.filled.values or attribute.id in self._refused

    def _room_left(self, held: Mapping[str, int]) -> list[int]:
        taken = Counter(held.values())
        return [room - taken[stratum] for stratum, room in enumerate(self.room)]

    def _beyond_reserve(self, arrival: float, held: Mapping[str, int]) -> bool:
        left = self._room_left(held)
        return any((left[s] > 0 or self._loose) and arrival > end for s, end in self._ends.items())

    def _admitted(self, candidate: Arrival, held: Mapping[str, int]) -> list[Arrival]:
        """The candidate after its missing prerequisites, if there is room for all; those held before are
        left away."""
        plan = self._plan(candidate, ())
        if plan is None:
            self._refused.add(candidate.attribute.id)
            return []
        plan = [one for one in plan if one.attribute.id not in held]
        left = self._room_left(held)
        wanted = Counter(one.stratum for one in plan)
        if self._loose:
            return plan if len(plan) <= sum(left) else []
        return plan if all(left[stratum] >= count for stratum, count in wanted.items()) else []

    def _plan(self, candidate: Arrival, above: tuple[str, ...]) -> list[Arrival] | None:
        """The missing prerequisites of a candidate, then itself; None where it cannot be had."""
        identity = candidate.attribute.id
        if identity in above or identity in self._refused or not self._fillable(candidate.attribute):
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

    def _fillable(self, attribute: Attribute) -> bool:
        return self.bare or attribute.has_values

    def _ready(self, attribute: Attribute) -> bool:
        """Whether all that the attribute requires is filled."""
        needed = self.constraints.needed_before.get(attribute.id, ())
        return all(one.attribute in self.filled.values for one in needed)

    def _record(
        self,
        attribute: Attribute,
        value: TraitValue,
        source: Source,
        request: str | None,
        candidate: Arrival | None,
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
                request=request,
            )
        )

    def _pass_on(self) -> bool:
        """Give the room of strata that ran dry to the others; whether there was any to give."""
        waiting = {a.stratum for a in self._order if not self._settled(a.attribute)} | self._ends.keys()
        dry = [s for s in range(len(self.room)) if self.room[s] and s not in waiting]
        others = [s for s in range(len(self.room)) if s in waiting]
        if not dry or not others:
            return False
        for stratum in dry:
            self.room[others[0]] += self.room[stratum]
            self.room[stratum] = 0
        return True
