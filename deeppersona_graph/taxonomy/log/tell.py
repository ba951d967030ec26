"""What a change did, in lines that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.errors import shorten
from deeppersona_graph.model.tree import Path, shown
from deeppersona_graph.taxonomy.log.delta import Delta
from deeppersona_graph.taxonomy.log.state import CONSTRAINTS, HAS, Key, Link, Properties, State

SILENT = ("draw", "key", "space", "described", "sources", "mined_parent", "generic")
"""Properties that only the program reads, or that follow from what is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: `what` is added, removed, renamed, moved, changed, linked or unlinked."""

    what: str
    path: Path
    """Of the attribute it is about, as it is afterwards, or was before it went."""
    text: str


def differences(before: State, after: State, delta: Delta) -> list[Difference]:
    """What differs between two states, attribute by attribute."""
    telling = _Telling(_Names.of(before), _Names.of(after))
    found = [*telling.nodes(delta), *telling.links(delta)]
    return sorted(found, key=lambda one: (one.path, _ORDER.index(one.what), one.text))


_ORDER = ("added", "removed", "renamed", "moved", "changed", "linked", "unlinked")


@dataclass(frozen=True)
class _Names:
    """How the nodes of a state are called."""

    state: State
    paths: Mapping[str, Path]
    owners: Mapping[str, str]
    parents: Mapping[str, str]

    @classmethod
    def of(cls, state: State) -> _Names:
        return cls(state, state.paths(), state.owners(), state.parents())

    def path(self, key: Key) -> Path | None:
        owner = key.id if key.kind == "attribute" else self.owners.get(key.id)
        return None if owner is None else self.paths.get(owner)

    def shown(self, key: Key) -> str:
        path = shown(self.path(key) or ("?",))
        return path if key.kind == "attribute" else f"{path} = {self.state.nodes.get(key, {}).get('text')}"


@dataclass(frozen=True)
class _Telling:
    before: _Names
    after: _Names

    def nodes(self, delta: Delta) -> Iterator[Difference]:
        whole = {key.id for key in delta.created | delta.removed if key.kind == "attribute"}
        for key, (old, new) in delta.nodes.items():
            path = self.after.path(key) or self.before.path(key) or ()
            if key.kind == "attribute":
                yield from self._attribute(path, old, new)
            elif (
                key.kind == "value"
                and not {self.before.owners.get(key.id), self.after.owners.get(key.id)} & whole
            ):
                yield from self._value(path, key, old, new)

    def links(self, delta: Delta) -> Iterator[Difference]:
        edges: dict[str, int] = {}
        for link, more in delta.links.items():
            if link.kind == "HAS_CHILD":
                yield from self._parent(link, more)
            elif link.kind in CONSTRAINTS:
                yield from self._constraint(link, more, delta)
            elif link.kind == HAS and more > 0:
                edges[link.end.id] = edges.get(link.end.id, 0) + more
        for identity, count in edges.items():
            path = self.after.paths.get(identity, ())
            yield Difference("linked", path, f"{count} values of personas are of {shown(path)} now")

    def _attribute(self, path: Path, old: Properties | None, new: Properties | None) -> Iterator[Difference]:
        if old is None:
            yield Difference("added", path, shown(path))
        elif new is None:
            yield Difference("removed", path, shown(path))
        else:
            for name in old:
                if name == "name":
                    yield Difference("renamed", path, f"{shown(path)}, before {old[name]!r}")
                elif name == "retired":
                    yield Difference(
                        "changed", path, f"{shown(path)} {'retired' if new[name] else 'restored'}"
                    )
                elif name not in SILENT and not (name == "aliases" and "name" in old):
                    yield Difference("changed", path, f"{shown(path)}: {name} {_both(old[name], new[name])}")

    def _value(
        self, path: Path, key: Key, old: Properties | None, new: Properties | None
    ) -> Iterator[Difference]:
        if old is None and new is not None:
            yield Difference("changed", path, f"{shown(path)}: value {new.get('text')!r} added")
        elif new is None and old is not None:
            yield Difference("changed", path, f"{shown(path)}: value {old.get('text')!r} removed")
        else:
            text = (self.after.state.nodes.get(key) or {}).get("text")
            for name in old or ():
                if name not in SILENT:
                    both = _both((old or {})[name], (new or {})[name])
                    yield Difference("changed", path, f"{shown(path)}: {name} of {text!r} {both}")

    def _owners(self, key: Key) -> set[str | None]:
        return {self.before.owners.get(key.id), self.after.owners.get(key.id)}

    def _parent(self, link: Link, more: int) -> Iterator[Difference]:
        child = link.end.id
        if more > 0 and child in self.before.paths:
            path = self.after.paths[child]
            above = shown(self.before.paths[child][:-1]) or "the roots"
            yield Difference("moved", path, f"{shown(path)}, before under {above}")
        elif more < 0 and child in self.after.paths and child not in self.after.parents:
            path = self.after.paths[child]
            yield Difference("moved", path, f"{shown(path)} is a root now")

    def _constraint(self, link: Link, more: int, delta: Delta) -> Iterator[Difference]:
        names = self.after if more > 0 else self.before
        path = names.path(link.start) or ()
        gone = {key for key in (link.start, link.end) if key in delta.nodes and None in delta.nodes[key]}
        if not gone:
            bounds = f" {link.properties}" if link.properties else ""
            text = f"{names.shown(link.start)} {link.kind} {names.shown(link.end)}{bounds}"
            yield Difference("linked" if more > 0 else "unlinked", path, text)


def _both(old: Any, new: Any) -> str:
    return f"{_text(old)} -> {_text(new)}"


def _text(value: Any) -> str:
    return "none" if value is None else shorten(repr(value) if isinstance(value, str) else str(value), 60)
