"""A run of generation: its executor, its people as they come, and what became of those who did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from deeppersona_graph.errors import InputError, InterruptedRunError, PrerequisiteError
from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.estimate import Estimator
from deeppersona_graph.llm.executors.batch import FOLDER, BatchExecutor
from deeppersona_graph.llm.executors.drive import Executor, Failed, Finished, Parked
from deeppersona_graph.llm.executors.local import LocalExecutor
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.executors.replay import ReplayExecutor
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.providers import open_provider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import AnswerStore, open_store
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.personas.anchors import Anchors
from deeppersona_graph.personas.generate import generate
from deeppersona_graph.personas.runs import close_run
from deeppersona_graph.personas.workbench import Plan, Workbench
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.store import Progress
from deeppersona_graph.taxonomy.sync import SyncReport

Via = Literal["online", "batch", "replay"]
VIAS: tuple[Via, ...] = get_args(Via)

Values = Literal["auto", "bank", "model"]


def chosen_model(values: Values, settings: Settings) -> str | None:
    """The language model that values come from; none: the bank.

    Raises `PrerequisiteError` where a model is wanted and none is named.
    """
    if values == "model" and settings.model is None:
        raise PrerequisiteError(
            "no language model is named; name one with --model or DEEPPERSONA_MODEL, or use --values bank, "
            "which needs none"
        )
    return None if values == "bank" else settings.model


@dataclass
class Means:
    """How a run gets its answers; what is open is closed with `stack`."""

    executor: Executor
    report: Report
    batch: BatchExecutor | None = None
    """Where requests go into files."""


def open_means(
    settings: Settings, specification: Specification, via: Via, budget: float | None, stack: ExitStack
) -> Means:
    """The executor of a run; raises `InputError` for a budget that nothing can be held to, and what opening
    the endpoint and the store raises."""
    model = specification.model
    if model is None:
        if budget is not None or via != "online":
            raise InputError("--budget and --via are for language models, and none is named; see --model")
        local = LocalExecutor()
        return Means(local, local.report)
    store: AnswerStore = stack.enter_context(open_store(settings))
    report = Report(Prices.load(settings.prices), batch=via == "batch")
    if via == "online":
        limit = None if budget is None else Budget(budget, model, Estimator.of(store, model), report)
        provider = open_provider(settings)
        stack.callback(provider.close)
        return Means(
            OnlineExecutor(provider, store, report, slots=settings.concurrency, budget=limit), report
        )
    if budget is not None:
        raise InputError("--budget holds live requests; what batch files cost shows --dry-run")
    if via == "replay":
        return Means(ReplayExecutor(store, report), report)
    batch = BatchExecutor(store, settings.data_dir / FOLDER, report)
    return Means(batch, report, batch)


class Generation:
    """A run of `generate`: iterate to make the people who are missing; each is in the graph when it comes."""

    def __init__(
        self,
        bench: Workbench,
        plan: Plan,
        anchors: Anchors,
        means: Means,
        held: ExitStack,
        ending: ExitStack,
        *,
        count: int,
        ids: Sequence[str],
        sync: SyncReport,
        progress: Progress,
    ) -> None:
        """`held` closes what the run has open; `ending` does, and records that the run was interrupted."""
        self.population, self.seed, self.count = plan.population, plan.seed, count
        self.run, self.model, self.outdated = plan.run, plan.specification.model, plan.outdated
        self.ids = tuple(ids)
        """Of the people whom the population had already."""
        self.sync, self.report = sync, means.report
        self.failed: list[tuple[str, str]] = []
        """People who came to nothing, by their place in the population, each with the reason."""
        self.parked = 0
        """People who wait for answers to batch files."""
        self._bench, self._plan, self._means, self._progress = bench, plan, means, progress
        self._people = self._made(anchors, held, ending)

    @property
    def missing(self) -> int:
        """How many people the iteration makes."""
        return self.count - len(self.ids)

    @property
    def files(self) -> tuple[Path, ...]:
        """The batch files that this run wrote."""
        return () if self._means.batch is None else self._means.batch.files

    def __iter__(self) -> Iterator[Persona]:
        return self._people

    def _made(self, anchors: Anchors, held: ExitStack, ending: ExitStack) -> Iterator[Persona]:
        with held:
            with ending:
                try:
                    outcomes = generate(self._bench, self._plan, anchors, self._means.executor)
                    for ended, outcome in enumerate(outcomes, start=1):
                        self._progress("generating", ended, self.missing)
                        if isinstance(outcome, Finished):
                            yield outcome.value
                        else:
                            self._note(outcome)
                except InterruptedRunError:
                    ending.pop_all()  # nobody is there to be told
                    raise
                ending.pop_all()
            state = "unfinished" if self.failed else "waiting" if self.parked else "finished"
            close_run(self._bench.graph, self._plan, state, self.report)

    def _note(self, outcome: Failed | Parked) -> None:
        if isinstance(outcome, Parked):
            self.parked += 1
        elif isinstance(outcome.error, InputError) and not self._plan.own_biographies:
            raise outcome.error  # what all have in common cannot be had
        else:
            self.failed.append((outcome.name, str(outcome.error)))
