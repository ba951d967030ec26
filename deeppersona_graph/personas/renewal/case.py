"""A persona on the bench: who it is, and what its values were once drawn with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.persona import Persona, Trait, value_texts
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.model.situation import Conditions
from deeppersona_graph.model.tree import Attribute, Tree, normal
from deeppersona_graph.personas.anchor import Anchored, core_values, explored
from deeppersona_graph.personas.anchors import Anchors
from deeppersona_graph.personas.draw import Drawn
from deeppersona_graph.personas.fill import Given
from deeppersona_graph.personas.profile import Vector
from deeppersona_graph.personas.select import Seeker
from deeppersona_graph.personas.store import READ_AT_ONCE, read_personas


@dataclass(frozen=True)
class Case:
    """A persona with what renewal needs of it beside its values."""

    persona: Persona
    own_seed: int
    """What arrivals and races are drawn with."""
    versions: Mapping[str, int]
    """By attribute id, the version of the tree at which its value was drawn."""
    runs: Mapping[str, str]
    """By attribute id, the run that its value comes from."""
    superseded: frozenset[int]
    """Orders of pairs that a merge of attributes superseded: places that nothing takes."""
    profile: Vector | None = None

    @property
    def missing(self) -> tuple[int, ...]:
        """Orders of the pairs whose attribute somebody deleted, with all that hung on it."""
        taken = {trait.order for trait in self.persona.traits} | self.superseded
        count = max(0, self.persona.depth - len(self.persona.traits))
        free = (order for order in range(1, len(taken) + count + 1) if order not in taken)
        return tuple(order for order, _ in zip(free, range(count), strict=False))

    def anchored(self) -> Anchored:
        """The person with a core profile and nothing else."""
        return Anchored(self.persona.index, self.own_seed, self.persona.situation, self.persona.inner)

    def anchors(self, tree: Tree) -> Anchors:
        """What was given of the persona outside the core, as far as the tree still has it."""
        given = tuple(
            Given(tree.by_id[trait.attribute], drawn_of(tree.by_id[trait.attribute], trait), trait.value)
            for trait in self.persona.traits
            if trait.source == "given" and trait.attribute in tree.by_id
        )
        return Anchors(Conditions(), traits=given, biography=self.persona.biography)

    def seeker(self, tree: Tree) -> Seeker:
        """The persona as selection sees it."""
        assert self.profile is not None
        situation = self.persona.situation
        return Seeker(
            index=self.persona.index,
            seed=self.own_seed,
            age=situation.age,
            country=situation.country,
            situation=tuple(value.id for _, value in core_values(tree, situation)),
            explored=explored(self.anchors(tree), tree),
            profile=self.profile,
        )


def read_cases(graph: Graph, ids: Sequence[str], *, profiles: bool) -> Iterator[Case]:
    """The personas with these ids; with their vectors where `profiles` are wanted."""
    for start in range(0, len(ids), READ_AT_ONCE):
        block = list(ids[start : start + READ_AT_ONCE])
        marks = {row["id"]: row for row in graph.read("personas/read_marks", ids=block, profiles=profiles)}
        for persona in read_personas(graph, block):
            mark = marks[persona.id]
            own = mark["own_seed"]
            yield Case(
                persona=persona,
                own_seed=persona_seed(persona.seed, persona.index) if own is None else own,
                versions={identity: version for identity, version, _ in mark["pairs"]},
                runs={identity: run for identity, _, run in mark["pairs"]},
                superseded=frozenset(mark["superseded"]),
                profile=np.asarray(mark["profile"], np.float32) if profiles else None,
            )


def drawn_of(attribute: Attribute, trait: Trait) -> Drawn:
    """What of the attribute's present value space the trait's value is."""
    if attribute.value_type == "number":
        number = trait.value if isinstance(trait.value, int | float) else None
        return Drawn(number=number)
    keys = {normal(text) for text in value_texts(trait.value)}
    return Drawn(values=tuple(value for value in attribute.values if normal(value.text) in keys))
