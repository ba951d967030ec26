"""Nested JSON objects of names: `{"Health": {"Diet": {"Allergies": {}}}}`; lists of names are leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import Attribute, Path, Tree, attribute_id, shown
from deeppersona_graph.taxonomy.formats.building import DEEPEST, check_path, complete


def read_nested(document: Any, source: str, name: str) -> Tree:
    """A tree of bare names, without value spaces."""
    if not isinstance(document, Mapping) or not document:
        raise TreeFileError(
            f"{source}: found {shorten(repr(document), 40)}; a tree file is a JSON object of names, "
            "a node-link graph, or JSONL records with a path"
        )
    paths: set[Path] = set()
    for path in _paths(document, (), source):
        if path in paths:
            raise TreeFileError(
                f"{source}: two siblings are called {path[-1]!r} ({shorten(shown(path))}); rename one"
            )
        paths.add(path)
    attributes = [Attribute(id=attribute_id(path), path=path) for path in paths]
    return complete(name, attributes, origin=source)


def _paths(node: Any, above: Path, source: str) -> Iterator[Path]:
    if len(above) > DEEPEST:
        raise TreeFileError(f"{source}: more than {DEEPEST} levels below {above[0]!r}")
    if isinstance(node, Mapping):
        for key, below in node.items():
            path = check_path([*above, key], source)
            yield path
            yield from _paths(below, path, source)
    elif isinstance(node, list):
        for entry in node:
            if not isinstance(entry, (str, Mapping)):
                raise TreeFileError(
                    f"{source}: in the list under {shorten(shown(above))!r} stands "
                    f"{shorten(repr(entry), 40)}; expected a name or an object"
                )
            yield from _paths(entry if isinstance(entry, Mapping) else {entry: None}, above, source)
    elif isinstance(node, str) and node.strip():
        yield check_path([*above, node], source)
    elif node is not None and node != "":
        raise TreeFileError(
            f"{source}: under {shorten(shown(above))!r} stands {shorten(repr(node), 40)}; "
            "expected an object, a list or a name"
        )
