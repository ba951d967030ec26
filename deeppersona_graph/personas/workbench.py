"""What a run of generation works with, and what it is to make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.llm.request import Asker
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.profile import Vector
from deeppersona_graph.personas.select import Biases


@dataclass(frozen=True)
class Workbench:
    """The live graph, the tree as it stands in it, and the embedding model."""

    graph: Graph
    tree: Tree
    constraints: Constraints
    embedder: Embedder
    centre: Vector
    """The mean profile that tilts are measured from."""
    asker: Asker | None = None
    """Asks the language model; none: values come from the bank."""


@dataclass(frozen=True, slots=True)
class Sitter:
    """Somebody to be made: the place in the population, and what there is beside the population's anchors."""

    index: int
    biography: str | None = None
    origin: str | None = None
    """File and line that the biography comes from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run: which people of which population are to be made, and how."""

    run: str
    population: str
    seed: int
    specification: Specification
    biases: Biases
    people: Iterable[Sitter]
    taken: frozenset[str]
    """Full names the population has already."""
    outdated: bool
    """Whether any of the people there are from another version of the tree."""
    via: str = "online"
    begun: bool = False
    """Whether an earlier run asked for the same."""
    taxonomy: str | None = None
    """Where the attributes live that the model names; none: they are the tree's."""
    own_biographies: bool = False
    """Whether people bring biographies of their own."""
    there: int = 0
    """How many of those planned the population has already."""
