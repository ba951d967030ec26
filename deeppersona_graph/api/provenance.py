"""The part of the API that tells where a value comes from."""

from __future__ import annotations

from deeppersona_graph.api.connected import Connected


class Provenance(Connected):
    """Why a persona has a value."""
