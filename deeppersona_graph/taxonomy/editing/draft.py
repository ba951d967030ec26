"""A state being edited: what every edit of the tree is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.model.tree import Path, attribute_id, normal, shown
from deeppersona_graph.taxonomy.formats.building import check_path
from deeppersona_graph.taxonomy.log.state import (
    Key,
    Link,
    Properties,
    State,
    attribute_key,
    spelled,
    value_key,
)
from deeppersona_graph.taxonomy.shape import check_core, tree_paths


class Draft:
    """A copy of a state that is changed step by step; `state` is what it has come to."""

    def __init__(self, state: State) -> None:
        self.state = state.draft()
        self._starting: dict[tuple[str, Key], set[Link]] = {}
        self._ending: dict[tuple[str, Key], set[Link]] = {}
        for link in self.state.links:
            self._note(link)

    def attribute(self, identity: str) -> Properties:
        """The properties of an attribute; raises `InputError` where somebody took it away meanwhile."""
        found = self.state.nodes.get(attribute_key(identity))
        if found is None:
            raise InputError(f"the attribute {identity!r} is gone by now; look at `deeppersona taxonomy log`")
        return found

    def path(self, identity: str) -> Path:
        """The path of an attribute as the draft has it."""
        line: list[str] = []
        here: str | None = identity
        while here is not None and here not in line:
            line.append(here)
            here = self.parent(here)
        return tuple(str(self.attribute(one)["name"]) for one in reversed(line))

    def shown(self, identity: str) -> str:
        """The path of an attribute as people read it, for messages."""
        return repr(shorten(shown(self.path(identity)), 100))

    def set(self, key: Key, /, **properties: Any) -> None:
        """Set properties of a node; None takes one away."""
        merged = {**self.state.nodes[key], **properties}
        self.state.nodes[key] = {name: one for name, one in merged.items() if one is not None}

    def create(self, key: Key, properties: Properties) -> None:
        """Put a new node in."""
        self.state.nodes[key] = {name: one for name, one in properties.items() if one is not None}

    def link(self, kind: str, start: Key, end: Key, properties: Properties | None = None) -> None:
        """Put a link in; one that is there stays alone."""
        link = Link(kind, start, end, spelled(properties))
        self.state.links[link] = 1
        self._note(link)

    def unlink(self, link: Link) -> None:
        """Take a link out."""
        del self.state.links[link]
        self._starting[link.kind, link.start].discard(link)
        self._ending[link.kind, link.end].discard(link)

    def remove(self, key: Key) -> None:
        """Take a node out, with all its links."""
        for link in [link for link in self.state.links if key in (link.start, link.end)]:
            self.unlink(link)
        del self.state.nodes[key]

    def leaving(self, kind: str, start: Key) -> list[Link]:
        """The links of a kind that start at a node, in order."""
        return sorted(self._starting.get((kind, start), ()))

    def reaching(self, kind: str, end: Key) -> list[Link]:
        """The links of a kind that end at a node, in order."""
        return sorted(self._ending.get((kind, end), ()))

    def parent(self, identity: str) -> str | None:
        """The parent of an attribute."""
        return next((link.start.id for link in self.reaching("HAS_CHILD", attribute_key(identity))), None)

    def children(self, parent: str | None) -> list[str]:
        """The children of an attribute, or the roots."""
        if parent is not None:
            return [link.end.id for link in self.leaving("HAS_CHILD", attribute_key(parent))]
        return [key.id for key in self.state.nodes if key.kind == "attribute" and self.parent(key.id) is None]

    def branch(self, identity: str) -> list[str]:
        """An attribute and all below it."""
        found = [identity]
        for one in found:
            found += (child for child in self.children(one) if child not in found)
        return found

    def values(self, identity: str) -> list[Key]:
        """The values of an attribute in order of rank."""
        found = [link.end for link in self.leaving("ADMITS", attribute_key(identity))]
        return sorted(found, key=lambda key: (self.state.nodes[key].get("rank") or 0, key.id))

    def value(self, identity: str, text: str) -> Key | None:
        """The value of an attribute that a text spells, whatever its case and spacing."""
        spelt = normal(text)
        return next((one for one in self.values(identity) if self.state.nodes[one].get("key") == spelt), None)

    def check_name(self, name: str, parent: str | None, *, besides: Iterable[str] = ()) -> str:
        """The name, without spaces around it, as one that a child of `parent` can bear.

        Raises `InputError` where it is none, or a sibling bears it.
        """
        name = name.strip()
        above = () if parent is None else self.path(parent)
        check_path((*above, name), "the name")
        for sibling in self.children(parent):
            if sibling not in besides and normal(str(self.attribute(sibling).get("name"))) == normal(name):
                place = shorten(shown(above), 100) if above else "the roots"
                raise InputError(
                    f"{shorten(name)!r} is taken: {place!r} has a child of that name; "
                    "choose another, or merge the two with `deeppersona taxonomy merge`"
                )
        return name

    def checked(self) -> State:
        """What it has come to; raises `TaxonomyShapeError` where that is no tree."""
        rows = list(self._rows())
        tree_paths(rows)
        check_core(rows)
        return self.state

    def new_id(self, path: Path) -> str:
        """An id that no attribute has: that of the path, or the next free one."""
        ids = (attribute_id(path if number == 1 else (*path, str(number))) for number in count(1))
        return next(one for one in ids if attribute_key(one) not in self.state.nodes)

    def admit(self, identity: str, value: str, properties: Properties) -> Key:
        """Give an attribute a value that has this id."""
        key = value_key(value)
        self.create(key, properties)
        self.link("ADMITS", attribute_key(identity), key)
        return key

    def _note(self, link: Link) -> None:
        self._starting.setdefault((link.kind, link.start), set()).add(link)
        self._ending.setdefault((link.kind, link.end), set()).add(link)

    def _rows(self) -> Iterator[dict[str, Any]]:
        """The attributes as `taxonomy/shape` gives them."""
        parents: dict[str, list[str]] = {}
        for link in self.state.links:
            if link.kind == "HAS_CHILD":
                parents.setdefault(link.end.id, []).append(link.start.id)
        for key, properties in self.state.nodes.items():
            if key.kind == "attribute":
                seen = dict.fromkeys(("name", "value_type", "core", "minimum", "maximum"))
                yield {
                    "node": key.id,
                    "attribute": {**seen, **properties, "path": [properties.get("name")]},
                    "parents": parents.get(key.id, []),
                }
