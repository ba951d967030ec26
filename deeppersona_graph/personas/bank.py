"""Filling from the bank, without a model: each value is the first of its race that contradicts nothing."""

from __future__ import annotations

from collections.abc import Mapping

from deeppersona_graph.personas.draw import Race, draw_value, value_of
from deeppersona_graph.personas.fill import Gap, Walk


def fill_gap(walk: Walk, gap: Gap, races: Mapping[str, Race], age: int) -> None:
    """Fill the gap by its race, or refuse it where no value is left."""
    attribute, race = gap.attribute, races.get(gap.attribute.id)
    drawn = None
    if race is not None and walk.permits(attribute):
        drawn = draw_value(attribute, race, walk.filled, age, only=gap.only)
    if drawn is None:
        walk.refuse(gap)
    else:
        walk.keep(gap, drawn, value_of(attribute, drawn), "bank")
