"""The difference of two states of a taxonomy, which can be read both ways."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deeppersona_graph.taxonomy.log.state import HAS, TREE, Key, Link, Properties, State

Change = tuple[Properties | None, Properties | None]
"""Of a node that was made or removed: None and all its properties, or the other way round. Of one that was
changed: those of its properties that differ, before and afterwards; None where one was not set."""


class Vector(NamedTuple):
    """A vector that a node lost, with the text it was made from, in 32-bit floats."""

    of: str
    floats: bytes


@dataclass(frozen=True)
class Delta:
    """What a change did."""

    nodes: Mapping[Key, Change] = field(default_factory=dict)
    links: Mapping[Link, int] = field(default_factory=dict)
    """How many more of each link there are afterwards."""
    vectors: Mapping[tuple[Key, str], Vector] = field(default_factory=dict)
    """Vectors that nodes lost, by node and property."""

    def __bool__(self) -> bool:
        return bool(self.nodes or self.links)

    @property
    def inverse(self) -> Delta:
        """What takes the change back. Vectors are those to be given back."""
        return Delta(
            {key: (after, before) for key, (before, after) in self.nodes.items()},
            {link: -count for link, count in self.links.items()},
            self.vectors,
        )

    def touched(self) -> set[Key]:
        """The nodes that were made, removed, changed, or linked otherwise."""
        ends = {key for link in self.links for key in (link.start, link.end)}
        return set(self.nodes) | ends

    @property
    def created(self) -> set[Key]:
        """The nodes that are new."""
        return {key for key, (before, _) in self.nodes.items() if before is None}

    @property
    def removed(self) -> set[Key]:
        """The nodes that are gone."""
        return {key for key, (_, after) in self.nodes.items() if after is None}

    @property
    def of_tree(self) -> Delta:
        """The same without personas, and without what is linked outside of versions."""
        return Delta(
            {key: one for key, one in self.nodes.items() if key.kind != "persona"},
            {link: more for link, more in self.links.items() if link.kind in TREE},
        )


def compare(before: State, after: State) -> Delta:
    """The difference of two states."""
    nodes: dict[Key, Change] = {}
    for key in before.nodes.keys() | after.nodes.keys():
        old, new = before.nodes.get(key), after.nodes.get(key)
        if old is None or new is None:
            nodes[key] = (old, new)
        elif old != new:
            differing = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
            nodes[key] = (
                {name: old.get(name) for name in differing},
                {name: new.get(name) for name in differing},
            )
    links = {
        link: after.links[link] - before.links[link]
        for link in before.links.keys() | after.links.keys()
        if after.links[link] != before.links[link]
    }
    return Delta(nodes, links)


def applied(state: State, delta: Delta) -> State:
    """What a state becomes by a change."""
    after = state.draft()
    for key, (old, new) in delta.nodes.items():
        if new is None:
            after.nodes.pop(key, None)
        elif old is None:
            after.nodes[key] = new
        else:
            merged = {**after.nodes.get(key, {}), **new}
            after.nodes[key] = {name: one for name, one in merged.items() if one is not None}
    for link, more in delta.links.items():
        after.links[link] += more
        if after.links[link] <= 0:
            del after.links[link]
    return after


def conflicts(state: State, delta: Delta) -> set[Key]:
    """The nodes where a state is not what a change began from, so that it cannot be made there."""
    found = {key for key, change in delta.nodes.items() if not _begins(state.nodes.get(key), change)}
    gone = delta.removed
    for link, more in delta.links.items():
        if state.links[link] + more < 0 or (more > 0 and state.links[link] > 0):
            found |= {link.start, link.end}
    if gone:
        for link, count in state.links.items():
            if link.kind != HAS and count + delta.links.get(link, 0) > 0:
                found |= gone & {link.start, link.end}
    return found


def encode(delta: Delta) -> bytes:
    """A delta as the graph keeps it."""
    return _packed(
        {
            "nodes": [[*key, *change] for key, change in sorted(delta.nodes.items())],
            "links": _grouped(delta.links),
            "vectors": [
                [*key, name, one.of, b64encode(one.floats).decode()]
                for (key, name), one in sorted(delta.vectors.items())
            ],
        }
    )


def decode(packed: bytes) -> Delta:
    """The delta that `encode` packed."""
    plain = _unpacked(packed)
    return Delta(
        {Key(kind, identity): (before, after) for kind, identity, before, after in plain["nodes"]},
        dict(_ungrouped(plain["links"])),
        {
            (Key(kind, identity), name): Vector(of, b64decode(floats))
            for kind, identity, name, of, floats in plain["vectors"]
        },
    )


def encode_state(state: State) -> bytes:
    """A whole state as the graph keeps it, personas aside."""
    nodes = [[*key, one] for key, one in state.nodes.items() if key.kind != "persona"]
    links = {link: count for link, count in state.links.items() if link.kind in TREE}
    return _packed({"nodes": nodes, "links": _grouped(links)})


def decode_state(packed: bytes) -> State:
    """The state that `encode_state` packed."""
    plain = _unpacked(packed)
    nodes: dict[Key, Properties] = {Key(kind, identity): one for kind, identity, one in plain["nodes"]}
    return State(nodes, Counter(dict(_ungrouped(plain["links"]))))


def _begins(found: Properties | None, change: Change) -> bool:
    before, after = change
    if before is None or after is None:
        return found == before
    return found is not None and all(found.get(name) == one for name, one in before.items())


def _grouped(links: Mapping[Link, int]) -> list[Any]:
    groups: dict[tuple[str, Key], list[Any]] = {}
    for link, count in links.items():
        groups.setdefault((link.kind, link.start), []).append([*link.end, link.properties, count])
    return [[kind, *start, ends] for (kind, start), ends in groups.items()]


def _ungrouped(groups: Iterable[Any]) -> Iterator[tuple[Link, int]]:
    for kind, start_kind, start, ends in groups:
        for end_kind, end, properties, count in ends:
            yield Link(kind, Key(start_kind, start), Key(end_kind, end), properties), count


def _packed(plain: Any) -> bytes:
    return zlib.compress(json.dumps(plain, ensure_ascii=False, default=str).encode(), 1)


def _unpacked(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))
