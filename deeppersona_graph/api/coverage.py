"""The part of the API about strata and coverage: what was near and far, and what is left out.

with deeppersona_graph.connect() as dp:
    print(dp.strata("Maya Tremblay").candidates.passed_over)
    print(dp.coverage("people").never)
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.insight.coverage import Covered, Spread, coverage, distribution
from deeppersona_graph.insight.people import taxonomy_of_population
from deeppersona_graph.insight.strata import Layer, layers, retired_since
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.persona import Persona, Trait, plain
from deeppersona_graph.personas.again import select_again
from deeppersona_graph.personas.passed_over import Candidates, candidates_of
from deeppersona_graph.personas.profile import centre
from deeppersona_graph.personas.store import find_persona, population_ids, read_personas


@dataclass(frozen=True, slots=True)
class Strata:
    """What was near, middle and far of a persona, and what was passed over."""

    persona: Persona
    layers: tuple[Layer, ...]
    """Near, middle, far and, where there is any, what was in no stratum."""
    candidates: Candidates | None
    """By a selection made again; None where there can be none."""
    retired: tuple[Trait, ...]
    """What the persona has that is retired now."""
    taxonomy_version: int
    """The version of the taxonomy now, by which the candidates are told."""
    notes: tuple[str, ...]
    """What has to be said about the candidates."""

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        one = self.persona
        return {
            "persona": {
                "id": one.id, "name": one.situation.name, "population": one.population, "index": one.index,
            },
            "taxonomy": {"name": one.taxonomy, "then": one.taxonomy_version, "now": self.taxonomy_version},
            "strata": [
                {
                    "stratum": layer.stratum,
                    "lowest": layer.lowest,
                    "highest": layer.highest,
                    "attributes": [_plain(trait) for trait in layer.traits],
                }
                for layer in self.layers
            ],
            "candidates": None if self.candidates is None else asdict(self.candidates),
            "retired": [list(trait.path) for trait in self.retired],
            "notes": list(self.notes),
        }  # fmt: skip


class Coverage(Connected):
    """Strata and coverage."""

    def strata(self, persona: str) -> Strata:
        """What was near, middle and far of a persona, named by id, beginning of an id or full name, and the
        candidates that were passed over, each with the reason where it can be told.

        The candidates come from a selection made again, by the tree as it stands now.
        """
        person = next(read_personas(self.graph, [find_persona(self.graph, persona)]))
        tree = self._in_step(person.taxonomy)
        again = select_again(self.graph, tree, person, lambda: centre(self.embedder))
        notes, candidates = [], None
        if isinstance(again, str):
            notes.append(f"what was passed over is not told: {again}")
        else:
            candidates = candidates_of(person, tree, again)
            if tree.version != person.taxonomy_version:
                notes.append(
                    f"selected again by the tree as it stands now, version {tree.version}; "
                    f"the persona was made at version {person.taxonomy_version}"
                )
            elif candidates.strays:
                notes.append(
                    f"{candidates.strays} attributes would not be where they are, were they selected now: "
                    "the persona's edges or its vector were changed by hand"
                )
            if again.uncounted:
                notes.append(
                    f"{again.uncounted} people before it, who counted when it was made, are gone: "
                    "arrivals may be others"
                )
        return Strata(
            person, layers(person), candidates, retired_since(person, tree), tree.version, tuple(notes)
        )

    def coverage(self, population: str, *, branch: str | None = None, limit: int = 20) -> Covered:
        """What a population covers: attributes used and never used, of the taxonomy or a branch of it, the
        values of the `limit` most frequent ones, entropy, and pairwise uniqueness.

        Raises `UnknownNameError` for a population or branch of no such name, `InputError` where nobody is in
        the population.
        """
        population_ids(self.graph, population, below=0)
        taxonomy, _ = taxonomy_of_population(self.graph, population)
        tree = self._in_step(taxonomy)
        within = None if branch is None else find_attribute(tree, branch)
        return coverage(self.graph, tree, population, branch=within, limit=limit)

    def distribution(self, population: str, attribute: str) -> Spread:
        """How the values of one attribute, of the core or not, are spread over the people of a population;
        values that nobody has are there too."""
        population_ids(self.graph, population, below=0)
        taxonomy, people = taxonomy_of_population(self.graph, population)
        tree = self._in_step(taxonomy)
        return distribution(self.graph, tree, population, people, find_attribute(tree, attribute))


def _plain(trait: Trait) -> dict[str, Any]:
    return {
        "attribute": trait.attribute,
        "path": list(trait.path),
        "value": plain(trait.value),
        "order": trait.order,
        "similarity": trait.similarity,
        "source": trait.source,
    }
