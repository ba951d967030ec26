"""The race for values, asked of the graph for many personas at once (DESIGN §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.seeds import multipliers
from deeppersona_graph.personas.draw import Race
from deeppersona_graph.personas.profile import Vector
from deeppersona_graph.personas.select import Seeker

TEMPERATURE = 0.3
"""τ of `weight · exp(cosine / τ)`: how strongly the profile tilts base rates."""


def run_races(
    graph: Graph,
    taxonomy: str,
    seekers: Sequence[Seeker],
    attributes: Mapping[int, Sequence[str]],
    centre: Vector,
) -> dict[int, dict[str, Race]]:
    """The races of each persona, by index and attribute id, for the `attributes` named for its index."""
    named = sorted({identity for of_one in attributes.values() for identity in of_one})
    positions = {identity: position for position, identity in enumerate(named)}
    rows = graph.read(
        "personas/draw_values",
        taxonomy=taxonomy,
        attributes=named,
        personas=[
            _spelled(seeker, [positions[identity] for identity in attributes[seeker.index]], centre)
            for seeker in seekers
        ],
    )
    return {
        row["index"]: {
            named[position]: Race(u, ranks, weights) for position, u, ranks, weights in row["drawn"]
        }
        for row in rows
    }


def _spelled(seeker: Seeker, positions: Sequence[int], centre: Vector) -> dict[str, Any]:
    a, b = multipliers(seeker.seed, "value")
    pull = (seeker.profile - centre).astype(np.float64) / TEMPERATURE
    return {
        "index": seeker.index,
        "age": seeker.age,
        "country": seeker.country,
        "situation": list(seeker.situation),
        "positions": list(positions),
        "pull": pull.tolist(),
        "squared": float(pull @ pull),
        "a": a,
        "b": b,
    }
