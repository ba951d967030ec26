"""What all parts of the API stand on: settings, the graph, the embedding model, and trees in step with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.generation import Generation
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.schema import ensure_schema
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.mining import Mining
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.renewing.refresh import Refresh
from deeppersona_graph.renewing.twin import TwinRun
from deeppersona_graph.settings import Settings
from deeppersona_graph.taxonomy.provide import check_model, provide_bundled
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.store import Progress
from deeppersona_graph.taxonomy.sync import SyncReport, sync

log = logging.getLogger(__name__)


class Connected:
    """A connection to one graph. Use as a context manager, or `close()` it."""

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
        self._runs: list[Generation | Mining | Refresh | TwinRun] = []
        """Closed with this; one that was iterated to its end has nothing left to close."""
        self._known: dict[str, tuple[str, str, Tree]] = {}
        """Trees by name, with the moment of the database at which they were found in step with it, and when
        they were imported."""

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

    def _in_step(self, taxonomy: str | None = None) -> Tree:
        """The tree for questions, in step with the graph; the same object as long as it is at one version.

        While nothing is committed to the database, nothing is looked at; look-ups remembered by tree last.
        """
        name = taxonomy or self.settings.taxonomy
        moment = self.graph.moment()
        known = self._known.get(name)
        if known is not None and known[0] == moment:
            return known[2]
        self._make_ready(name)
        imported = str(self.graph.read("taxonomy/created", taxonomy=name)[0]["created"])
        tree = None if known is None or known[1] != imported else known[2]
        if tree is None or sync(self.graph, name, self.embedder).version != tree.version:
            tree, _ = self._read(name)
        self._known[name] = (moment, imported, tree)
        return tree

    def _synced(self, taxonomy: str | None = None) -> tuple[str, int]:
        """The name and the version of a taxonomy that is in step with the graph; its tree is not read."""
        name = taxonomy or self.settings.taxonomy
        self._make_ready(name)
        return name, sync(self.graph, name, self.embedder).version

    def _make_ready(self, taxonomy: str) -> None:
        """The bundled taxonomy is there when asked for, and its vectors are of the model of the settings."""
        provide_bundled(self.graph, taxonomy, self.embedder, self._announce, self._progress)
        check_model(self.graph, taxonomy, self.embedder)

    def _synchronised(self, taxonomy: str) -> tuple[Tree, SyncReport]:
        """The tree after a sync; it is read meanwhile, and again only where the sync made another version."""
        self._make_ready(taxonomy)
        return self._read(taxonomy)

    def _read(self, taxonomy: str) -> tuple[Tree, SyncReport]:
        with ThreadPoolExecutor(1) as meanwhile:
            reading = meanwhile.submit(load_tree, self.graph, taxonomy)
            report = sync(self.graph, taxonomy, self.embedder)
        if report.changed or reading.exception() or reading.result().version != report.version:
            return load_tree(self.graph, taxonomy), report
        return reading.result(), report
