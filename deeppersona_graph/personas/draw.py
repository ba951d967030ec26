"""Bank values: what the race in the graph drew, made into the value of one attribute (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from deeppersona_graph.model.persona import TraitValue
from deeppersona_graph.model.tree import Attribute, Value
from deeppersona_graph.personas.constraints import Filled
from deeppersona_graph.personas.numbers import number_at

MOST_MEMBERS = 3
"""A list has one to three of its values."""


@dataclass(frozen=True, slots=True)
class Race:
    """The outcome of the race for one attribute of one persona.

    `ranks` are the values the situation admits, in order of arrival; `weights`, for lists, are theirs.
    `u` is a uniform of the attribute itself.
    """

    u: float
    ranks: Sequence[int]
    weights: Sequence[float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The value drawn: members of the value space, or a number."""

    values: tuple[Value, ...] = ()
    number: int | float | None = None


def draw_value(
    attribute: Attribute, race: Race, filled: Filled, age: int, *, only: Collection[str] | None = None
) -> Drawn | None:
    """The first of the race that contradicts nothing so far; None where no value is left.

    `only` restricts the draw to these value ids.
    """
    if attribute.value_type == "number":
        number = number_at(race.u, attribute, age, filled.bounds(attribute))
        return None if number is None else Drawn(number=number)
    by_rank = {value.rank: value for value in attribute.values}
    arrivals = [by_rank[rank] for rank in race.ranks if rank in by_rank]

    def admissible(value: Value) -> bool:
        return (only is None or value.id in only) and filled.admits(value)

    if attribute.value_type == "list":
        members = _members(arrivals, race, filled, admissible)
        return Drawn(values=members) if members else None
    first = next((value for value in arrivals if admissible(value)), None)
    return None if first is None else Drawn(values=(first,))


def value_of(attribute: Attribute, drawn: Drawn) -> TraitValue:
    """The drawn value as the persona bears it."""
    if drawn.number is not None:
        return drawn.number
    texts = tuple(value.text for value in drawn.values)
    return texts if attribute.value_type == "list" else texts[0]


def _members(
    arrivals: Sequence[Value], race: Race, filled: Filled, admissible: Callable[[Value], bool]
) -> tuple[Value, ...]:
    """One to three members of a list, each included with its share where the shares allow it.

    Systematic sampling (Madow 1949) along the order of the race: it keeps inclusion probabilities exact
    whatever the order. A value that stands alone is drawn first, with its share. The tilt towards the
    profile moves shares between the values, not their sum.
    """
    kept = [
        (value, weight) for value, weight in zip(arrivals, race.weights, strict=True) if admissible(value)
    ]
    if not kept:
        return ()
    scale = sum(value.weight for value, _ in kept) / sum(weight for _, weight in kept) / 100.0
    shares = [(value, weight * scale) for value, weight in kept]
    alone = [(value, share) for value, share in shares if value.alone]
    others = [(value, share) for value, share in shares if not value.alone]
    claimed = sum(share for _, share in alone)
    if claimed > 1.0 or not others:
        alone, claimed = [(value, share / claimed) for value, share in alone], 1.0
    chosen = _at(race.u, alone)
    if chosen is not None or not others:
        return (chosen or kept[0][0],)
    u = (race.u - claimed) / (1.0 - claimed)
    total = sum(share for _, share in others)
    size = min(max(total / (1.0 - claimed), 1.0), float(min(MOST_MEMBERS, len(others))))
    others = [(value, share * size / total) for value, share in others]
    members: list[Value] = []
    for step in range(MOST_MEMBERS):
        value = _at(u + step, others)
        if value is not None and value not in members and not _clash(value, members, filled):
            members.append(value)
    return tuple(sorted(members or [others[0][0]], key=lambda value: value.rank))


def _at(position: float, shares: Sequence[tuple[Value, float]]) -> Value | None:
    """The value whose stretch of the cumulated shares holds `position`."""
    reached = 0.0
    for value, share in shares:
        reached += share
        if position < reached:
            return value
    return None


def _clash(value: Value, members: Sequence[Value], filled: Filled) -> bool:
    excluded = filled.constraints.excluded_with.get(value.id, frozenset())
    return any(member.id in excluded for member in members)
