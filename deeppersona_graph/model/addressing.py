"""Naming an attribute: by its name where that is unique, else by its path joined with ` > `.

What is typed is compared with the joined paths that exist and never split, since names may hold any
character; a JSON list of names addresses anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from deeppersona_graph.errors import InputError, UnknownNameError, shorten
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.tree import Attribute, Tree, normal, shown

ALIASES: Mapping[str, str] = {
    "gender": "sex",
    "job": "occupation",
    "profession": "occupation",
    "religion": "faith",
    "values": "values",
    "life attitude": "attitude",
    "life story": "story",
    "stories": "story",
    "interest": "interests",
    "hobbies": "interests",
    "education": "education",
    "children": "parenthood",
}
"""Words people use for core attributes, beside their keys."""

LISTED = 8


def find_attribute(tree: Tree, text: str) -> Attribute:
    """The attribute that `text` names.

    Raises `UnknownNameError` with the nearest names, or `InputError` that lists the paths of a name that
    several attributes bear.
    """
    found = attributes_named(tree, text)
    if len(found) == 1:
        return found[0]
    if found:
        alike = len({shown(a.path) for a in found}) < len(found)
        spelled = [json.dumps(a.path, ensure_ascii=False) if alike else repr(shown(a.path)) for a in found]
        paths = ", ".join(spelled[:LISTED])
        more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
        raise InputError(
            f"{shorten(text)!r} is the name of {len(found)} attributes: {paths}{more}; "
            f"give the {'JSON list' if alike else 'path'}"
        )
    raise UnknownNameError("attribute", text, nearest(text, _names(tree)))


def split_assignment(tree: Tree, text: str) -> tuple[Attribute, str]:
    """`Attribute=value` as attribute and value; the longest left side that names an attribute wins.

    Raises as `find_attribute` does, or `InputError` where there is no `=` or no value.
    """
    places = [place for place, character in enumerate(text) if character == "="]
    if not places:
        raise InputError(f"{shorten(text)!r} has no '='; write an anchor as Attribute=value")
    for place in reversed(places):
        if len(attributes_named(tree, text[:place])) == 1 and text[place + 1 :].strip():
            return find_attribute(tree, text[:place]), text[place + 1 :].strip()
    attribute = find_attribute(tree, text[: places[0]])
    raise InputError(f"the anchor {shown(attribute.path)!r} has no value; write it as Attribute=value")


def attributes_named(tree: Tree, text: str) -> list[Attribute]:
    """All attributes that `text` names; none where it names none."""
    if text.lstrip().startswith("["):
        path = _json_path(text)
        if path in tree.by_path:
            return [tree.by_path[path]]
    key = normal(text)
    core = tree.core.get(ALIASES.get(key, key))
    if core is not None:
        return [core]
    exact = _index(tree, str)
    return exact(text.strip()) or _index(tree, normal)(key)


def _json_path(text: str) -> tuple[str, ...]:
    """The path that `text` spells as a JSON list of names; empty where it is none."""
    try:
        spelled = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    return tuple(str(name) for name in spelled) if isinstance(spelled, list) else ()


@lru_cache(maxsize=8)
def _index(tree: Tree, spelling: Callable[[str], str]) -> Callable[[str], list[Attribute]]:
    """A look-up by whole path, then by name or alias, then by the end of a path, under a spelling."""
    whole: dict[str, list[Attribute]] = {}
    names: dict[str, list[Attribute]] = {}
    ends: dict[str, list[Attribute]] = {}
    for attribute in tree.attributes:
        whole.setdefault(spelling(shown(attribute.path)), []).append(attribute)
        for name in (attribute.name, *attribute.aliases):
            names.setdefault(spelling(name), []).append(attribute)
        for start in range(1, len(attribute.path) - 1):
            ends.setdefault(spelling(shown(attribute.path[start:])), []).append(attribute)
    return lambda text: whole.get(text) or names.get(text) or ends.get(text) or []


@lru_cache(maxsize=8)
def _names(tree: Tree) -> list[str]:
    return sorted({attribute.name for attribute in tree.attributes})
