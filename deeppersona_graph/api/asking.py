"""The part of the API that asks the graph in Cypher."""

from __future__ import annotations

from deeppersona_graph.api.connected import Connected


class Asking(Connected):
    """Cypher that people write themselves."""
