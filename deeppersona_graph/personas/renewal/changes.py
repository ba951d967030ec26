"""What somebody's twin is to have otherwise, and what it is to keep, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deeppersona_graph.errors import AnchorError, InputError
from deeppersona_graph.model.addressing import find_attribute, split_assignment
from deeppersona_graph.model.persona import Persona, shown_value
from deeppersona_graph.model.situation import SITUATION_KEYS, Conditions, Situation
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree, normal, shown
from deeppersona_graph.personas.anchors import Anchors, resolve_anchors
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.fill import Given
from deeppersona_graph.personas.inner_core import GivenInner

PARTS = {"values": "values", "attitude": "attitude", "story": "stories", "interests": "interests"}
"""The keys of the inner core's attributes, and the parts of it that they are."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a twin has otherwise, and what it keeps although it might follow from that."""

    texts: tuple[str, ...]
    """As they were given, for the record and for messages."""
    core: Mapping[str, str | int]
    """Keys of the situation; a country as its code."""
    inner: GivenInner
    traits: tuple[Given, ...]
    conditions: Conditions
    """What the values outside the core demand of the situation."""
    kept_core: frozenset[str]
    kept: frozenset[str]
    """Ids of attributes outside the core."""


def read_changes(
    texts: Sequence[str], keep: Sequence[str], persona: Persona, tree: Tree, constraints: Constraints
) -> Changes:
    """The changes spelled `Attribute=value`, and the attributes to keep.

    Raises `UnknownNameError` for names, `AnchorError` for values outside their space or against each other,
    and `InputError` where nothing would change.
    """
    if not texts:
        raise InputError("nothing is set; say what is otherwise with --set Attribute=value")
    assigned = [split_assignment(tree, text)[0] for text in texts]
    anchors = resolve_anchors(
        Specification(taxonomy=tree.name, depth=max(1, persona.depth), anchors=tuple(texts)),
        tree,
        constraints,
    )
    keys = [str(one.core) for one in assigned if one.core in SITUATION_KEYS]
    core = {key: _set_value(key, anchors.conditions) for key in keys}
    kept_core, kept = _kept(keep, persona, tree)
    for one in assigned:
        if one.id in kept or one.core in kept_core:
            raise InputError(f"{shown(one.path)!r} is to be set and to be kept; say one of the two")
    changes = Changes(tuple(texts), core, anchors.inner, anchors.traits, anchors.conditions, kept_core, kept)
    if not _differs(changes, anchors, persona):
        held = ", ".join(text.strip() for text in texts)
        raise InputError(f"{persona.situation.name} has {held} already; nothing changes")
    return changes


def check_situation(changes: Changes, situation: Situation) -> None:
    """Raise `AnchorError` where what is set outside the core demands another situation than this one."""
    conditions, set_ = changes.conditions, " and ".join(changes.texts)
    if not conditions.min_age <= situation.age <= conditions.max_age:
        raise AnchorError(
            f"{set_} needs an age from {conditions.min_age} to {conditions.max_age}, and {situation.age} is "
            "kept; set the age too"
        )
    for key, values in conditions.allowed.items():
        held = situation.country if key == "country" else situation.value(key)
        if held not in values:
            spelled = " or ".join(repr(value) for value in sorted(values))
            raise AnchorError(f"{set_} needs {key} to be {spelled}, and {held!r} is kept; set it too")


def _set_value(key: str, conditions: Conditions) -> str | int:
    if key == "age":
        if conditions.min_age != conditions.max_age:
            raise AnchorError(f"the age is set to {conditions.min_age} to {conditions.max_age}; give one age")
        return conditions.min_age
    if key in conditions.given:
        return conditions.given[key]
    (value,) = conditions.allowed[key]
    return value


def _kept(keep: Sequence[str], persona: Persona, tree: Tree) -> tuple[frozenset[str], frozenset[str]]:
    core, others = set(), set()
    held = {trait.attribute for trait in (*persona.core, *persona.traits)}
    for text in keep:
        attribute = find_attribute(tree, text)
        if attribute.id not in held:
            raise InputError(f"{persona.situation.name} has no {shown(attribute.path)!r} that could be kept")
        if attribute.core is not None:
            core.add(attribute.core)
        else:
            others.add(attribute.id)
    return frozenset(core), frozenset(others)


def _differs(changes: Changes, anchors: Anchors, persona: Persona) -> bool:
    situation = persona.situation
    for key, value in changes.core.items():
        held = situation.country if key == "country" else situation.value(key)
        if normal(str(held)) != normal(str(value)):
            return True
    for part in PARTS.values():
        given = getattr(changes.inner, part)
        if given and given != getattr(persona.inner, part):
            return True
    values = {trait.attribute: shown_value(trait.value) for trait in persona.traits}
    return any(
        normal(values.get(one.attribute.id, "")) != normal(shown_value(one.value)) for one in anchors.traits
    )
