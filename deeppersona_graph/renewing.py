"""Runs that make parts of personas anew: their means, what they are expected to take, the record of them."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from deeppersona_graph.errors import (
    ConflictError,
    DepthError,
    InputError,
    InterruptedRunError,
    UnknownNameError,
)
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.llm.estimate import Estimator, Expected, Forecast, forecast
from deeppersona_graph.llm.executors.drive import Failed, Finished, Outcome, Parked, Task
from deeppersona_graph.llm.executors.local import LocalExecutor
from deeppersona_graph.llm.means import Means, Via, open_means
from deeppersona_graph.llm.report import Report
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.renewal.refresh import Changed, Refreshing, RefreshPlan, Renewed
from deeppersona_graph.personas.renewal.twin import Twin, Twinning
from deeppersona_graph.personas.runs import spelled_specification
from deeppersona_graph.personas.select import Biases
from deeppersona_graph.personas.store import population_ids, properties_of, trait_row
from deeppersona_graph.personas.workbench import Plan, Workbench
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.store import Progress

SAMPLE = 8
"""People whose requests are put together to estimate those of all."""


def recorded_population(graph: Graph, population: str) -> tuple[Specification, int]:
    """What a population was specified to be, and its seed.

    Raises `UnknownNameError` where there is none, and `InputError` where no tree was behind it.
    """
    population_ids(graph, population, below=0)
    row = next(row for row in graph.read("personas/populations") if row["name"] == population)
    if row["specification"] is None:
        raise InputError(
            f"the population {population!r} does not say what it was to be; it was not generated"
        )
    specification = Specification.of(json.loads(row["specification"]))
    if specification.attributes == "model":
        raise InputError(
            f"a model named the attributes of {population!r}; there is no tree that it could be held against"
        )
    return specification, int(row["seed"])


def open_plan(
    run: str, tree: Tree, population: str, seed: int, specification: Specification, via: Via
) -> tuple[Plan, list[str]]:
    """The plan of a run on people who are there, and the branches whose bias is left out, as no attribute is
    called so any more."""
    biases, lost = _biases(specification, tree)
    plan = Plan(
        run=run, population=population, seed=seed, specification=specification, biases=biases, people=(),
        taken=frozenset(), outdated=False, via=via,
    )  # fmt: skip
    return plan, lost


def record_run(
    graph: Graph, plan: Plan, kind: str, parameters: dict[str, Any], count: int, model: str | None
) -> None:
    """Record that a run begins."""
    graph.write("record/open_run", **_run_row(plan, kind, parameters, count, model))


def _run_row(
    plan: Plan, kind: str, parameters: dict[str, Any], count: int, model: str | None
) -> dict[str, Any]:
    return {
        "id": plan.run, "kind": kind, "population": plan.population,
        "parameters": json.dumps(parameters, sort_keys=True, ensure_ascii=False), "seed": plan.seed,
        "count": count, "model": model, "via": plan.via, "endpoint": None, "file": None, "field": None,
        "read": None,
    }  # fmt: skip


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


def _biases(specification: Specification, tree: Tree) -> tuple[Biases, list[str]]:
    found, lost = [], []
    for branch, factor in specification.biases:
        try:
            found.append((find_attribute(tree, branch).id, factor))
        except UnknownNameError:
            lost.append(branch)
    return tuple(found), lost


class TwinRun:
    """A run that makes one twin; `forecast()` only estimates it."""

    def __init__(
        self,
        settings: Settings,
        bench: Workbench,
        twinning: Twinning,
        plan: Plan,
        *,
        budget: float | None,
    ) -> None:
        self.model = None if bench.asker is None else bench.asker.model
        self.population, self.id, self.of = twinning.population, twinning.id, twinning.case.persona
        self.via = plan.via
        self._bench, self._twinning, self._plan = bench, twinning, plan
        self._held = ExitStack()
        self._means: Means = open_means(settings, self.model, cast(Via, plan.via), budget, self._held)

    @property
    def report(self) -> Report:
        """What was asked of the model, and what it took."""
        return self._means.report

    @property
    def files(self) -> tuple[Path, ...]:
        """The batch files that this run wrote."""
        return self._means.files

    @property
    def priced(self) -> bool:
        """Whether there is a model whose price is known."""
        return self.model is not None and self.report.prices.of(self.model) is not None

    def forecast(self) -> Forecast:
        """What the twin will take of the model; nothing is spent. Raises what making it would."""
        if self._means.store is None or self.model is None:
            raise InputError("nothing is spent without a language model; name one with --model to estimate")
        (outcome,) = LocalExecutor().run([Task("twin", self._twinning.expected())])
        if isinstance(outcome, Failed):
            raise outcome.error
        assert isinstance(outcome, Finished)
        estimator = Estimator.of(self._means.store, self.model)
        batch = self._means.batch is not None
        return forecast([outcome.value], 1, estimator, self.report.prices, batch=batch)

    def make(self, *, store: bool = True) -> Twin | None:
        """The twin, which is in the graph then, unless it is not to be; None: it waits for a batch file.

        Raises `AnchorError` where what is set cannot be with what is kept, and what asking raises.
        """
        with self._held:
            (outcome,) = self._means.executor.run([Task("twin", self._twinning.twin())])
        if isinstance(outcome, Failed):
            raise outcome.error
        if isinstance(outcome, Parked):
            return None
        self._means.count_batched(outcome.keys)
        return self._stored(outcome.value) if store else outcome.value

    def close(self) -> None:
        """Give back what is open."""
        self._held.close()

    def _stored(self, twin: Twin) -> Twin:
        persona = store_twin(
            self._bench.graph,
            self._plan,
            twin,
            self.of,
            parameters={"twin_of": self.of.id, "set": list(self._twinning.changes.texts)},
            model=self.model,
            report=self.report,
        )
        return replace(twin, case=replace(twin.case, persona=persona))


def store_twin(
    graph: Graph,
    plan: Plan,
    twin: Twin,
    of: Persona,
    *,
    parameters: dict[str, Any],
    model: str | None,
    report: Report,
) -> Persona:
    """Write a twin with its run into the population of the plan, in one transaction; the twin with its index.

    Raises `InputError` where that population has people of its own.
    """
    case = twin.case
    assert case.profile is not None
    profile = case.profile.tolist()
    shared = [
        {"attribute": trait.attribute, "run": case.runs.get(trait.attribute),
         "version": case.versions[trait.attribute]}
        for trait in (*case.persona.core, *case.persona.traits)
        if trait in (*of.core, *of.traits)
    ]  # fmt: skip

    def write(tx: Transaction) -> Persona:
        opened = tx.run(
            "personas/open_twins", population=plan.population, seed=plan.seed,
            specification=spelled_specification(plan.specification), of=of.population,
        )[0]  # fmt: skip
        if opened["twins_of"] is None:
            raise of_its_own(plan.population)
        persona = replace(case.persona, index=opened["next"])
        tx.run("record/open_run", **_run_row(plan, "twin", parameters, 1, model))
        row = {
            "properties": properties_of(persona),
            "embedding": profile,
            "traits": [
                trait_row(trait, plan.run, persona.taxonomy_version)
                for trait in (*persona.core, *persona.traits)
            ],
        }
        written = tx.run("personas/store", population=plan.population, run=plan.run, rows=[row])[0]
        linked = tx.run("personas/link_twin", id=persona.id, of=of.id, own_seed=case.own_seed, shared=shared)
        if written != {"personas": 1, "pairs": len(row["traits"])} or not linked:
            raise ConflictError(
                f"{of.situation.name}, or an attribute, was deleted during the run; run the command again"
            )
        tx.run("record/close_run", id=plan.run, state="finished", **report.spent())
        return persona

    return graph.transact(write)


def of_its_own(population: str) -> InputError:
    """Why a population cannot take twins."""
    return InputError(
        f"the population {population!r} has people of its own; twins go among twins: choose another"
    )
