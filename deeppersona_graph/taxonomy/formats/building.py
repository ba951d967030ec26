"""Putting a tree together from what a file says, and refusing what is none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import Attribute, Path, Tree, Value, attribute_id, shown, value_id

LONGEST_NAME = 500
DEEPEST = 12


def check_path(path: Sequence[Any], where: str) -> Path:
    """`path` as a tuple of names; raises `TreeFileError` naming `where`."""
    if not path:
        raise TreeFileError(f"{where}: the path is empty; write the names from the root down")
    if len(path) > DEEPEST:
        raise TreeFileError(f"{where}: the path is {len(path)} levels deep; at most {DEEPEST} are accepted")
    for name in path:
        if not isinstance(name, str):
            raise TreeFileError(f"{where}: the name {shorten(repr(name))} is no text")
        if not is_unicode(name):
            raise TreeFileError(
                f"{where}: the name {shorten(ascii(name))} is no valid Unicode; spell it anew"
            )
        if not name.strip():
            raise TreeFileError(f"{where}: an empty name in {shorten(shown(map(str, path)))!r}; name it")
        if len(name) > LONGEST_NAME:
            raise TreeFileError(
                f"{where}: a name of {len(name):,} characters ({shorten(name, 30)!r}); "
                f"at most {LONGEST_NAME} are accepted"
            )
    return tuple(path)


def is_unicode(text: str) -> bool:
    """Whether `text` can be stored: JSON and command lines may hold halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def even_values(
    attribute: str, texts: Iterable[str], weights: Sequence[float] | None = None
) -> tuple[Value, ...]:
    """A value space in the order given; without weights all values weigh the same."""
    spelled = list(texts)
    if not spelled:
        return ()
    shares = weights if weights is not None else [100.0 / len(spelled)] * len(spelled)
    return tuple(
        Value(id=value_id(attribute, text), text=text, rank=rank, weight=float(share))
        for rank, (text, share) in enumerate(zip(spelled, shares, strict=True))
    )


def complete(name: str, attributes: Iterable[Attribute], *, origin: str = "") -> Tree:
    """A tree of `attributes`, the nodes above them that no record names, and the core attributes.

    Parents come before children; siblings in order of name.
    """
    by_path = {attribute.path: attribute for attribute in attributes}
    given = {attribute.core for attribute in by_path.values()}
    by_path |= {core.path: core for key, core in core_attributes().items() if key not in given}
    for path in list(by_path):
        for length in range(1, len(path)):
            above = path[:length]
            if above not in by_path:
                by_path[above] = Attribute(id=attribute_id(above), path=above)
    owners: dict[str, Path] = {}
    for path, attribute in by_path.items():
        if owners.setdefault(attribute.id, path) != path:
            raise TreeFileError(
                f"{origin}: {shorten(shown(owners[attribute.id]))!r} and {shorten(shown(path))!r} "
                f"have the same id {attribute.id!r}; leave one of them away"
            )
    return Tree(name=name, attributes=tuple(by_path[path] for path in sorted(by_path)), origin=origin)


@cache
def core_attributes() -> Mapping[str, Attribute]:
    """The core attributes of every taxonomy, by key (DESIGN §8)."""
    source = files("deeppersona_graph").joinpath("data", "tree", "core.json")
    spelled = json.loads(source.read_text(encoding="utf-8"))
    return {entry["key"]: _core_attribute(entry) for entry in spelled["situation"] + spelled["inner"]}


def _core_attribute(entry: Mapping[str, Any]) -> Attribute:
    path = tuple(entry["path"])
    identity, space = attribute_id(path), entry.get("values")
    numbers = space if isinstance(space, dict) else {}
    return Attribute(
        id=identity,
        path=path,
        description=space if isinstance(space, str) else "",
        value_type=entry["value_type"],
        values=even_values(identity, space) if isinstance(space, list) else (),
        minimum=numbers.get("min"),
        maximum=numbers.get("max"),
        unit=numbers.get("unit"),
        core=entry["key"],
    )
