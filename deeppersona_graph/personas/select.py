"""Selection: the stochastic breadth-first traversal in strata, asked of the graph (DESIGN §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.seeds import multipliers
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.fill import Arrival, Selection
from deeppersona_graph.personas.profile import Vector

Biases = tuple[tuple[str, float], ...]
"""Attribute ids with the factor of their branch."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What weighs on the walk of every persona of a batch (DESIGN §5, sparsity prior)."""

    alpha: float
    beta: float
    biases: Biases
    population: str
    before: int
    """Uses are counted among the population's personas with a smaller index."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """One persona as selection sees it."""

    index: int
    seed: int
    age: int
    country: str
    situation: tuple[str, ...]
    """Ids of the core values the persona has."""
    explored: tuple[str, ...]
    """Ids of the attributes on the paths of given anchors."""
    profile: Vector


def select(
    graph: Graph,
    tree: Tree,
    prior: Prior,
    seekers: Sequence[Seeker],
    reserve: Sequence[int],
    *,
    drawn: bool = True,
) -> dict[int, Selection]:
    """The arrivals of each persona, by index; `reserve` is how many of each stratum are returned.

    With `drawn`, only attributes that have a value space to draw from are candidates.
    """
    rows = graph.read(
        "personas/select",
        taxonomy=tree.name,
        drawn=drawn,
        alpha=prior.alpha,
        beta=prior.beta,
        biases=[{"id": identity, "factor": factor} for identity, factor in (*prior.biases, *_standing(tree))],
        population=prior.population,
        before=prior.before,
        reserve=list(reserve),
        personas=[_spelled(seeker) for seeker in seekers],
    )
    found = {seeker.index: Selection(0, (), ()) for seeker in seekers}
    for row in rows:
        found[row["index"]] = Selection(
            applicable=row["applicable"],
            reserves=_arrivals(tree, row["reserves"]),
            required=_arrivals(tree, row["required"]),
        )
    return found


def _standing(tree: Tree) -> Biases:
    """The biases that the tree itself has, for every walk."""
    return tuple((a.id, a.bias) for a in tree.attributes if a.bias is not None)


def _spelled(seeker: Seeker) -> dict[str, Any]:
    a, b = multipliers(seeker.seed, "arrival")
    return {
        "index": seeker.index,
        "age": seeker.age,
        "situation": list(seeker.situation),
        "explored": list(seeker.explored),
        "profile": seeker.profile.tolist(),
        "a": a,
        "b": b,
    }


def _arrivals(tree: Tree, rows: Sequence[Sequence[Any]]) -> tuple[Arrival, ...]:
    return tuple(
        Arrival(tree.by_id[identity], stratum, similarity, arrival)
        for identity, stratum, similarity, arrival in rows
    )
