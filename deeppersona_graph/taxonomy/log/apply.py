"""Writing a change of a state into the graph."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from deeppersona_graph.errors import ConflictError
from deeppersona_graph.graph.connection import Transaction
from deeppersona_graph.model.tree import Path
from deeppersona_graph.taxonomy.log.delta import Delta
from deeppersona_graph.taxonomy.log.state import Key, Link, Properties, State


def apply_delta(tx: Transaction, taxonomy: str, after: State, delta: Delta) -> None:
    """Make the graph what `after` is, where `delta` begins; paths follow, vectors of moved attributes go.

    Raises `ConflictError` where an edge, or an end of one, is not there.
    """
    paths = after.paths()
    _link(tx, taxonomy, "log/unlink", {link: -more for link, more in delta.links.items() if more < 0})
    removed = delta.removed
    tx.run("log/remove_nodes", taxonomy=taxonomy, **_by_kind(removed))
    created = {key: after.nodes[key] for key in delta.created}
    tx.run(
        "log/create_nodes", taxonomy=taxonomy, **_rows((k, _placed(k, p, paths)) for k, p in created.items())
    )
    changed = {key: new for key, (old, new) in delta.nodes.items() if old is not None and new is not None}
    tx.run("log/change_nodes", taxonomy=taxonomy, **_rows(changed.items()))
    people = [{"id": key.id, "properties": new} for key, new in changed.items() if key.kind == "persona"]
    tx.run("log/change_people", rows=people)
    _link(tx, taxonomy, "log/link", {link: more for link, more in delta.links.items() if more > 0})
    tx.run("taxonomy/repath", taxonomy=taxonomy)


def _link(tx: Transaction, taxonomy: str, statement: str, links: dict[Link, int]) -> None:
    rows = [
        {
            "kind": link.kind,
            "start": link.start._asdict(),
            "end": link.end._asdict(),
            "properties": json.loads(link.properties or "{}"),
            "count": count,
        }
        for link, count in links.items()
    ]
    if rows and tx.run(statement, taxonomy=taxonomy, rows=rows)[0]["links"] != sum(links.values()):
        kinds = Counter(link.kind for link in links)
        raise ConflictError(
            f"somebody else changed the edges ({', '.join(sorted(kinds))}) at the same time; "
            "run the same command again"
        )


def _placed(key: Key, properties: Properties, paths: dict[str, Path]) -> Properties:
    if key.kind != "attribute":
        return properties
    path = paths[key.id]
    return {**properties, "path": list(path), "depth": len(path)}


def _rows(several: Iterable[tuple[Key, Properties]]) -> dict[str, list[Any]]:
    rows = [(key.kind, {"id": key.id, "properties": properties}) for key, properties in several]
    return {
        "attributes": [row for kind, row in rows if kind == "attribute"],
        "values": [row for kind, row in rows if kind == "value"],
    }


def _by_kind(keys: Iterable[Key]) -> dict[str, list[str]]:
    several = sorted(keys)
    return {
        "attributes": [key.id for key in several if key.kind == "attribute"],
        "values": [key.id for key in several if key.kind == "value"],
    }
