"""Places of a record that are to be filled, by another value of the same attribute or by the next arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deeppersona_graph.model.persona import STRATA, Trait
from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.personas.fill import Arrival, Gap, quotas


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the record: its order, its stratum where that is known, and what stood there."""

    order: int
    stratum: int | None
    was: Trait | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """An attribute that gets a value, in a place of its own; with `only`, one of these values (ids)."""

    attribute: Attribute
    place: Place
    similarity: float
    only: frozenset[str] | None = None

    def gap(self, only: frozenset[str] | None) -> Gap:
        """The gap that its value fills."""
        return Gap(Arrival(self.attribute, self.place.stratum or 0, self.similarity, 0.0), only)


def again(tree: Tree, trait: Trait, only: frozenset[str] | None = None) -> Again:
    """What gives a trait another value where it stands."""
    return Again(tree.by_id[trait.attribute], place_of(trait), trait.similarity or 0.0, only)


def place_of(trait: Trait) -> Place:
    """The place a trait stands in."""
    return Place(trait.order or 0, stratum_of(trait), trait)


def stratum_of(trait: Trait) -> int | None:
    """The number of a trait's stratum."""
    return None if trait.stratum is None else STRATA.index(trait.stratum)


def missing_places(
    orders: Sequence[int], traits: Iterable[Trait], depth: int, ratio: Sequence[int]
) -> list[Place]:
    """Places whose pairs are gone with their attributes: their strata are those that the quotas lack."""
    held = Counter(stratum_of(trait) or 0 for trait in traits)
    lacking = [quota - held[stratum] for stratum, quota in enumerate(quotas(depth, ratio))]
    places = []
    for order in orders:
        stratum = max(range(len(lacking)), key=lambda one: (lacking[one], -one))
        lacking[stratum] -= 1
        places.append(Place(order, stratum))
    return places


def room_for(places: Iterable[Place]) -> list[int]:
    """How many places of each stratum there are."""
    counted = Counter(place.stratum or 0 for place in places)
    return [counted[stratum] for stratum in range(len(STRATA))]


def settled(
    made: Sequence[Trait], kept: Mapping[str, Again], vacant: Sequence[Place]
) -> tuple[list[Trait], dict[str, Place]]:
    """What was made, each in its place: the attribute's own, else a vacant one of the same stratum, else any;
    and the places that other attributes took, by attribute id."""
    free = sorted((*vacant, *_refused(made, kept)), key=lambda place: place.order)
    traits, taken = [], {}
    for trait in made:
        own = kept.get(trait.attribute)
        if own is not None and own.place.was is not None:
            was = own.place.was
            same = trait.value == was.value
            traits.append(
                was if same else replace(was, value=trait.value, source=trait.source, request=trait.request)
            )
            continue
        if own is not None:
            place = own.place
        else:
            alike = [one for one in free if one.stratum in (None, stratum_of(trait))]
            place = (alike or free)[0]
            free.remove(place)
        taken[trait.attribute] = place
        traits.append(replace(trait, order=place.order))
    return traits, taken


def _refused(made: Sequence[Trait], kept: Mapping[str, Again]) -> list[Place]:
    """The places of attributes that found no other value."""
    found = {trait.attribute for trait in made}
    return [one.place for identity, one in kept.items() if identity not in found]
