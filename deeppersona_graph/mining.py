"""A run of mining: its executor, what it is expected to take, and the record of it in the graph."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import InputError, PrerequisiteError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.llm.answers import Tokens
from deeppersona_graph.llm.estimate import Estimator
from deeppersona_graph.llm.means import Means, Via, open_means
from deeppersona_graph.llm.packs import Packer
from deeppersona_graph.llm.prompts import Prompts
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Asker
from deeppersona_graph.llm.store import AnswerStore
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.dialogues import Dialogues
from deeppersona_graph.taxonomy.mining.build import Bench, build, first_questions
from deeppersona_graph.taxonomy.mining.interview import Interview
from deeppersona_graph.taxonomy.mining.report import MiningReport
from deeppersona_graph.taxonomy.store import Progress

WHOLE_REQUESTS, WHOLE_SENT, WHOLE_RECEIVED = 3.0, 2.1, 4.4
"""Requests and tokens of a run for each of its first two steps, about, as measured on 300 real pairs
(benchmarks/RESULTS.md)."""

BRANCHES = 12
"""Thin branches for which attributes are proposed, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class MiningForecast:
    """What a run will take: the first two steps counted, the later ones by experience.

    `cost` in USD; None: the model's price is not known.
    """

    exchanges: int
    new: int
    requests: int
    tokens: Tokens
    cost: float | None

    def summary(self) -> str:
        """One line for the person at the terminal."""
        money = "no price is known, so tokens only" if self.cost is None else f"about {self.cost:.2f} USD"
        return (
            f"{self.exchanges:,} exchanges, {self.new:,} of them new, will take about {self.requests:,} "
            f"requests, {self.tokens.sent:,} tokens sent and {self.tokens.received:,} received: {money}"
        )


class Mining:
    """A run of `mine`; `run()` makes it, `forecast()` only estimates it."""

    def __init__(
        self,
        settings: Settings,
        graph: Graph,
        tree: Callable[[], Tree],
        embedder: Embedder,
        dialogues: Dialogues,
        taxonomy: str,
        progress: Progress,
        *,
        via: Via,
        budget: float | None,
        branches: int,
    ) -> None:
        """`tree` gives the taxonomy as it stands in the graph, made first where there is none.

        Raises `PrerequisiteError` where no model is named, and what opening endpoint and store raises.
        """
        if settings.model is None:
            raise PrerequisiteError(
                "mining needs a language model, and none is named; name one with --model or DEEPPERSONA_MODEL"
            )
        if branches < 0:
            raise InputError(f"--expand {branches}: expected 0 or more branches")
        self.model, self.via, self.taxonomy, self.dialogues = settings.model, via, taxonomy, dialogues
        self._graph, self._tree, self._embedder, self._progress = graph, tree, embedder, progress
        self._branches = branches
        self._held = ExitStack()
        self._means: Means = open_means(settings, settings.model, via, budget, self._held)

    @property
    def report(self) -> Report:
        """What was asked, and what it took."""
        return self._means.report

    @property
    def priced(self) -> bool:
        """Whether what the run costs is known."""
        return self.report.prices.of(self.model) is not None

    def close(self) -> None:
        """Give back what is open."""
        self._held.close()

    def forecast(self) -> MiningForecast:
        """What the run will take of the model; nothing is asked, and nothing written."""
        exchanges = {one.id: one for one in self.dialogues.read()}
        packer = _packer(self._means, self.model)
        first = first_questions(self._graph, self.taxonomy, packer, exchanges)
        estimator = Estimator.of(_store(self._means), self.model)
        tokens = sum((estimator.tokens(request) for request in first.requests), Tokens())
        whole = Tokens(
            round(WHOLE_SENT * tokens.sent),
            round(WHOLE_SENT * tokens.cached),
            round(WHOLE_RECEIVED * tokens.received),
        )
        cost = self.report.prices.cost(self.model, whole, batch=self._means.batch is not None)
        return MiningForecast(
            first.exchanges, first.new, round(WHOLE_REQUESTS * len(first.requests)), whole,
            cost if first.requests else 0.0,
        )  # fmt: skip

    def run(self) -> MiningReport:
        """Mine, and report; raises what reading the files and asking the model raises."""
        tree = self._tree()
        interview = open_interview(self._means, self.model, self._graph, self.taxonomy, self._progress)
        bench = Bench(self._graph, tree, self._embedder, interview, self._progress, self._branches)
        identity = self._open()
        state = "interrupted"
        try:
            found = build(bench, self.dialogues.read())
            state = "unfinished" if found.failed else found.state
        finally:
            self._graph.write("record/close_run", id=identity, state=state, **self.report.spent())
        return found

    def _open(self) -> str:
        parameters: Mapping[str, Any] = {
            "files": [path.name for path in self.dialogues.paths], "expand": self._branches,
        }  # fmt: skip
        spelled = json.dumps(parameters, sort_keys=True, ensure_ascii=False)
        identity = digest("run", "mine", self.taxonomy, spelled).hex()[:16]
        self._graph.write(
            "record/open_run", id=identity, kind="mine", population=None, parameters=spelled, seed=None,
            count=None, model=self.model, via=self.via, endpoint=None, file=None, field=None, read=None,
        )  # fmt: skip
        return identity


def open_interview(means: Means, model: str, graph: Graph, taxonomy: str, progress: Progress) -> Interview:
    """The questions about a taxonomy, asked by these means."""
    return Interview(_packer(means, model), graph, taxonomy, progress)


def _packer(means: Means, model: str) -> Packer:
    return Packer(means, _store(means), Asker(Prompts(), model))


def _store(means: Means) -> AnswerStore:
    assert means.store is not None  # there is a model
    return means.store
