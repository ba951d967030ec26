"""The part of the API that changes a taxonomy, and takes changes back."""

from __future__ import annotations

from deeppersona_graph.api.connected import Connected


class Edits(Connected):
    """Edits of a taxonomy, each one transaction with its entry in the log."""
