"""Mending a record: what does not stand is made again, on the grounds of all that stands, until all stands.

A value that another must replace is drawn by the same race as at first, so that it comes out as it was
wherever it can; where an attribute has to go, the next arrival of its stratum takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deeppersona_graph.errors import DepthError
from deeppersona_graph.llm.request import Program, have_done
from deeppersona_graph.model.persona import Trait
from deeppersona_graph.personas.constraints import Filled
from deeppersona_graph.personas.draw import Drawn, Race, draw_value, value_of
from deeppersona_graph.personas.fill import Gap, Selection, Walk, quotas
from deeppersona_graph.personas.generate import Making, reserve_for
from deeppersona_graph.personas.progressive import Filler
from deeppersona_graph.personas.renewal.case import Case
from deeppersona_graph.personas.renewal.examine import Fault, Findings, examine, filled_with
from deeppersona_graph.personas.renewal.places import (
    Again,
    Place,
    again,
    missing_places,
    place_of,
    room_for,
    settled,
)
from deeppersona_graph.personas.select import Seeker
from deeppersona_graph.personas.spaces import space_of

ROUNDS = 12
"""Times that what was made may leave others without ground before a record is given up."""


@dataclass(frozen=True)
class Demand:
    """What a record is held to beside the tree."""

    fixed: Collection[str] = ()
    """Attributes (ids) that keep their values whatever happens."""
    stale: Callable[[Trait], bool] = lambda _: False
    """Whose value space is another than when the value was drawn."""
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Attributes that must have one of these values."""
    wanted: Sequence[Again] = ()
    """Attributes that the record lacks and must have."""


@dataclass(frozen=True)
class Mended:
    """A record in which all stands, and how it came to that."""

    traits: tuple[Trait, ...]
    faults: tuple[Fault, ...]
    """What did not stand, in the order in which it was found."""
    left: tuple[Fault, ...]
    """What is wrong with fixed traits."""
    again: frozenset[str]
    """Attributes whose values were made again, with the same outcome or another, or that are new."""
    taken: Mapping[str, Place]
    """Attributes that are new, with the place that each took."""


@dataclass(frozen=True)
class Mender:
    """Mends the records of one run's people."""

    making: Making

    def examine(self, case: Case, demand: Demand, traits: Sequence[Trait]) -> Findings:
        """What of a record stands."""
        situation = case.persona.situation
        return examine(
            self.making.bench.constraints, situation, traits, demand.fixed, demand.stale, demand.values
        )

    def mend(self, case: Case, demand: Demand) -> Program[Mended]:
        """The record with all that does not stand made again.

        Raises `DepthError` where nothing is left to take a place, or nothing settles.
        """
        traits, missing, wanted = case.persona.traits, missing_orders(case, demand.wanted), demand.wanted
        faults: list[Fault] = []
        fresh: set[str] = set()
        taken: dict[str, Place] = {}
        for _ in range(ROUNDS):
            known = frozenset(fresh)
            found = self.examine(case, replace(demand, stale=_but(demand.stale, known)), traits)
            if not (found.faults or missing or wanted):
                return Mended(tuple(traits), tuple(faults), found.left, known, taken)
            faults += found.faults
            made, places = yield from self._round(case, found, missing, wanted)
            fresh |= {trait.attribute for trait in made}
            taken = {
                identity: place
                for identity, place in {**taken, **places}.items()
                if identity not in {fault.trait.attribute for fault in found.faults if not fault.stays}
            }
            traits = tuple(sorted((*found.standing, *made), key=lambda trait: trait.order or 0))
            missing, wanted = [], ()
        raise DepthError(
            f"what is made again for {case.persona.id} leaves others without ground time and again; look at "
            "the constraints of the taxonomy"
        )

    def _round(
        self, case: Case, found: Findings, missing: Sequence[int], wanted: Sequence[Again]
    ) -> Program[tuple[list[Trait], dict[str, Place]]]:
        walk, kept, vacant = self.walk(case, found, missing, wanted)
        yield from self._fill(case, walk, kept)
        made = walk.traits[len(found.standing) :]
        return settled(made, {one.attribute.id: one for one in kept}, vacant)

    def walk(
        self, case: Case, found: Findings, missing: Sequence[int], wanted: Sequence[Again] = ()
    ) -> tuple[Walk, list[Again], list[Place]]:
        """The walk that has what stands and room for the rest; the attributes that keep or get places of
        their own, and the places that are vacant."""
        bench, persona = self.making.bench, case.persona
        kept = [*wanted, *(again(bench.tree, fault.trait) for fault in found.faults if fault.stays)]
        vacant = [place_of(fault.trait) for fault in found.faults if not fault.stays]
        held = (*found.standing, *(fault.trait for fault in found.faults))
        vacant += missing_places(missing, held, persona.depth, self.making.plan.specification.strata)
        walk = Walk(
            bench.constraints,
            Selection(0, (), ()),
            room_for([*vacant, *(one.place for one in kept)]),
            filled_with(bench.constraints, persona.situation, found.standing),
            bare=bench.asker is not None,
            traits=list(found.standing),
        )
        return walk, kept, vacant

    def seeker(self, case: Case) -> Seeker:
        """The persona as selection and races see it."""
        seeker = case.seeker(self.making.bench.tree)
        return seeker if self.making.plan.specification.core else self.making.without_profile(seeker)

    def _fill(self, case: Case, walk: Walk, kept: Sequence[Again]) -> Program[None]:
        """Fill a walk: the attributes that have places of their own first, then whatever arrives next."""
        making, seeker = self.making, self.seeker(case)
        filler = self.filler(case, walk)
        if kept and filler is None:
            yield from self._race(case, walk, seeker, kept)
        elif kept and filler is not None:
            yield from self._ask(filler, kept)
        if not sum(walk.room):
            return
        yield from self.select(walk, seeker)
        try:
            if filler is None:
                yield from making.race_for(walk, seeker)
            else:
                yield from making.ask_for(filler, case.anchors(making.bench.tree), seeker)
        except DepthError as error:
            raise DepthError(
                f"{sum(walk.room)} places cannot be filled again: nothing else of the taxonomy applies; "
                "restore attributes, or add some"
            ) from error

    def filler(self, case: Case, walk: Walk) -> Filler | None:
        """Who asks a language model for the values of a walk; None where they come from the bank."""
        making = self.making
        if making.bench.asker is None:
            return None
        asker = making.bench.asker.for_sample(case.own_seed)
        profile = making.profile(case.anchored(), case.anchors(making.bench.tree))
        return Filler(asker, case.persona.situation, profile, walk)

    def select(self, walk: Walk, seeker: Seeker) -> Program[None]:
        """Let a walk know who arrives next."""
        specification = self.making.plan.specification
        reserve = reserve_for(quotas(specification.depth, specification.strata))
        walk.extend((yield from have_done(self.making.selecting, (seeker, reserve))))

    def _race(self, case: Case, walk: Walk, seeker: Seeker, kept: Sequence[Again]) -> Program[None]:
        arrivals = tuple(one.gap(None).arrival for one in kept)
        races = yield from have_done(self.making.racing, (seeker, Selection(0, arrivals, ())))
        orders = {one.attribute.id: one.place.order for one in kept}
        for wave in waves(walk, kept):
            for one in wave:
                # As at first: on the grounds of what was there before it.
                before = filled_with(
                    walk.constraints,
                    case.persona.situation,
                    [
                        trait
                        for trait in walk.traits
                        if trait.source == "given"
                        or orders.get(trait.attribute, trait.order or 0) < one.place.order
                    ],
                )
                _draw_again(walk, one, races.get(one.attribute.id), before, seeker.age)

    def _ask(self, filler: Filler, kept: Sequence[Again]) -> Program[None]:
        for wave in waves(filler.walk, kept):
            for start in range(0, len(wave), self.making.chunk):
                part = wave[start : start + self.making.chunk]
                yield from filler.fill([offered(filler, one) for one in part])


def missing_orders(case: Case, wanted: Sequence[Again]) -> list[int]:
    """Places whose pairs are gone, and that nothing is to have that the record must have."""
    awaited = {one.place.order for one in wanted}
    return [order for order in case.missing if order not in awaited]


def waves(walk: Walk, kept: Sequence[Again]) -> Iterator[list[Again]]:
    """The attributes in order of their places, those that wait for others among them in a later wave."""
    left = sorted(kept, key=lambda one: one.place.order)
    while left:
        waiting = {one.attribute.id for one in left}
        needed = walk.constraints.needed_before
        ready = [
            one
            for one in left
            if not any(required.attribute in waiting for required in needed.get(one.attribute.id, ()))
        ]
        yield ready or left
        left = [one for one in left if one not in ready] if ready else []


def offered(filler: Filler, one: Again) -> Gap:
    """The gap for which a model is asked: with values that leave what stands its ground, if it has any."""
    walk = filler.walk
    gap = one.gap(_needed(walk, one))
    if gap.only is not None and space_of(gap, walk.filled, filler.situation).empty:
        return one.gap(one.only)
    return gap


def _draw_again(walk: Walk, one: Again, race: Race | None, before: Filled, age: int) -> None:
    """Give an attribute the first value of its race that what stands admits and leaves its ground; where
    none leaves all of it, one that what stands admits."""
    attribute, needed = one.attribute, _needed(walk, one)
    drawn = None
    if race is not None and (one.only is not None or walk.permits(attribute)):
        first = draw_value(attribute, race, before, age, only=needed)
        if first is not None and _fits(walk, one, first):
            drawn = first
        else:
            drawn = draw_value(attribute, race, walk.filled, age, only=needed)
        if drawn is None and needed != one.only:
            drawn = draw_value(attribute, race, walk.filled, age, only=one.only)
    if drawn is None:
        walk.refuse(one.gap(one.only))
    else:
        walk.keep(one.gap(one.only), drawn, value_of(attribute, drawn), "bank")


def _fits(walk: Walk, one: Again, drawn: Drawn) -> bool:
    low, high = walk.filled.bounds(one.attribute)
    number = drawn.number is None or low < drawn.number < high
    return number and all(walk.filled.admits(value) for value in drawn.values)


def _needed(walk: Walk, one: Again) -> frozenset[str] | None:
    """The values of the attribute that all that requires some of it has its ground with; None: any."""
    tree, found = walk.constraints.tree, one.only
    for identity, held in walk.filled.values.items():
        owner = tree.by_id[identity]
        own = (required for value in owner.values if value.id in held for required in value.requires)
        for required in (*owner.requires, *own):
            if required.attribute == one.attribute.id:
                both = required.values if found is None else found & required.values
                found = both or found
    return found


def _but(stale: Callable[[Trait], bool], fresh: Collection[str]) -> Callable[[Trait], bool]:
    return lambda trait: trait.attribute not in fresh and stale(trait)
