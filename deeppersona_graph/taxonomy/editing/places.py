"""Edits of places and names: add, rename, move, retire, restore, bias."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import GENERIC_VALUES, Attribute, normal
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.editing.perform import Edit, Outcome, Workplace
from deeppersona_graph.taxonomy.editing.spaces import Space, set_space
from deeppersona_graph.taxonomy.formats.building import DEEPEST, even_values
from deeppersona_graph.taxonomy.formats.record import MOST_BIAS
from deeppersona_graph.taxonomy.log.state import attribute_key
from deeppersona_graph.taxonomy.store import value_properties


def add(place: Workplace, name: str, parent: Attribute | None, space: Space) -> Edit:
    """Add an attribute below `parent`, or as a root.

    Without a value space it gets the provisional one, as an attribute made by hand does, unless it is a root.
    """

    def change(draft: Draft) -> None:
        above = None if parent is None else parent.id
        chosen = draft.check_name(name, above)
        path = (*(() if above is None else draft.path(above)), chosen)
        identity = draft.new_id(path)
        draft.create(attribute_key(identity), {"name": chosen, "support": 0, "draw": draw_of(identity)})
        if above is not None:
            draft.link("HAS_CHILD", attribute_key(above), attribute_key(identity))
        if space:
            set_space(draft, identity, space)
        elif above is not None:
            draft.set(attribute_key(identity), value_type="ordinal", generic=True)
            for value in even_values(identity, GENERIC_VALUES):
                draft.admit(identity, value.id, value_properties(value))

    return place.edit("add", {"name": name, "parent": _named(parent), **space.plain()}, change)


def rename(place: Workplace, attribute: Attribute, name: str) -> Edit:
    """Give an attribute another name; the former one becomes an alias, by which it is still found."""

    def change(draft: Draft) -> None:
        key, old = attribute_key(attribute.id), str(draft.attribute(attribute.id)["name"])
        chosen = draft.check_name(name, draft.parent(attribute.id), besides=(attribute.id,))
        if chosen == old:
            raise InputError(f"{draft.shown(attribute.id)} is called {shorten(chosen)!r} already")
        known = [*(draft.attribute(attribute.id).get("aliases") or ()), old]
        aliases = {normal(alias): alias for alias in reversed(known) if normal(alias) != normal(chosen)}
        draft.set(key, name=chosen, aliases=list(reversed(aliases.values())) or None)

    return place.edit("rename", {"attribute": list(attribute.path), "name": name}, change)


def move(place: Workplace, attribute: Attribute, parent: Attribute | None) -> Edit:
    """Hang an attribute, with all below it, under another parent, or make it a root."""

    def change(draft: Draft) -> None:
        above = None if parent is None else parent.id
        draft.attribute(attribute.id)
        if above is not None:
            draft.attribute(above)
            if above in draft.branch(attribute.id):
                raise InputError(
                    f"{draft.shown(attribute.id)} cannot hang under {draft.shown(above)}, which "
                    f"{'is the same' if above == attribute.id else 'hangs below it'}; name another parent"
                )
        if draft.parent(attribute.id) == above:
            raise InputError(
                f"{draft.shown(attribute.id)} hangs there already; name another parent with --under"
            )
        draft.check_name(str(draft.attribute(attribute.id)["name"]), above)
        for link in draft.reaching("HAS_CHILD", attribute_key(attribute.id)):
            draft.unlink(link)
        if above is not None:
            draft.link("HAS_CHILD", attribute_key(above), attribute_key(attribute.id))
        deepest = max((len(draft.path(one)), one) for one in draft.branch(attribute.id))
        if deepest[0] > DEEPEST:
            raise InputError(
                f"{draft.shown(deepest[1])} would hang {deepest[0]} levels deep; at most {DEEPEST} are "
                "accepted: choose a parent that is higher up"
            )

    arguments = {"attribute": list(attribute.path), "parent": _named(parent)}
    return place.edit("move", arguments, change)


def retire(place: Workplace, attributes: Sequence[Attribute]) -> Edit:
    """Take attributes, with all below them, out of generation; people who have them keep them."""

    def change(draft: Draft) -> None:
        for one in attributes:
            if draft.attribute(one.id).get("retired"):
                raise InputError(f"{draft.shown(one.id)} is retired already; leave it away")
            core = [below for below in draft.branch(one.id) if draft.attribute(below).get("core")]
            if core:
                raise InputError(
                    f"{draft.shown(core[0])} is a core attribute, which every person has; retire others"
                )
            draft.set(attribute_key(one.id), retired=True)

    return place.edit("retire", {"attributes": [list(one.path) for one in attributes]}, change)


def restore(place: Workplace, attributes: Sequence[Attribute]) -> Edit:
    """Take retired attributes back into generation."""

    def change(draft: Draft) -> Outcome:
        notes = []
        for one in attributes:
            if not draft.attribute(one.id).get("retired"):
                raise InputError(f"{draft.shown(one.id)} is not retired; leave it away")
            draft.set(attribute_key(one.id), retired=None)
            above = draft.parent(one.id)
            while above is not None:
                if draft.attribute(above).get("retired"):
                    notes.append(f"{draft.shown(above)}, above {draft.shown(one.id)}, is still retired")
                above = draft.parent(above)
        return Outcome(notes=tuple(notes))

    return place.edit("restore", {"attributes": [list(one.path) for one in attributes]}, change)


def bias(place: Workplace, attribute: Attribute, factor: float) -> Edit:
    """Let a branch be drawn more often, or less: a factor of the weight of each of its nodes in every walk.

    1 is as if nothing had been said, 0 leaves the branch out.
    """
    if not 0 <= factor <= MOST_BIAS or factor == inf:
        raise InputError(f"a bias of {factor:g}: expected a factor from 0 to {MOST_BIAS:g}")

    def change(draft: Draft) -> None:
        if draft.attribute(attribute.id).get("core"):
            raise InputError(
                f"{draft.shown(attribute.id)} is a core attribute, which every person has; bias others"
            )
        if (draft.attribute(attribute.id).get("bias") or 1.0) == factor and factor != 0:
            raise InputError(f"{draft.shown(attribute.id)} has a bias of {factor:g} already")
        draft.set(attribute_key(attribute.id), bias=None if factor == 1 else float(factor))

    return place.edit("bias", {"attribute": list(attribute.path), "factor": factor}, change)


def _named(attribute: Attribute | None) -> Any:
    return None if attribute is None else list(attribute.path)
