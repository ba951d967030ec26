"""The part of the API that makes parts of personas anew: refresh after edits, counterfactual twins."""

from __future__ import annotations

from deeppersona_graph.api.connected import Connected


class Renewal(Connected):
    """Parts of personas made anew."""
