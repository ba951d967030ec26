"""Where an attribute stood in the selection of a persona."""

from __future__ import annotations

from dataclasses import dataclass

from deeppersona_graph.model.persona import STRATA
from deeppersona_graph.model.tree import Attribute
from deeppersona_graph.personas.again import Again


@dataclass(frozen=True, slots=True)
class Place:
    """The attribute among all that the persona could have got."""

    stratum: str
    similarity: float
    """Cosine of the attribute's path and the profile."""
    arrival: float
    rank: int
    """The how many-th of its stratum it was to arrive, from 1."""
    among: int
    """Attributes of that stratum."""


def place_of(again: Again, wanted: Attribute) -> Place | str:
    """The place of an attribute among all arrivals of a persona; or why it has none."""
    in_order = sorted(again.selection.reserves, key=lambda one: (one.arrival, one.attribute.id))
    found = next((one for one in in_order if one.attribute.id == wanted.id), None)
    if found is None:
        return _why_never(wanted)
    alike = [one.attribute.id for one in in_order if one.stratum == found.stratum]
    return Place(
        stratum=STRATA[found.stratum],
        similarity=found.similarity,
        arrival=found.arrival,
        rank=alike.index(wanted.id) + 1,
        among=len(alike),
    )


def _why_never(wanted: Attribute) -> str:
    """Why an attribute was not among those that the persona could get."""
    if wanted.core is not None:
        return "it is of the core, which is not selected"
    if wanted.retired:
        return "it is retired"
    if not wanted.has_values:
        return "it has no values of its own"
    return "it does not apply to the situation, or its branch is retired or was left out"
