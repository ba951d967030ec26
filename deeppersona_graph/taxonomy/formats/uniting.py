"""Several tree files as one tree: what stands in two of them stands once, as in the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deeppersona_graph.errors import TreeFileError, shorten
from deeppersona_graph.model.tree import Attribute, Exclusion, Path, Requirement, Tree, Value, normal, shown
from deeppersona_graph.taxonomy.formats.building import complete


def unite(name: str, trees: Sequence[Tree]) -> Tree:
    """One tree of all attributes; of one path, the first with a value space is taken, else the first.

    Raises `TreeFileError` where a constraint of a file names a value that the space taken lacks.
    """
    by_path: dict[Path, Attribute] = {}
    for tree in trees:
        for attribute in tree.attributes:
            known = by_path.setdefault(attribute.path, attribute)
            if attribute.has_values and not known.has_values:
                by_path[attribute.path] = replace(attribute, id=known.id, core=known.core or attribute.core)
    found: dict[Path, Attribute] = {}
    for tree in trees:
        for attribute in tree.attributes:
            kept = by_path[attribute.path]
            if attribute.path not in found or attribute.values == kept.values:
                found[attribute.path] = _pointed(replace(attribute, id=kept.id), tree, by_path)
    return complete(name, found.values(), origin=", ".join(tree.origin for tree in trees))


def _pointed(attribute: Attribute, tree: Tree, by_path: dict[Path, Attribute]) -> Attribute:
    """The attribute with what it and its values refer to as it stands in the united tree."""
    values = tuple(
        replace(
            value,
            requires=_required(value.requires, tree, by_path),
            excludes=tuple(_excluded(one, tree, by_path) for one in value.excludes),
            implies=_required(value.implies, tree, by_path),
        )
        for value in attribute.values
    )
    return replace(attribute, values=values, requires=_required(attribute.requires, tree, by_path))


def _required(
    several: Sequence[Requirement], tree: Tree, by_path: dict[Path, Attribute]
) -> tuple[Requirement, ...]:
    found = []
    for one in several:
        other = tree.by_id[one.attribute]
        kept = by_path[other.path]
        texts = [value.text for value in other.values if value.id in one.values]
        found.append(Requirement(kept.id, frozenset(_value(kept, text, tree).id for text in texts)))
    return tuple(found)


def _excluded(one: Exclusion, tree: Tree, by_path: dict[Path, Attribute]) -> Exclusion:
    other = tree.by_id[one.attribute]
    kept = by_path[other.path]
    if one.value is None:
        return replace(one, attribute=kept.id)
    text = next(value.text for value in other.values if value.id == one.value)
    return replace(one, attribute=kept.id, value=_value(kept, text, tree).id)


def _value(kept: Attribute, text: str, tree: Tree) -> Value:
    for value in kept.values:
        if normal(value.text) == normal(text):
            return value
    raise TreeFileError(
        f"{tree.origin}: a constraint names the value {shorten(text)!r} of {shown(kept.path)!r}, to which "
        "another file gives other values; import this file first, or leave the constraint away"
    )
