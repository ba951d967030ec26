"""Where an attribute stood in the selection of a persona, asked of the graph again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.persona import STRATA, Persona
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.personas.anchor import core_values
from deeppersona_graph.personas.fill import Selection
from deeppersona_graph.personas.runs import resolve_biases
from deeppersona_graph.personas.select import Prior, Seeker, select
from deeppersona_graph.personas.workers import block_size

ALL = 1_000_000
"""Arrivals of a stratum asked for where all are wanted."""


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


def place_of(graph: Graph, tree: Tree, person: Persona, wanted: Attribute, version: int) -> Place | str:
    """The place of an attribute in the selection of a persona, made at a version of the tree; or why there
    is none to be told."""
    row = graph.read("insight/why_profile", persona=person.id)[0]
    if tree.version != version:
        return f"not made again: the taxonomy is at version {tree.version}, the value was made at {version}"
    if row["specification"] is None or row["profile"] is None:
        return "not made again: the population, or the persona's profile, is gone"
    specification = Specification.of(json.loads(row["specification"]))
    if specification.attributes == "model":
        return "there was no selection: a language model named the attributes"
    if not specification.core:
        return "not made again: the persona was made without a core profile"
    again = _select_again(graph, tree, person, specification, row["profile"])
    in_order = sorted(again.reserves, key=lambda one: (one.arrival, one.attribute.id))
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


def _select_again(
    graph: Graph, tree: Tree, person: Persona, specification: Specification, profile: Sequence[float]
) -> Selection:
    """All arrivals, by the statement that gave them the first time."""
    size = block_size(specification)
    prior = Prior(
        alpha=specification.alpha,
        beta=specification.steering,
        biases=resolve_biases(specification, tree),
        population=person.population,
        before=person.index // size * size if specification.steering else 0,
    )
    seeker = Seeker(
        index=person.index,
        seed=persona_seed(person.seed, person.index),
        age=person.situation.age,
        country=person.situation.country,
        situation=tuple(value.id for _, value in core_values(tree, person.situation)),
        explored=_explored(person, tree),
        profile=np.asarray(profile, dtype=np.float32),
    )
    drawn = specification.model is None
    return select(graph, tree, prior, [seeker], [ALL] * len(STRATA), drawn=drawn)[person.index]


def _explored(person: Persona, tree: Tree) -> tuple[str, ...]:
    """Ids of the attributes on the paths of what was given."""
    given = [one.path for one in person.traits if one.source == "given"]
    on_paths = {path[:length] for path in given for length in range(1, len(path) + 1)}
    return tuple(sorted(tree.by_path[path].id for path in on_paths))


def _why_never(wanted: Attribute) -> str:
    """Why an attribute was not among those that the persona could get."""
    if wanted.core is not None:
        return "it is of the core, which is not selected"
    if wanted.retired:
        return "it is retired"
    if not wanted.has_values:
        return "it has no values of its own"
    return "it does not apply to the situation, or its branch is retired or was left out"
