"""By what means a run gets its answers: live, in batch files, from the store alone, or without a model."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deeppersona_graph.errors import InputError
from deeppersona_graph.llm.budget import Budget
from deeppersona_graph.llm.estimate import Estimator
from deeppersona_graph.llm.executors.batch import FOLDER, BatchExecutor
from deeppersona_graph.llm.executors.drive import Executor
from deeppersona_graph.llm.executors.local import LocalExecutor
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.executors.replay import ReplayExecutor
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.providers import open_provider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import AnswerStore, open_store
from deeppersona_graph.settings import Settings

Via = Literal["online", "batch", "replay"]


@dataclass
class Means:
    """How a run gets its answers; what is open is closed with `stack`."""

    executor: Executor
    report: Report
    store: AnswerStore | None = None
    """Where answers are kept; none: there is no model."""
    batch: BatchExecutor | None = None
    """Where requests go into files."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The batch files that were written last."""
        return () if self.batch is None else self.batch.files

    def count_batched(self, keys: Iterable[str]) -> None:
        """Count what the answers of `keys` cost that came in batch files: they were paid for elsewhere."""
        if self.batch is None or self.store is None:
            return
        for answer in self.store.answers(keys):
            if answer.source != "online":
                self.report.spend(answer.prompt, answer.asked, answer.raw.tokens)


def open_means(
    settings: Settings, model: str | None, via: Via, budget: float | None, stack: ExitStack
) -> Means:
    """The executor of a run; raises `InputError` for a budget that nothing can be held to, and what opening
    the endpoint and the store raises."""
    if model is None:
        if budget is not None or via != "online":
            raise InputError("--budget and --via are for language models, and none is named; see --model")
        local = LocalExecutor()
        return Means(local, local.report)
    store: AnswerStore = stack.enter_context(open_store(settings))
    report = Report(Prices.load(settings.prices), batch=via == "batch")
    if budget is not None and not (math.isfinite(budget) and budget > 0):
        raise InputError(f"a budget of {budget:g} USD: expected a number above 0")
    if via == "online":
        limit = None if budget is None else Budget(budget, model, Estimator.of(store, model), report)
        provider = open_provider(settings)
        stack.callback(provider.close)
        return Means(
            OnlineExecutor(provider, store, report, slots=settings.concurrency, budget=limit),
            report,
            store,
        )
    if budget is not None:
        raise InputError("--budget holds live requests; what batch files cost shows --dry-run")
    if via == "replay":
        return Means(ReplayExecutor(store, report), report, store)
    batch = BatchExecutor(store, settings.data_dir / FOLDER, report)
    return Means(batch, report, store, batch)
