"""The part of the API about who shares what: traits in common, nearness, populations compared."""

from __future__ import annotations

from deeppersona_graph.api.connected import Connected


class Sharing(Connected):
    """Who shares what."""
