"""The part of the API about personas: generation, and what is in the graph of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, Unpack, cast

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError
from deeppersona_graph.generation import (
    Generation,
    Opening,
    named_taxonomy,
    open_bench,
    open_generation,
)
from deeppersona_graph.llm.means import Via
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.personas.export import Format, export_personas
from deeppersona_graph.personas.runs import find_run, names_attributes
from deeppersona_graph.personas.situation import load_tables
from deeppersona_graph.personas.sketches import Sketches, open_sketches
from deeppersona_graph.personas.store import (
    delete_personas,
    delete_population,
    find_persona,
    list_personas,
    list_populations,
    population_ids,
    read_personas,
)
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.store import erase_tree
from deeppersona_graph.wanted import Values, Wanted, seed_of, specification_of

MOST_PEOPLE = 1_000_000
"""People of one population."""


class People(Connected):
    """Populations and personas in the graph."""

    def generate(
        self,
        count: int = 1,
        *,
        population: str | None = None,
        seed: int | None = None,
        values: Values = "auto",
        via: Via = "online",
        budget: float | None = None,
        **wanted: Unpack[Wanted],
    ) -> Generation:
        """Open a run that makes a population of `count` people, those it has already not again.

        Without a seed one is drawn; without a population one is named after taxonomy, seed and specification.
        Values come from the language model of the settings, where one is named, else from the bank; `budget`
        is in USD.
        """
        specification = specification_of(self.settings, values, via, **wanted)
        chunked = wanted.get("chunk") is not None
        opening = Opening(count, seed_of(seed), population, via, budget, chunked)
        return self._begin(self.settings, specification, opening)

    def enrich(
        self,
        file: Path,
        field: str | None = None,
        *,
        limit: int | None = None,
        population: str | None = None,
        seed: int | None = None,
        values: Values = "auto",
        via: Via = "online",
        budget: float | None = None,
        **wanted: Unpack[Wanted],
    ) -> Generation:
        """Open a run that makes a person of each biography in `file`, or in its first `limit` lines.

        The file is JSONL, the biography in `field` (see `open_sketches` where none is given), or text, one a
        line. A language model reads them; in its absence what they are not to contradict must be given. Line
        i, from 0, becomes the person i: asked for again, the run goes on where it stopped, or with lines
        added since. Without a seed the file's own is taken, so that it does.
        """
        sketches = open_sketches(file, field, limit)
        specification = specification_of(self.settings, values, via, **wanted)
        chosen, chunked = sketches.seed if seed is None else seed_of(seed), wanted.get("chunk") is not None
        opening = Opening(sketches, chosen, population, via, budget, chunked)
        return self._begin(self.settings, specification, opening)

    def resume(self, run: str = "last", *, via: Via | None = None, budget: float | None = None) -> Generation:
        """Go on with a run as it was asked for: the last one, one by its id, or the last of a population.

        Raises `UnknownNameError` where there is none, and what opening its file raises.
        """
        found = find_run(self.graph, run)
        settings = self.settings
        if settings.base_url is None and found.endpoint is not None:
            settings = settings.model_copy(update={"base_url": found.endpoint})
        people: int | Sketches = found.count
        if found.file is not None:
            people = open_sketches(found.file, found.field, found.limit)
        way = via or cast(Via, found.via)
        opening = Opening(people, found.seed, found.population, way, budget)
        return self._begin(settings, found.specification, opening)

    def run(
        self,
        specification: Specification,
        people: int | Sketches,
        *,
        population: str | None = None,
        seed: int | None = None,
        via: Via = "online",
        budget: float | None = None,
    ) -> Generation:
        """As `generate` and `enrich`, from a specification; its `model` decides where values come from."""
        opening = Opening(people, seed_of(seed), population, via, budget)
        return self._begin(self.settings, specification, opening)

    def persona(self, text: str) -> Persona:
        """The persona with this id, beginning of an id, or full name."""
        return next(read_personas(self.graph, [find_persona(self.graph, text)]))

    def personas(self, population: str) -> Iterator[Persona]:
        """All personas of a population, in order of index."""
        return read_personas(self.graph, population_ids(self.graph, population))

    def list(self, population: str | None = None, limit: int = 50, skip: int = 0) -> list[Mapping[str, Any]]:
        """Personas in brief."""
        return list_personas(self.graph, population, skip, limit)

    def populations(self) -> Sequence[Mapping[str, Any]]:
        """All populations with their sizes and seeds."""
        return list_populations(self.graph)

    def delete(self, population: str | None = None, personas: Iterable[str] = ()) -> int:
        """Delete a population, with the attributes that a model named for it, or single personas; how many
        personas that were."""
        if population is not None:
            named = names_attributes(self.graph, population)
            deleted = delete_population(self.graph, population)
            if named:
                erase_tree(self.graph, named_taxonomy(population))
            return deleted
        return delete_personas(self.graph, [find_persona(self.graph, text) for text in personas])

    def export(self, population: str, target: Path, form: Format | None = None) -> int:
        """Write a population to a file; how many personas that were."""
        return export_personas(self.personas(population), target, form)

    def _begin(self, settings: Settings, specification: Specification, opening: Opening) -> Generation:
        people = opening.people
        if isinstance(people, int) and not 1 <= people <= MOST_PEOPLE:
            raise InputError(f"a count of {people}: expected 1 to {MOST_PEOPLE} people")
        origin = people.identity if isinstance(people, Sketches) else None
        specification = replace(specification, sketches=origin)
        self.embedder.load_in_background()
        Thread(target=load_tables, daemon=True).start()
        tree, report = self._synchronised(specification.taxonomy)
        bench = open_bench(self.graph, self.embedder, tree, specification.model)
        run = open_generation(settings, bench, specification, opening, report, self._progress)
        self._runs.append(run)
        return run
