"""The part of the API that makes parts of personas anew: refresh after edits, counterfactual twins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError
from deeppersona_graph.generation import open_bench
from deeppersona_graph.llm.means import Via
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.generate import Making
from deeppersona_graph.personas.renewal.case import read_cases
from deeppersona_graph.personas.renewal.changes import read_changes
from deeppersona_graph.personas.renewal.mend import Mender
from deeppersona_graph.personas.renewal.refresh import Changed
from deeppersona_graph.personas.renewal.twin import Twinning, twin_id
from deeppersona_graph.personas.store import find_persona
from deeppersona_graph.renewing.refresh import Refresh
from deeppersona_graph.renewing.runs import open_plan, recorded_population
from deeppersona_graph.renewing.twin import TwinRun, of_its_own
from deeppersona_graph.taxonomy.history import changed_spaces
from deeppersona_graph.wanted import Values, assignments, specification_of


class Renewal(Connected):
    """Parts of personas made anew."""

    def refresh(
        self,
        population: str,
        *,
        values: Values = "auto",
        via: Via = "online",
        budget: float | None = None,
    ) -> Refresh:
        """Open a refresh: after edits of the tree, the values that have no ground any more are made again.

        Its `plan` tells whom that concerns; iterating makes it. Values come from the language model of the
        settings, where one is named, else from the bank; `budget` is in USD.
        """
        specification, _ = recorded_population(self.graph, population)
        model = specification_of(self.settings, values, via).model
        tree, _ = self._synchronised(specification.taxonomy)
        bench = open_bench(self.graph, self.embedder, tree, model)
        changed = self._changed_before(tree)
        run = Refresh(self.settings, bench, population, changed, self._progress, via=via, budget=budget)
        self._runs.append(run)
        return run

    def twin(
        self,
        persona: str,
        set: Mapping[str, Any] | Iterable[str],
        *,
        keep: Iterable[str] = (),
        population: str | None = None,
        values: Values = "auto",
        via: Via = "online",
        budget: float | None = None,
    ) -> TwinRun:
        """Open the making of a counterfactual twin: the same person with what is `set`, as pairs or as texts
        `Attribute=value`, and with what follows from that; `keep` are attributes that stay although they
        might.

        It comes into the population "… (twins)" unless another is named. Raises `UnknownNameError` for a
        persona, an attribute or a city nobody knows, `AnchorError` for what cannot be, and `InputError`
        where nothing would change or the twin is there already.
        """
        (case,) = read_cases(self.graph, [find_persona(self.graph, persona)], profiles=True)
        of = case.persona
        specification, seed = recorded_population(self.graph, of.population)
        model = specification_of(self.settings, values, via).model
        tree, _ = self._synchronised(of.taxonomy)
        bench = open_bench(self.graph, self.embedder, tree, model)
        texts, kept = assignments(set), tuple(keep)
        changes = read_changes(texts, kept, of, tree, bench.constraints)
        target = population or self._twins_of(of.population)
        self._check_twins(target)
        identity = twin_id(of.id, target, changes, kept)
        if self.graph.read("personas/find", text=identity, limit=1):
            raise InputError(
                f"this twin of {of.situation.name} is there already: {identity}, in {target!r}; see it with "
                f"`deeppersona show {identity}`, or delete it first"
            )
        run = digest("run", "twin", identity).hex()[:16]
        plan, _ = open_plan(run, tree, target, seed, specification, via)
        twinning = Twinning(Mender(Making.of(bench, plan, 0)), case, changes, identity, target)
        opened = TwinRun(self.settings, bench, twinning, plan, budget=budget)
        self._runs.append(opened)
        return opened

    def _twins_of(self, population: str) -> str:
        """Where twins of people of a population go: those of twins among them."""
        rows = self.graph.read("personas/twins_of", population=population)
        return population if rows and rows[0]["twins_of"] is not None else f"{population} (twins)"

    def _check_twins(self, population: str) -> None:
        rows = self.graph.read("personas/twins_of", population=population)
        if rows and rows[0]["twins_of"] is None:
            raise of_its_own(population)

    def _changed_before(self, tree: Tree) -> Changed:
        """The attributes that have another value space now than at a version of the tree.

        Of versions of which nothing was kept that cannot be told, and is said.
        """

        @cache
        def told() -> Changed:
            return changed_spaces(self.graph, tree.name, tree.version)

        @cache
        def changed(version: int) -> frozenset[str]:
            if version == tree.version:
                return frozenset()
            try:
                return told()(version)
            except InputError as error:
                self._announce(f"{error}; values drawn then are made again only where they stand no more")
                return frozenset()

        return changed
