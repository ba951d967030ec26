"""The selection of a finished persona, asked of the graph again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.persona import STRATA, Persona
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.anchor import core_values
from deeppersona_graph.personas.fill import Selection
from deeppersona_graph.personas.profile import Vector
from deeppersona_graph.personas.runs import resolve_biases
from deeppersona_graph.personas.select import Biases, Prior, Seeker, select
from deeppersona_graph.personas.workers import block_size

ALL = 1_000_000
"""Arrivals of a stratum asked for where all are wanted."""


@dataclass(frozen=True, slots=True)
class Again:
    """All arrivals of a persona, as the tree and the population stand now."""

    specification: Specification
    """Of the run that made the persona or, where that is gone, of its population."""
    biases: Biases
    selection: Selection
    uncounted: int = 0
    """People before the persona whose uses would have to be counted, and who are not there."""


def select_again(graph: Graph, tree: Tree, person: Persona, centre: Callable[[], Vector]) -> Again | str:
    """What the selection statement gives for a persona now, with the seed, profile and situation it was made
    with; or why nothing can be selected again. `centre` gives the mean profile, in place of a missing core.

    It is what it was then as long as tree and data are of the same version and, where uses are counted, the
    people before it are the same.
    """
    row = graph.read("insight/why_profile", persona=person.id)[0]
    if row["specification"] is None:
        return f"the population {person.population!r} is gone, and with it how its people were selected"
    if row["profile"] is None:
        return "the persona's profile vector is gone"
    specification = Specification.of(json.loads(row["specification"]))
    if specification.attributes == "model":
        return "nothing was selected: a language model named the attributes"
    try:
        biases = resolve_biases(specification, tree)
    except UnknownNameError as error:
        return f"a branch that was weighted is gone: {error}"
    size = block_size(specification)
    before = person.index // size * size if specification.steering else 0
    prior = Prior(
        alpha=specification.alpha,
        beta=specification.steering,
        biases=biases,
        population=person.population,
        before=before,
    )
    if specification.core:
        profile = np.asarray(row["profile"], dtype=np.float32)
    else:
        mean = centre()
        profile = (mean / np.linalg.norm(mean)).astype(np.float32)
    seeker = Seeker(
        index=person.index,
        seed=persona_seed(person.seed, person.index) if row["seed"] is None else row["seed"],
        age=person.situation.age,
        country=person.situation.country,
        situation=tuple(value.id for _, value in core_values(tree, person.situation)),
        explored=_explored(person, tree),
        profile=profile,
    )
    drawn = specification.model is None
    found = select(graph, tree, prior, [seeker], [ALL] * len(STRATA), drawn=drawn)
    there = graph.read("personas/indices_taken", population=person.population, indices=list(range(before)))
    return Again(specification, biases, found[person.index], uncounted=before - len(there))


def _explored(person: Persona, tree: Tree) -> tuple[str, ...]:
    """Ids of the attributes on the paths of what was given."""
    given = [one.path for one in person.traits if one.source == "given"]
    on_paths = {path[:length] for path in given for length in range(1, len(path) + 1)}
    return tuple(sorted(tree.by_path[path].id for path in on_paths))
