"""The part of the API that asks the graph in Cypher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.api.connected import Connected
from deeppersona_graph.errors import InputError, TaxonomyShapeError
from deeppersona_graph.graph.asking import Answer, Limits
from deeppersona_graph.insight.cypher import ask_cypher
from deeppersona_graph.insight.schema import GraphModel, graph_model
from deeppersona_graph.taxonomy.sync import SyncReport, sync


@dataclass(frozen=True)
class Written:
    """A write that is committed, and what it changed of each taxonomy, by name."""

    answer: Answer
    synced: Mapping[str, SyncReport]


class Asking(Connected):
    """Cypher that people write themselves."""

    def cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limit: int = 1000,
        timeout: float = 10.0,
        megabytes: float = 16.0,
    ) -> Answer:
        """The rows of a query that only reads, at most `limit`; for EXPLAIN and PROFILE a plan.

        It ends after `timeout` seconds, whatever the server does, and takes at most `megabytes` from it.
        Raises `InputError` for what writes, reaches beyond the graph or cannot be run.
        """
        return ask_cypher(self.graph, text, parameters or {}, _limits(limit, timeout, megabytes))

    def write_cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limit: int = 1000,
        timeout: float = 10.0,
        megabytes: float = 16.0,
    ) -> Written:
        """Run a query that may write, in one transaction, and sync the taxonomies, so that the edit counts.

        Raises as `cypher` does, then nothing was changed; and `TaxonomyShapeError` where the write is there
        but a taxonomy is no tree any more.
        """
        limits = _limits(limit, timeout, megabytes)
        answer = ask_cypher(self.graph, text, parameters or {}, limits, write=True)
        synced: dict[str, SyncReport] = {}
        wrote = any(count for count in answer.counters.values())
        for row in self.graph.read("taxonomy/names") if wrote else ():
            name = str(row["name"])
            try:
                synced[name] = sync(self.graph, name, self.embedder, whole=True)
            except TaxonomyShapeError as error:
                raise TaxonomyShapeError(
                    f"the write is done, but the taxonomy {name!r} is no tree any more: {error}; "
                    f"or take it back with `deeppersona taxonomy undo --by-hand --taxonomy {name}`"
                ) from error
        return Written(answer, synced)

    def graph_model(self) -> GraphModel:
        """The model of the graph, for people who write Cypher: labels, properties, relationships, counts."""
        return graph_model(self.graph)


def _limits(rows: int, seconds: float, megabytes: float) -> Limits:
    for name, value in (("limit", rows), ("timeout", seconds), ("megabytes", megabytes)):
        if not 0 < value <= 1e9:
            raise InputError(f"{name} {value:g}: expected a number above 0")
    return Limits(rows, seconds, megabytes)
