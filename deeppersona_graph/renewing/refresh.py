"""A run that refreshes a population: its means, what it is expected to take, the record of it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

from deeppersona_graph.errors import (
    DepthError,
    InputError,
    InterruptedRunError,
)
from deeppersona_graph.llm.estimate import Estimator, Expected, Forecast, forecast
from deeppersona_graph.llm.executors.drive import Failed, Finished, Outcome, Parked
from deeppersona_graph.llm.executors.local import LocalExecutor
from deeppersona_graph.llm.means import Means, Via, open_means
from deeppersona_graph.llm.report import Report
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.personas.renewal.refresh import Changed, Refreshing, RefreshPlan, Renewed
from deeppersona_graph.personas.store import population_ids
from deeppersona_graph.personas.workbench import Workbench
from deeppersona_graph.renewing.runs import open_plan, record_run, recorded_population
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.store import Progress

SAMPLE = 8
"""People whose requests are put together to estimate those of all."""


class Refresh:
    """A refresh of a population; iterate to make it, `forecast()` only estimates it.

    `plan` says whom it concerns and why; those whom it does not concern are not touched.
    """

    def __init__(
        self,
        settings: Settings,
        bench: Workbench,
        population: str,
        changed: Changed,
        progress: Progress,
        *,
        via: Via,
        budget: float | None,
    ) -> None:
        specification, seed = recorded_population(bench.graph, population)
        self.population = population
        self.model = None if bench.asker is None else bench.asker.model
        self.failed: list[tuple[str, str]] = []
        """People whose records could not be mended, each with the reason; they are as they were."""
        self.parked = 0
        """People who wait for answers to batch files."""
        self.via = via
        run = digest("run", "refresh", population, bench.tree.version, self.model or "").hex()[:16]
        plan, self.lost_biases = open_plan(run, bench.tree, population, seed, specification, via)
        self.run = run
        self._refreshing = Refreshing(bench, plan, changed)
        self._bench, self._progress = bench, progress
        with ExitStack() as opened:
            self._means: Means = open_means(settings, self.model, via, budget, opened)
            self.plan: RefreshPlan = self._refreshing.survey(
                population_ids(bench.graph, population),
                lambda done, total: progress("examining", done, total),
            )
            self._held = opened.pop_all()
        self._renewed = self._made()

    @property
    def report(self) -> Report:
        """What was asked of the model, and what it took."""
        return self._means.report

    @property
    def priced(self) -> bool:
        """Whether there is a model whose price is known."""
        return self.model is not None and self.report.prices.of(self.model) is not None

    def forecast(self, sample: int = SAMPLE) -> Forecast:
        """What the refresh will take of the model, judged by some of the people; nothing is spent.

        What loses its ground only through new values is not foreseen. Raises `InputError` where there is no
        model.
        """
        if self._means.store is None or self.model is None:
            raise InputError("nothing is spent without a language model; name one with --model to estimate")
        people = self.plan.people
        step = max(1, len(people) // sample)
        found = expected_of(self._refreshing, people[::step][:sample])
        estimator = Estimator.of(self._means.store, self.model)
        batch = self._means.batch is not None
        return forecast(found, len(people), estimator, self.report.prices, batch=batch)

    def close(self) -> None:
        """End a refresh that nobody iterates to its end; who was finished stays so."""
        self._renewed.close()
        self._held.close()

    def __iter__(self) -> Iterator[Renewed]:
        return self._renewed

    def _made(self) -> Generator[Renewed, None, None]:
        graph, plan, people = self._bench.graph, self._refreshing.plan, self.plan.people
        if not people:
            self._held.close()
            return
        parameters = {"version": self._bench.tree.version, "values": dict(self.plan.values)}
        record_run(graph, plan, "refresh", parameters, len(people), self.model)
        state = "interrupted"
        with self._held:
            try:
                with closing(self._means.executor.run(self._refreshing.tasks(people, plan.run))) as outcomes:
                    yield from self._finished(outcomes)
                state = "unfinished" if self.failed else "waiting" if self.parked else "finished"
            except InterruptedRunError:
                state = ""  # nobody is there to be told
                raise
            finally:
                if state:
                    graph.write("record/close_run", id=plan.run, state=state, **self.report.spent())

    def _finished(self, outcomes: Iterator[Outcome[Renewed]]) -> Iterator[Renewed]:
        for ended, outcome in enumerate(outcomes, start=1):
            self._progress("refreshing", ended, len(self.plan.people))
            if isinstance(outcome, Finished):
                self._means.count_batched(outcome.keys)
                yield outcome.value
            elif isinstance(outcome, Parked):
                self.parked += 1
            else:
                self.failed.append((outcome.name, str(outcome.error)))


def expected_of(refreshing: Refreshing, people: Sequence[Any]) -> list[list[Expected]]:
    """The requests that these people will take; those who cannot be mended take none."""
    found = []
    for outcome in LocalExecutor().run(refreshing.expected(people)):
        if isinstance(outcome, Finished):
            found.append(outcome.value)
        elif isinstance(outcome, Failed) and not isinstance(outcome.error, DepthError):
            raise outcome.error
    return found
