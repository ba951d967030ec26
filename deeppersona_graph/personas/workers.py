"""What is done for many people at once on this machine: profiles, selection, races, writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deeppersona_graph.errors import DepthError
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.personas.anchor import Anchored, seekers
from deeppersona_graph.personas.anchors import Anchors
from deeppersona_graph.personas.draw import Race
from deeppersona_graph.personas.fill import Selection
from deeppersona_graph.personas.named import attribute_rows
from deeppersona_graph.personas.profile import Vector
from deeppersona_graph.personas.race import run_races
from deeppersona_graph.personas.select import Prior, Seeker, select
from deeppersona_graph.personas.store import store_personas
from deeppersona_graph.personas.workbench import Plan, Workbench

BATCH = 50
"""Personas that a statement serves."""

COVERED = 10
"""The same where a run covers: all of them see the same uses, so that few should."""


def block_size(specification: Specification) -> int:
    """For how many personas in a row uses are counted once. With a language model as many as ever, so that
    its requests go out together."""
    return COVERED if specification.cover and specification.model is None else BATCH


@dataclass(frozen=True)
class Profiling:
    """Gives people their profile vectors, embedding their texts together."""

    bench: Workbench
    most: int = BATCH

    def __call__(self, wanted: Sequence[tuple[Anchored, Anchors]]) -> list[Seeker]:
        return seekers(wanted, self.bench.tree, self.bench.embedder)


@dataclass(frozen=True)
class Selecting:
    """Asks the graph for arrivals: `reserve` of each stratum."""

    bench: Workbench
    prior: Prior
    drawn: bool
    """Whether only attributes with a value space count."""
    depth: int
    most: int = BATCH

    def __call__(self, wanted: Sequence[tuple[Seeker, tuple[int, ...]]]) -> list[Selection | DepthError]:
        found: dict[int, Selection] = {}
        for reserve in {reserve for _, reserve in wanted}:
            alike = [seeker for seeker, own in wanted if own == reserve]
            found |= select(self.bench.graph, self.bench.tree, self.prior, alike, reserve, drawn=self.drawn)
        return [self._enough(found[seeker.index]) for seeker, _ in wanted]

    def _enough(self, selection: Selection) -> Selection | DepthError:
        if selection.applicable >= self.depth:
            return selection
        return DepthError(
            f"a depth of {self.depth} was asked for, but only {selection.applicable} attributes apply; "
            "lower --depth, or widen the taxonomy or the biases"
        )


@dataclass(frozen=True)
class Racing:
    """Has the values of the bank raced for."""

    bench: Workbench
    most: int = BATCH

    def __call__(self, wanted: Sequence[tuple[Seeker, Selection]]) -> list[dict[str, Race]]:
        races = run_races(
            self.bench.graph,
            self.bench.tree.name,
            [seeker for seeker, _ in wanted],
            {
                seeker.index: [a.attribute.id for a in (*found.reserves, *found.required)]
                for seeker, found in wanted
            },
            self.bench.centre,
        )
        return [races[seeker.index] for seeker, _ in wanted]


@dataclass(frozen=True)
class Storing:
    """Puts finished people into the graph, all of a call or none."""

    bench: Workbench
    plan: Plan
    most: int = BATCH

    def __call__(self, wanted: Sequence[tuple[Persona, Vector]]) -> list[None]:
        if self.plan.taxonomy is not None:
            rows = attribute_rows([persona for persona, _ in wanted])
            self.bench.graph.write("personas/name_attributes", taxonomy=self.plan.taxonomy, attributes=rows)
        store_personas(self.bench.graph, self.plan.run, self.plan.population, wanted)
        return [None] * len(wanted)
