"""Stage 2 from end to end: anchor, select, fill, narrate, and the persona in the graph (DeepPersona §3.2)."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import DepthError, InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.persona import Persona, persona_id
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.anchor import Anchored, anchor, core_traits, core_values, seekers
from deeppersona_graph.personas.anchors import Anchors
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.fill import ReserveSpentError, Selection, Walk, quotas
from deeppersona_graph.personas.narrate import narrate
from deeppersona_graph.personas.profile import Vector
from deeppersona_graph.personas.race import run_races
from deeppersona_graph.personas.select import Biases, Prior, Seeker, select
from deeppersona_graph.personas.store import store_personas

BATCH = 50
"""Personas a statement serves; uses are counted anew at every such step of the index."""

SPARE = 1.4
"""Arrivals asked for as a multiple of the quota; what prerequisites and contradictions need beyond it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workbench:
    """What generation works with: the live graph, the tree as it stands in it, and the embedding model."""

    graph: Graph
    tree: Tree
    constraints: Constraints
    embedder: Embedder
    centre: Vector
    """The mean profile that tilts are measured from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run: which people of which population are to be made, and how."""

    run: str
    population: str
    seed: int
    specification: Specification
    biases: Biases
    indices: Sequence[int]
    taken: frozenset[str]
    """Full names the population has already."""
    outdated: bool
    """Whether any of the people there are from another version of the tree."""


def resolve_biases(specification: Specification, tree: Tree) -> Biases:
    """The biases of a specification by attribute id; raises as `find_attribute` does."""
    return tuple((find_attribute(tree, branch).id, factor) for branch, factor in specification.biases)


def open_run(
    graph: Graph,
    tree: Tree,
    population: str,
    seed: int,
    specification: Specification,
    biases: Biases,
    count: int,
) -> Plan:
    """Open the population and a run that fills it up to `count` people.

    Raises `InputError` where the population exists with another seed or specification. The run goes on where
    an earlier one stopped: indices that have a persona are left out.
    """
    spelled = json.dumps(specification.plain(), sort_keys=True, ensure_ascii=False)
    found = graph.write("personas/open_population", population=population, seed=seed, specification=spelled)[
        0
    ]
    if found["specification"] != spelled or found["seed"] != seed:
        was, now = json.loads(found["specification"]), json.loads(spelled)
        changed = [f"{key} {was.get(key)!r}, now {now[key]!r}" for key in now if was.get(key) != now[key]]
        if found["seed"] != seed:
            changed.append(f"seed {found['seed']}, now {seed}")
        raise InputError(
            f"the population {population!r} was made with {'; '.join(changed)}; "
            "choose another --population, or delete it first"
        )
    rows = graph.read("personas/names_taken", population=population)
    names = {int(row["index"]): str(row["name"]) for row in rows}
    run = digest("run", population, seed, spelled, count).hex()[:16]
    graph.write(
        "record/open_run", id=run, kind="generate", population=population, parameters=spelled, seed=seed
    )
    return Plan(
        run=run,
        population=population,
        seed=seed,
        specification=specification,
        biases=biases,
        indices=[index for index in range(count) if index not in names],
        taken=frozenset(names.values()),
        outdated=any(row["version"] != tree.version for row in rows),
    )


def close_run(graph: Graph, plan: Plan, state: str) -> None:
    """Record how the run ended; a population that nobody was made for is forgotten."""
    graph.write("record/close_run", id=plan.run, state=state)
    if state != "finished":
        graph.write("personas/delete_population", population=plan.population, force=False)


def generate(bench: Workbench, plan: Plan, anchors: Anchors) -> Iterator[Persona]:
    """The personas of a plan in order of index, each stored before it is yielded.

    Raises `DepthError` where fewer attributes apply than were asked for.
    """
    taken = set(plan.taken)
    blocks = list(_blocks(plan.indices))
    with ThreadPoolExecutor(1) as ahead:
        waiting = [ahead.submit(_anchor_block, bench, plan, anchors, blocks[0], taken)] if blocks else []
        for number, block in enumerate(blocks):
            people, seeking = waiting.pop().result()
            if number + 1 < len(blocks):  # the next block is anchored while the graph works at this one
                waiting.append(ahead.submit(_anchor_block, bench, plan, anchors, blocks[number + 1], taken))
            prior = Prior(
                alpha=plan.specification.alpha,
                beta=plan.specification.beta,
                biases=plan.biases,
                population=plan.population,
                before=block[0] // BATCH * BATCH,
            )
            personas = _fill_block(bench, plan, anchors, prior, people, seeking)
            store_personas(bench.graph, plan.run, plan.population, personas)
            for persona, _ in personas:
                yield persona


def _anchor_block(
    bench: Workbench, plan: Plan, anchors: Anchors, block: Sequence[int], taken: set[str]
) -> tuple[list[Anchored], list[Seeker]]:
    """The core profiles of a block, in order of index; their names are added to those `taken`."""
    people = []
    for index in block:
        person = anchor(anchors, plan.specification.sampling, plan.seed, index, taken, bench.embedder)
        taken.add(person.situation.name)
        people.append(person)
    return people, seekers(people, anchors, bench.tree, bench.embedder)


def reserve_for(share: Sequence[int]) -> list[int]:
    """How many arrivals of each stratum are asked for first, for the quotas `share`."""
    return [math.ceil(quota * SPARE) + 10 for quota in share]


def _fill_block(
    bench: Workbench,
    plan: Plan,
    anchors: Anchors,
    prior: Prior,
    people: Sequence[Anchored],
    seeking: Sequence[Seeker],
) -> list[tuple[Persona, Vector]]:
    """Selection, values and narrative for a block; who needs a larger reserve goes round again."""
    waiting = {seeker.index: seeker for seeker in seeking}
    by_index, profiles = {p.index: p for p in people}, {i: s.profile for i, s in waiting.items()}
    share = quotas(plan.specification.depth, plan.specification.strata)
    reserve = reserve_for(share)
    done: dict[int, Persona] = {}
    while waiting:
        selections = select(bench.graph, bench.tree, prior, list(waiting.values()), reserve)
        _check_depth(selections, plan.specification.depth)
        races = run_races(
            bench.graph,
            bench.tree.name,
            list(waiting.values()),
            {index: _named(found) for index, found in selections.items()},
            bench.centre,
        )
        for index, seeker in list(waiting.items()):
            walk = Walk(
                constraints=bench.constraints,
                selection=selections[index],
                races=races[index],
                age=seeker.age,
                room=list(share),
                filled=_with_core(bench, by_index[index]),
            )
            try:
                walk.run(anchors.traits)
            except ReserveSpentError:
                continue
            done[index] = _finished(bench, plan, anchors, by_index[index], walk)
            del waiting[index]
        log.debug("%d of %d people need more arrivals than %s", len(waiting), len(people), reserve)
        reserve = [2 * size for size in reserve]
    return [(done[person.index], profiles[person.index]) for person in people]


def _finished(bench: Workbench, plan: Plan, anchors: Anchors, person: Anchored, walk: Walk) -> Persona:
    return Persona(
        id=persona_id(plan.population, plan.seed, person.index),
        population=plan.population,
        index=person.index,
        seed=plan.seed,
        depth=plan.specification.depth,
        taxonomy=bench.tree.name,
        taxonomy_version=bench.tree.version,
        situation=person.situation,
        inner=person.inner,
        core=core_traits(bench.tree, anchors, person),
        traits=tuple(walk.traits),
        narrative=narrate(person.seed, person.situation, person.inner, walk.traits),
        biography=anchors.biography,
    )


def _with_core(bench: Workbench, person: Anchored) -> Filled:
    filled = Filled(bench.constraints)
    for attribute, value in core_values(bench.tree, person.situation):
        filled.add(attribute, (value,))
    return filled


def _named(selection: Selection) -> list[str]:
    return [a.attribute.id for a in (*selection.reserves, *selection.required)]


def _check_depth(selections: dict[int, Selection], depth: int) -> None:
    least = min(found.applicable for found in selections.values())
    if least < depth:
        raise DepthError(
            f"a depth of {depth} was asked for, but only {least} attributes apply; "
            "lower --depth, or widen the taxonomy or the biases"
        )


def _blocks(indices: Sequence[int]) -> Iterator[list[int]]:
    """The indices, cut where a multiple of the batch lies, so that every run counts the same uses."""
    block: list[int] = []
    for index in indices:
        if block and index // BATCH != block[0] // BATCH:
            yield block
            block = []
        block.append(index)
    if block:
        yield block
