"""Constraints and indexes, and the version they are at."""

from __future__ import annotations

from deeppersona_graph.errors import ServerError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.statements import statements

VERSION = 3


def ensure_schema(graph: Graph) -> None:
    """Lay the schema where the database lacks it; costs one query where it is there.

    Raises `ServerError` where the database was laid by a newer version of the program.
    """
    found = graph.read("record/schema_version")[0]["version"]
    if found is not None and found > VERSION:
        raise ServerError(
            f"the database at {graph.uri} has schema version {found}, this program knows {VERSION}; "
            "upgrade deeppersona-graph"
        )
    if found != VERSION:
        graph.run_schema(one.name for one in statements() if one.access == "schema")
        graph.write("record/set_schema_version", version=VERSION)
