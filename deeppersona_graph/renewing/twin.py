"""A run that makes one counterfactual twin, and the twin in the graph."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from deeppersona_graph.errors import (
    ConflictError,
    InputError,
)
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.llm.estimate import Estimator, Forecast, forecast
from deeppersona_graph.llm.executors.drive import Failed, Finished, Parked, Task
from deeppersona_graph.llm.executors.local import LocalExecutor
from deeppersona_graph.llm.means import Means, Via, open_means
from deeppersona_graph.llm.report import Report
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.personas.renewal.twin import Twin, Twinning
from deeppersona_graph.personas.runs import spelled_specification
from deeppersona_graph.personas.store import properties_of, trait_row
from deeppersona_graph.personas.workbench import Plan, Workbench
from deeppersona_graph.renewing.runs import run_row
from deeppersona_graph.settings import Settings


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
        tx.run("record/open_run", **run_row(plan, "twin", parameters, 1, model))
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
