"""A run of generation: its executor, its people as they come, and what became of those who did not."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import InputError, InterruptedRunError, PrerequisiteError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.lines import Malformed
from deeppersona_graph.llm.estimate import Estimator, Forecast, forecast
from deeppersona_graph.llm.executors.drive import Failed, Finished, Outcome, Parked, Task
from deeppersona_graph.llm.executors.local import LocalExecutor
from deeppersona_graph.llm.means import Means, Via, open_means
from deeppersona_graph.llm.prompts import Prompts
from deeppersona_graph.llm.request import Asker
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.anchors import Anchors, resolve_anchors
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.expect import expected
from deeppersona_graph.personas.generate import Making, generate
from deeppersona_graph.personas.profile import centre
from deeppersona_graph.personas.runs import Way, begin_run, close_run, open_run, resolve_biases
from deeppersona_graph.personas.sketches import Sketches
from deeppersona_graph.personas.store import population_ids
from deeppersona_graph.personas.workbench import Plan, Workbench
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.provide import provide_core
from deeppersona_graph.taxonomy.store import Progress
from deeppersona_graph.taxonomy.sync import SyncReport

SAMPLE = 8
"""People whose requests are put together to estimate those of all."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What decides a run beside the specification."""

    people: int | Sketches
    """How many there shall be, or the biographies they have."""
    seed: int
    population: str | None = None
    """Its name; none: one after taxonomy, seed and specification."""
    via: Via = "online"
    budget: float | None = None
    """USD."""
    chunked: bool = True
    """Whether somebody said how many attributes a request fills; else a population keeps what it has."""


def open_bench(graph: Graph, embedder: Embedder, tree: Tree, model: str | None) -> Workbench:
    """What a run works with; raises `PrerequisiteError` where there is nothing to take values from."""
    if model is None and not any(a.has_values and a.core is None for a in tree.attributes):
        raise PrerequisiteError(
            f"the taxonomy {tree.name!r} has no value spaces to draw from; give it some with "
            "`deeppersona taxonomy describe`, or let a language model fill with --values model"
        )
    asker = None if model is None else Asker(Prompts(), model)
    return Workbench(graph, tree, Constraints(tree), embedder, centre(embedder), asker)


def open_generation(
    settings: Settings,
    bench: Workbench,
    specification: Specification,
    opening: Opening,
    sync: SyncReport,
    progress: Progress,
) -> Generation:
    """Open a run; raises what is wrong with the specification before anything is written."""
    sketches = opening.people if isinstance(opening.people, Sketches) else None
    count = opening.people if isinstance(opening.people, int) else opening.people.count()
    tree = bench.tree
    anchors = resolve_anchors(specification, tree, bench.constraints)
    if sketches is not None:
        anybody = replace(specification, sketches=None, biography="Somebody.")
        resolve_anchors(anybody, tree, bench.constraints)  # what all biographies lack is told at once
    biases = resolve_biases(specification, tree)
    mark = specification.mark(tree.version)
    name = opening.population or f"{tree.name}-{opening.seed}-{mark}"
    with ExitStack() as opened:
        means = open_means(settings, specification.model, opening.via, opening.budget, opened)
        plan = open_run(
            bench.graph,
            tree,
            name,
            opening.seed,
            specification,
            biases,
            count,
            Way(opening.via, _without_secrets(settings.base_url)),
            sketches,
            keeps_chunk=not opening.chunked,
        )
        if specification.attributes == "model":
            plan = replace(plan, taxonomy=named_taxonomy(name))
            provide_core(bench.graph, tree, named_taxonomy(name), bench.embedder, progress)
        ids = () if sketches else population_ids(bench.graph, name, below=count)
        held = opened.pop_all()
    malformed = Malformed() if sketches is None else sketches.malformed
    return Generation(
        bench, plan, anchors, means, held, count, ids, malformed=malformed, sync=sync, progress=progress
    )


def _without_secrets(address: str | None) -> str | None:
    """An endpoint's address without what may be a password or a key: user and query."""
    if address is None:
        return None
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def named_taxonomy(population: str) -> str:
    """The taxonomy of the attributes that a model names for a population."""
    return f"{population} (named)"


class Generation:
    """A run of `generate`: iterate to make the people who are missing; each is in the graph when it comes."""

    def __init__(
        self,
        bench: Workbench,
        plan: Plan,
        anchors: Anchors,
        means: Means,
        held: ExitStack,
        count: int,
        ids: Sequence[str],
        *,
        malformed: Malformed,
        sync: SyncReport,
        progress: Progress,
    ) -> None:
        """`held` closes what the run has open."""
        self.population, self.seed, self.count = plan.population, plan.seed, count
        """`count` is the number of people that the population shall have, or of lines of a file."""
        self.run, self.model, self.outdated = plan.run, plan.specification.model, plan.outdated
        self.own_biographies = plan.own_biographies
        """Whether its people come from a file of biographies."""
        self.there = plan.there
        """How many of the people the population had already."""
        self.ids = tuple(ids)
        """Of these people, where they do not come from a file: there may be millions."""
        self.malformed = malformed
        """Lines of the file, as far as it was read, that nobody could be made from."""
        self.sync, self.report = sync, means.report
        self.failed: list[tuple[str, str]] = []
        """People who came to nothing, by their place in the population, each with the reason."""
        self._impossible: InputError | None = None
        """Why somebody cannot be had as asked for; others may."""
        self.resumed = plan.begun
        """Whether an earlier run asked for the same."""
        self.via = plan.via
        self.parked = 0
        """People who wait for answers to batch files."""
        self._bench, self._plan, self._means, self._progress = bench, plan, means, progress
        self._ending = ExitStack()
        """Closes what is open and records that the run was interrupted; once the run ended, it is empty."""
        self._ending.push(held)
        self._ending.callback(close_run, bench.graph, plan, "interrupted", means.report)
        self._anchors = anchors
        self._people = self._made(anchors, held)

    @property
    def missing(self) -> int:
        """How many people the iteration makes; fewer where lines of a file are blank or of no use."""
        return self.count - self.there

    @property
    def files(self) -> tuple[Path, ...]:
        """The batch files that this run wrote."""
        return self._means.files

    @property
    def priced(self) -> bool:
        """Whether what the run costs is known: there is a model, and its price is in the table."""
        return self.model is not None and self.report.prices.of(self.model) is not None

    def forecast(self, sample: int = SAMPLE) -> Forecast:
        """What the run will take of the model, judged by the first people to be made; nothing is spent.

        Raises `InputError` where there is no model, and what making these people would raise.
        """
        if self._means.store is None or self.model is None:
            raise InputError("nothing is spent without a language model; name one with --model to estimate")
        ahead = iter(self._plan.people)
        first = list(islice(ahead, sample))
        self._plan = replace(self._plan, people=chain(first, ahead))
        making = Making.of(self._bench, self._plan, 0)
        tasks = (Task(str(one.index), expected(making, one, self._anchors)) for one in first)
        found = []
        for outcome in LocalExecutor().run(tasks):
            if isinstance(outcome, Failed):
                raise outcome.error
            assert isinstance(outcome, Finished)
            found.append(outcome.value)
        estimator = Estimator.of(self._means.store, self.model)
        batch = self._means.batch is not None
        return forecast(found, self.missing, estimator, self.report.prices, batch=batch)

    def close(self) -> None:
        """End a run that nobody iterates to its end; what was finished is kept, and nothing is at work any
        more when this returns."""
        self._people.close()
        self._ending.close()

    def __iter__(self) -> Iterator[Persona]:
        return self._people

    def _made(self, anchors: Anchors, held: ExitStack) -> Generator[Persona, None, None]:
        with held:
            with self._ending:
                begin_run(self._bench.graph, self._plan)
                try:
                    # What is at work is brought to an end before what it works with is closed.
                    with closing(
                        generate(self._bench, self._plan, anchors, self._means.executor)
                    ) as outcomes:
                        yield from self._finished(outcomes)
                except InterruptedRunError:
                    self._ending.pop_all()  # nobody is there to be told
                    raise
                self._ending.pop_all()
            state = "unfinished" if self.failed else "waiting" if self.parked else "finished"
            close_run(self._bench.graph, self._plan, state, self.report)

    def _finished(self, outcomes: Iterator[Outcome[Persona]]) -> Iterator[Persona]:
        ended, finished = 0, False
        for ended, outcome in enumerate(outcomes, start=1):
            self._progress("generating", ended, self.missing)
            if isinstance(outcome, Finished):
                self._means.count_batched(outcome.keys)
                finished = True
                yield outcome.value
            else:
                self._note(outcome)
        if self._impossible is not None and not finished:
            raise self._impossible  # what all have in common cannot be had
        if ended < self.missing:
            self._progress("generating", self.missing, self.missing)

    def _note(self, outcome: Failed | Parked) -> None:
        if isinstance(outcome, Parked):
            self.parked += 1
            return
        if isinstance(outcome.error, InputError) and not self._plan.own_biographies:
            if self.model is None:
                raise outcome.error
            self._impossible = self._impossible or outcome.error
        self.failed.append((outcome.name, str(outcome.error)))
