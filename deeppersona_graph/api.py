"""The Python API, and what the command line calls: it puts the rooms together.

import deeppersona_graph

with deeppersona_graph.connect() as dp:
    for persona in dp.generate(3, country="Canada"):
        print(persona.situation.name, persona.narrative)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self, Unpack, cast

from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.errors import InputError
from deeppersona_graph.generation import (
    Generation,
    Opening,
    named_taxonomy,
    open_bench,
    open_generation,
)
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.schema import ensure_schema
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.llm.executors.batch import FOLDER, batch_status, export_batches, withdraw_batch
from deeppersona_graph.llm.executors.responses import ImportReport, import_responses
from deeppersona_graph.llm.means import Via, open_means
from deeppersona_graph.llm.outbox import BatchStatus
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import open_store
from deeppersona_graph.mining import BRANCHES, Mining, open_interview
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute, Tree
from deeppersona_graph.personas.export import Format, export_personas, whole_file
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
from deeppersona_graph.settings import Settings, load_settings
from deeppersona_graph.taxonomy.bundled import NAME
from deeppersona_graph.taxonomy.dialogues import open_dialogues
from deeppersona_graph.taxonomy.export import Format as TreeFormat
from deeppersona_graph.taxonomy.export import form_of, write_tree
from deeppersona_graph.taxonomy.figures import Figures, count_exchanges, figures
from deeppersona_graph.taxonomy.formats import check_taxonomy
from deeppersona_graph.taxonomy.mining.consolidate import Consolidation, consolidate
from deeppersona_graph.taxonomy.mining.grow import SURE
from deeppersona_graph.taxonomy.mining.likeness import THRESHOLD
from deeppersona_graph.taxonomy.mining.why import Why, why
from deeppersona_graph.taxonomy.outline import outline
from deeppersona_graph.taxonomy.provide import (
    check_model,
    embed_anew,
    import_files,
    provide_bundled,
    provide_roots,
)
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.search import Hit, search
from deeppersona_graph.taxonomy.store import Progress, erase_tree
from deeppersona_graph.taxonomy.sync import SyncReport, sync
from deeppersona_graph.wanted import Values, Wanted, seed_of, specification_of

log = logging.getLogger(__name__)

MOST_PEOPLE = 1_000_000
"""People of one population."""


class DeepPersona:
    """A connection to one graph of taxonomies and personas. Use as a context manager, or `close()` it."""

    def __init__(
        self,
        settings: Settings,
        *,
        announce: Callable[[str], None] = log.info,
        progress: Progress | None = None,
    ) -> None:
        """`announce` is told what takes a while (a download, a start), `progress` how far it has come."""
        self.settings = settings
        self._announce = announce
        self._progress: Progress = progress or (lambda *_: None)
        self._runs: list[Generation | Mining] = []
        """Closed with this; one that was iterated to its end has nothing left to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End runs that were left half-way and give back connections; a private server goes on running."""
        for run in self._runs:
            run.close()
        self._runs.clear()
        for name in ("graph", "embedder"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    @cached_property
    def graph(self) -> Graph:
        """The database: the server that is named, else the private one, started when needed."""
        settings = self.settings
        if settings.uri:
            password = settings.password.get_secret_value() if settings.password else ""
            graph = Graph(settings.uri, settings.username, password, settings.database)
        else:
            endpoint = ensure_running(settings, self._announce)
            graph = Graph(endpoint.uri, endpoint.username, endpoint.password)
        with ExitStack() as unless_ready:
            unless_ready.callback(graph.close)
            ensure_schema(graph)
            unless_ready.pop_all()
        return graph

    @cached_property
    def embedder(self) -> CachedEmbedder:
        """The embedding model of the settings."""
        return load_embedder(self.settings)

    # Taxonomies

    def tree(self, taxonomy: str | None = None) -> Tree:
        """The taxonomy as it stands in the graph, hand edits taken in."""
        return self._synchronised(taxonomy or self.settings.taxonomy)[0]

    def sync(self, taxonomy: str | None = None) -> SyncReport:
        """Take in what was edited by hand; raises `TaxonomyShapeError` where what is there is no tree."""
        name = taxonomy or self.settings.taxonomy
        self._make_ready(name)
        return sync(self.graph, name, self.embedder)

    def import_taxonomy(self, files: Path | Sequence[Path], taxonomy: str) -> Tree:
        """Import a tree file, or several as one tree, under a new name; see `formats.read_tree` for what they
        may be."""
        several = [files] if isinstance(files, Path) else files
        return import_files(self.graph, several, taxonomy, self.embedder, self._progress)

    def consolidate(
        self, taxonomy: str | None = None, *, sure: float = SURE, budget: float | None = None
    ) -> tuple[Consolidation, Report | None]:
        """Merge siblings of a taxonomy that are one, with all that hangs on them, in one transaction.

        From a raw cosine of names of `sure` on they are one without asking. Where likeness leaves a doubt,
        the model of the settings decides, for at most `budget` USD; without one, such pairs stay apart. The
        report tells what the model took.
        """
        if not THRESHOLD <= sure <= 1:
            raise InputError(f"--sure {sure:g}: expected a likeness from {THRESHOLD} to 1")
        tree, model = self.tree(taxonomy), self.settings.model
        with ExitStack() as held:
            interview, report = None, None
            if model is not None:
                means = open_means(self.settings, model, "online", budget, held)
                interview = open_interview(means, model, self.graph, tree.name, self._progress)
                report = means.report
            done = consolidate(self.graph, tree, self.embedder, interview, self._progress, sure=sure)
        return done, report

    def export_taxonomy(
        self, target: Path, taxonomy: str | None = None, form: TreeFormat | None = None
    ) -> int:
        """Write the taxonomy to a file in `form`, or in the one that its name ends in; how many nodes it has.

        Records keep everything. Raises `InputError` where the file cannot be written or its form is unknown.
        """
        chosen = form or form_of(target)
        tree = self.tree(taxonomy)
        with whole_file(target) as path:
            write_tree(tree, path, chosen, target.suffix)
        return len(tree.attributes)

    def embed(self, taxonomy: str | None = None) -> None:
        """Make all vectors of a taxonomy anew with the model of the settings."""
        embed_anew(self.graph, taxonomy or self.settings.taxonomy, self.embedder, self._progress)

    def figures(self, taxonomy: str | None = None) -> Figures:
        """Counts over the taxonomy, with its balance and its long tail."""
        tree = self.tree(taxonomy)
        return figures(tree, count_exchanges(self.graph, tree.name))

    def outline(
        self, taxonomy: str | None = None, branch: str | None = None, levels: int = 2
    ) -> list[tuple[int, Attribute, int]]:
        """The attributes at or below a branch, as (level, attribute, nodes below)."""
        tree = self.tree(taxonomy)
        return outline(tree, find_attribute(tree, branch) if branch else None, levels)

    def search(self, text: str, taxonomy: str | None = None, limit: int = 10) -> Sequence[Hit]:
        """The attributes nearest in meaning to a text."""
        name = taxonomy or self.settings.taxonomy
        self.sync(name)
        return search(self.graph, name, self.embedder, text, limit)

    def mine(
        self,
        files: Sequence[Path],
        taxonomy: str,
        *,
        via: Via = "online",
        budget: float | None = None,
        branches: int = BRANCHES,
    ) -> Mining:
        """Open a run that mines dialogues into a taxonomy; a new one has the twelve domains.

        The model of the settings is asked; `budget` is in USD; for up to `branches` thin branches attributes
        are proposed. Raises `InputError` for files that cannot be read, `PrerequisiteError` for lack of a
        model.
        """
        check_taxonomy(taxonomy)
        dialogues = open_dialogues(files)

        def tree() -> Tree:
            if taxonomy != NAME:
                provide_roots(self.graph, taxonomy, self.embedder, self._progress)
            return self.tree(taxonomy)

        run = Mining(
            self.settings, self.graph, tree, self.embedder, dialogues, taxonomy, self._progress,
            via=via, budget=budget, branches=branches,
        )  # fmt: skip
        self._runs.append(run)
        return run

    def why_attribute(self, attribute: str, taxonomy: str | None = None, limit: int = 10) -> Why:
        """Why an attribute is in the tree, with at most `limit` of the exchanges at or below it."""
        tree = self.tree(taxonomy)
        return why(self.graph, tree.name, find_attribute(tree, attribute), limit)

    # Personas

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

    # Batch files

    def batch_status(self) -> Sequence[BatchStatus]:
        """How far every batch file has come, by wave."""
        with open_store(self.settings) as store:
            return batch_status(store)

    def batch_export(self, folder: Path) -> Sequence[Path]:
        """Copy the batch files that still wait for answers into `folder`; where they are now.

        Raises `InputError` where none waits, one is gone, or the folder cannot be written; where one is gone,
        nothing is copied.
        """
        with open_store(self.settings) as store:
            return export_batches(store, self.settings.data_dir / FOLDER, folder)

    def batch_import(self, file: Path) -> ImportReport:
        """Take in a file of responses; raises `ResponseFileError` where it cannot be read."""
        key = self.settings.api_key
        with open_store(self.settings) as store:
            return import_responses(file, store, secret=None if key is None else key.get_secret_value())

    def batch_withdraw(self, name: str) -> int:
        """Give up a batch file that was lost, rejected whole or never sent; how many requests go out again.

        Raises `UnknownNameError` where no batch file is called that.
        """
        with open_store(self.settings) as store:
            return withdraw_batch(store, name)

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

    def _make_ready(self, taxonomy: str) -> None:
        """The bundled taxonomy is there when asked for, and its vectors are of the model of the settings."""
        provide_bundled(self.graph, taxonomy, self.embedder, self._announce, self._progress)
        check_model(self.graph, taxonomy, self.embedder)

    def _synchronised(self, taxonomy: str) -> tuple[Tree, SyncReport]:
        """The tree after a sync; it is read meanwhile, and again only where the sync made another version."""
        self._make_ready(taxonomy)
        with ThreadPoolExecutor(1) as meanwhile:
            reading = meanwhile.submit(load_tree, self.graph, taxonomy)
            report = sync(self.graph, taxonomy, self.embedder)
        if report.changed or reading.exception() or reading.result().version != report.version:
            return load_tree(self.graph, taxonomy), report
        return reading.result(), report


def connect(
    *,
    announce: Callable[[str], None] = log.info,
    progress: Progress | None = None,
    **flags: Any,
) -> DeepPersona:
    """A connection with `flags` (fields of `Settings`) before environment and `deeppersona.toml`."""
    return DeepPersona(load_settings(**flags), announce=announce, progress=progress)
