"""The part of the API about strata and coverage: what was near and far, and what is left out."""

from __future__ import annotations

from deeppersona_graph.api.connected import Connected


class Coverage(Connected):
    """Strata and coverage."""
