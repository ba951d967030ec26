"""deeppersona-graph: deep synthetic personas from a taxonomy that lives in Neo4j."""

from __future__ import annotations

from typing import Any

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    """`connect` is imported when it is first asked for: the command line must answer fast."""
    if name == "connect":
        from deeppersona_graph.api import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
