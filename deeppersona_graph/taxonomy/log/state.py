"""The state of a taxonomy: all that somebody set in it, as nodes and links that can be compared.

What follows from the rest (paths, vectors, counts of siblings and leaves, support where there is evidence) is
no part of it: it is derived again after each change.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deeppersona_graph.graph.connection import Row
from deeppersona_graph.model.tree import Path

DERIVED = (
    "id", "taxonomy", "path", "depth", "siblings", "leaves", "prerequisite", "required", "embedding",
    "name_embedding", "name_embedded",
)  # fmt: skip
"""Properties that are keys, or follow from others."""

TREE = ("HAS_CHILD", "ADMITS", "REQUIRES", "EXCLUDES", "IMPLIES", "EVIDENCES", "BECAME")
"""The kinds of link that make a version; decisions are linked whenever they are taken."""


CONSTRAINTS = ("REQUIRES", "EXCLUDES", "IMPLIES")
"""Of these, what nodes demand of one another."""

HAS = "HAS"
"""The kind of link from a persona to an attribute; a state has those that are asked for."""


class Key(NamedTuple):
    """A node by its kind (attribute, value, exchange, proposal, decision, persona) and id."""

    kind: str
    id: str


class Link(NamedTuple):
    """An edge; its properties are JSON with sorted keys, empty where there are none."""

    kind: str
    start: Key
    end: Key
    properties: str = ""


Run = Callable[..., list[Row]]
"""Runs a statement by name with its parameters: of a transaction, or of the graph."""

Properties = Mapping[str, Any]


def attribute_key(identity: str) -> Key:
    """The key of an attribute."""
    return Key("attribute", identity)


def value_key(identity: str) -> Key:
    """The key of a value."""
    return Key("value", identity)


@dataclass
class State:
    """What stands in a taxonomy: the properties of its nodes by key, and how often each link is there."""

    nodes: dict[Key, Properties] = field(default_factory=dict)
    links: Counter[Link] = field(default_factory=Counter)

    def draft(self) -> State:
        """A copy to change; the properties of a node are replaced, never changed."""
        return State(dict(self.nodes), copy(self.links))

    def parents(self) -> Mapping[str, str]:
        """The parent of each attribute that has one, by id."""
        return {link.end.id: link.start.id for link in self.links if link.kind == "HAS_CHILD"}

    def paths(self) -> dict[str, Path]:
        """The path of each attribute by id; of what hangs in a circle, none."""
        parents = self.parents()
        below: dict[str | None, list[str]] = {}
        for key in self.nodes:
            if key.kind == "attribute":
                below.setdefault(parents.get(key.id), []).append(key.id)
        found: dict[str, Path] = {}
        waiting: list[tuple[Path, str]] = [((), root) for root in below.get(None, ())]
        while waiting:
            above, identity = waiting.pop()
            found[identity] = path = (*above, str(self.nodes[attribute_key(identity)].get("name")))
            waiting += [(path, child) for child in below.get(identity, ())]
        return found

    def bearers(self, keys: Collection[Key]) -> set[str]:
        """The attributes among some nodes, and those whose values are among them, by id."""
        owners = self.owners()
        found = {key.id if key.kind == "attribute" else owners.get(key.id) for key in keys}
        return {identity for identity in found if identity is not None}

    def owners(self) -> dict[str, str]:
        """The attribute that admits each value, by ids."""
        return {link.end.id: link.start.id for link in self.links if link.kind == "ADMITS"}


def read_state(run: Run, taxonomy: str) -> State:
    """The state of a taxonomy as it stands, read through a transaction or the graph."""
    nodes: dict[Key, Properties] = {
        Key(row["kind"], identity): dict(zip(keys, values, strict=True))
        for row in run("log/read_nodes", taxonomy=taxonomy, without=list(DERIVED))
        for identity, keys, values in row["nodes"]
    }
    links = Counter(_links(run("log/read_links", taxonomy=taxonomy)))
    if any(link.kind == "EVIDENCES" for link in links):
        for key, properties in nodes.items():
            if "support" in properties:
                nodes[key] = {name: one for name, one in properties.items() if name != "support"}
    return State(nodes, links)


def spelled(properties: Properties | None) -> str:
    """Properties of a link as a text that is the same for the same properties."""
    return json.dumps(properties, sort_keys=True, ensure_ascii=False, default=str) if properties else ""


def _links(rows: Iterable[Row]) -> Iterator[Link]:
    for row in rows:
        start = Key(row["start"], row["from"])
        for kind, identity, properties in row["ends"]:
            yield Link(row["kind"], start, Key(kind, identity), spelled(properties))
