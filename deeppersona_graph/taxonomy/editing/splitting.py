"""The edit that makes several attributes of one, with the people who have its values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import Attribute, normal
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.editing.perform import Edit, Workplace
from deeppersona_graph.taxonomy.editing.spaces import CLOSED, rank_values, unknown_value
from deeppersona_graph.taxonomy.log.state import HAS, Key, attribute_key

Part = tuple[str, Sequence[str]]
"""The name of an attribute that is split off, and the values that it takes."""


def split(
    place: Workplace, attribute: Attribute, parts: Sequence[tuple[str, Sequence[str]]], *, below: bool
) -> Edit:
    """Make several attributes of one: each part takes some of its values, and the people who have these.

    The parts hang beside the attribute, or `below` it; one that is left without values beside its parts is
    retired. Constraints stay with the values. Of lists, people go with a part that has all their members;
    others stay, and `refresh` asks them again.
    """
    if not parts:
        raise InputError('nothing to split off; give --into "Name=value,value" for each part')

    def change(draft: Draft) -> None:
        identity = attribute.id
        found = draft.attribute(identity)
        if found.get("value_type") not in CLOSED or found.get("core"):
            kind = "a core attribute" if found.get("core") else "no choice of values"
            raise InputError(
                f"{draft.shown(identity)} is {kind}; expected a categorical, ordinal or list attribute"
            )
        taken: dict[str, str] = {}
        before = draft.values(identity)
        above = identity if below else draft.parent(identity)
        for name, texts in parts:
            part = _split_off(draft, identity, above, name, texts, taken)
            _pass_people(draft, identity, part)
        _check_alternatives(draft, before)
        if not draft.values(identity):
            if below:
                draft.set(attribute_key(identity), value_type=None, generic=None)
            else:
                draft.set(attribute_key(identity), retired=True)
        else:
            rank_values(draft, draft.values(identity))

    told = [[name, list(texts)] for name, texts in parts]
    arguments = {"attribute": list(attribute.path), "parts": told, "below": below}
    return replace(place, people=(attribute.id,)).edit("split", arguments, change)


def _split_off(
    draft: Draft, identity: str, above: str | None, name: str, texts: Sequence[str], taken: dict[str, str]
) -> str:
    chosen = draft.check_name(name, above)
    path = (*(() if above is None else draft.path(above)), chosen)
    part = draft.new_id(path)
    kept = {
        one: value
        for one, value in draft.attribute(identity).items()
        if one in ("value_type", "min_age", "max_age", "unit", "retired", "bias")
        and not (one == "bias" and above == identity)
    }
    draft.create(attribute_key(part), {**kept, "name": chosen, "support": 0, "draw": draw_of(part)})
    if above is not None:
        draft.link("HAS_CHILD", attribute_key(above), attribute_key(part))
    moved: list[Key] = []
    for text in texts:
        value = draft.value(identity, text)
        if value is None:
            if normal(text) in taken:
                raise InputError(
                    f"{shorten(text)!r} is to go to both {taken[normal(text)]!r} and {chosen!r}; choose one"
                )
            raise unknown_value(draft, identity, text)
        taken[normal(text)] = chosen
        for link in draft.reaching("ADMITS", value):
            draft.unlink(link)
        draft.link("ADMITS", attribute_key(part), value)
        moved.append(value)
    if not moved:
        raise InputError(f"{chosen!r} would have no value; name at least one after the =")
    rank_values(draft, moved)
    for link in draft.reaching("EXCLUDES", attribute_key(identity)):
        draft.link("EXCLUDES", link.start, attribute_key(part), json.loads(link.properties or "{}"))
    for link in draft.leaving("REQUIRES", attribute_key(identity)):
        draft.link("REQUIRES", attribute_key(part), link.end)
    return part


def _pass_people(draft: Draft, identity: str, part: str) -> None:
    """People whose value, or all members of whose list, is of the part now go with it."""
    keys = {draft.state.nodes[value]["key"] for value in draft.values(part)}
    for link in draft.reaching(HAS, attribute_key(identity)):
        held = json.loads(link.properties)
        if held.get("keys") and keys.issuperset(held["keys"]):
            draft.unlink(link)
            draft.link(HAS, link.start, attribute_key(part), held)


def _check_alternatives(draft: Draft, values: Sequence[Key]) -> None:
    """Raise `InputError` where alternatives would come to belong to several attributes: all were demanded."""
    owners: dict[tuple[str, Key], set[str]] = {}
    for value in values:
        for kind in ("REQUIRES", "IMPLIES"):
            for link in draft.reaching(kind, value):
                owner = draft.reaching("ADMITS", value)[0].start.id
                owners.setdefault((kind, link.start), set()).add(owner)
    for (kind, start), several in owners.items():
        if len(several) > 1:
            key = start if start.kind == "attribute" else draft.reaching("ADMITS", start)[0].start
            raise InputError(
                f"{draft.shown(key.id)} {kind.lower()} one of values that would be of several attributes; "
                "keep these together, or take that away with `deeppersona taxonomy constrain --remove`"
            )
