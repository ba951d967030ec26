"""Personas' edges as part of a state, for changes that give them another attribute."""

from __future__ import annotations

from collections.abc import Collection

from deeppersona_graph.graph.connection import Transaction
from deeppersona_graph.taxonomy.log.delta import Delta
from deeppersona_graph.taxonomy.log.state import HAS, Key, Link, State, attribute_key, spelled


def with_people(tx: Transaction, taxonomy: str, state: State, attributes: Collection[str]) -> State:
    """The state with the edges from personas to these attributes, and with the depth of each persona."""
    if not attributes:
        return state
    found = state.draft()
    for row in tx.run("log/read_people", taxonomy=taxonomy, attributes=sorted(attributes)):
        persona = Key("persona", row["persona"])
        found.nodes[persona] = {"depth": row["depth"]}
        found.links[Link(HAS, persona, attribute_key(row["attribute"]), spelled(row["properties"]))] += 1
    return found


def attributes_of(delta: Delta) -> set[str]:
    """The attributes whose edges from personas a change moved."""
    return {link.end.id for link in delta.links if link.kind == HAS}


def as_they_are(state: State, delta: Delta) -> tuple[Delta, int]:
    """The change without those personas who are gone or were made anew since, and how many these are."""
    left = {
        link.start
        for link, more in delta.links.items()
        if link.kind == HAS and (state.links[link] + more < 0 or link.start not in state.nodes)
    }
    for key, (before, _) in delta.nodes.items():
        if key.kind == "persona" and state.nodes.get(key) != before:
            left.add(key)
    nodes = {key: one for key, one in delta.nodes.items() if key not in left}
    links = {link: more for link, more in delta.links.items() if link.start not in left}
    return Delta(nodes, links, delta.vectors), len(left)
