"""The edit of what an attribute asks and which values it admits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from deeppersona_graph.errors import InputError, UnknownNameError, shorten
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.seeds import draw_of
from deeppersona_graph.model.tree import Attribute, ValueType, normal, value_id
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.editing.perform import Edit, Outcome, Workplace
from deeppersona_graph.taxonomy.formats.building import is_unicode
from deeppersona_graph.taxonomy.log.state import CONSTRAINTS, Key, attribute_key, value_key

CLOSED = ("categorical", "ordinal", "list")
"""Types whose values are listed."""


@dataclass(frozen=True, slots=True)
class Space:
    """What is to be said of an attribute anew; None, or nothing, leaves it as it is."""

    description: str | None = None
    value_type: ValueType | None = None
    values: tuple[tuple[str, float | None], ...] = ()
    """The whole space in order, each value with its share in percent; without any, all weigh the same."""
    add: tuple[tuple[str, float | None], ...] = ()
    drop: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    typical: tuple[float, float] | None = None
    unit: str | None = None
    ages: tuple[int | None, int | None] | None = None
    """The youngest and the oldest it applies to; None within: no bound."""

    def __bool__(self) -> bool:
        return self != Space()

    def plain(self) -> dict[str, Any]:
        """As the log has it, what is not said left away."""
        return {name: one for name, one in asdict(self).items() if one not in (None, ())}


def describe(place: Workplace, attribute: Attribute, space: Space) -> Edit:
    """Say anew what an attribute asks, and which values it admits; what is not said stays."""
    if not space:
        raise InputError(
            "nothing is said of the attribute; give --description, --value, --type or another option"
        )

    def change(draft: Draft) -> Outcome:
        before = draft.state.draft()
        set_space(draft, attribute.id, space)
        if draft.state == before:
            raise InputError(f"{draft.shown(attribute.id)} is so already; nothing was changed")
        lost = sum(link.kind in CONSTRAINTS for link in before.links.keys() - draft.state.links.keys())
        notes = (f"{lost} constraints on values that went are gone too",) if lost else ()
        return Outcome(notes=notes)

    return place.edit("describe", {"attribute": list(attribute.path), **space.plain()}, change)


def set_space(draft: Draft, identity: str, space: Space) -> None:
    """Write what a `Space` says; raises `InputError` where it cannot be."""
    key, found = attribute_key(identity), draft.attribute(identity)
    value_type = space.value_type or found.get("value_type") or _implied(space)
    if found.get("core") and (space.values or space.add or space.drop or space.rename or space.value_type):
        raise InputError(
            f"{draft.shown(identity)} is a core attribute, whose values the tables of the situation know; "
            "only its description can be changed"
        )
    if space.description is not None:
        draft.set(key, description=space.description.strip() or None)
    if space.value_type is not None or value_type is not None:
        draft.set(key, value_type=value_type)
    if space.unit is not None:
        draft.set(key, unit=space.unit.strip() or None)
    if space.ages is not None:
        youngest, oldest = space.ages
        if youngest is not None and oldest is not None and youngest > oldest:
            raise InputError(f"ages from {youngest} to {oldest}: expected the smaller first")
        draft.set(key, min_age=youngest, max_age=oldest)
    _set_numbers(draft, identity, value_type, space)
    _set_values(draft, identity, value_type, space)


def _implied(space: Space) -> ValueType | None:
    """The type of an attribute that has none, by what is said of it."""
    if space.values or space.add:
        return "categorical"
    return "number" if space.minimum is not None else None


def _set_numbers(draft: Draft, identity: str, value_type: str | None, space: Space) -> None:
    key, found = attribute_key(identity), draft.attribute(identity)
    asked = space.minimum is not None or space.maximum is not None or space.typical is not None
    if value_type != "number":
        if asked:
            raise InputError(
                f"{draft.shown(identity)} is {value_type or 'without a type'}, and a range is for numbers; "
                "give --type number, or leave the range away"
            )
        if found.get("minimum") is not None:
            draft.set(key, minimum=None, maximum=None, typical=None, unit=None)
            for link in draft.reaching("EXCLUDES", key):
                if link.properties:
                    draft.unlink(link)
        return
    low = space.minimum if space.minimum is not None else found.get("minimum")
    high = space.maximum if space.maximum is not None else found.get("maximum")
    typical = space.typical or found.get("typical")
    if low is None or high is None or not low <= high:
        raise InputError(
            f"a number from {low} to {high}: expected both --minimum and --maximum, the smaller first"
        )
    if space.typical is None and typical and not low <= typical[0] <= typical[1] <= high:
        typical = None
    if typical and not low <= typical[0] <= typical[1] <= high:
        raise InputError(f"typical from {typical[0]:g} to {typical[1]:g} is no part of {low:g} to {high:g}")
    draft.set(key, minimum=low, maximum=high, typical=list(typical) if typical else None, generic=None)


def _set_values(draft: Draft, identity: str, value_type: str | None, space: Space) -> None:
    listed = bool(space.values or space.add or space.drop or space.rename)
    if value_type == "number" or value_type is None:
        if listed:
            raise InputError(
                f"{draft.shown(identity)} is a number, which has a range and no list of values; "
                "give --type categorical, or leave the values away"
            )
        for value in draft.values(identity):
            draft.remove(value)
        return
    if not listed:
        return
    before = draft.values(identity)
    if draft.attribute(identity).get("generic"):
        draft.set(attribute_key(identity), generic=None)
        if space.add and not space.values:
            for value in before:
                draft.remove(value)
    for old, new in space.rename:
        _rename_value(draft, identity, old, new)
    for text in space.drop:
        dropped = draft.value(identity, text)
        if dropped is None:
            raise unknown_value(draft, identity, text)
        draft.remove(dropped)
    if space.values:
        _check_texts(draft, identity, [text for text, _ in space.values])
        wanted = {normal(text) for text, _ in space.values}
        for value in draft.values(identity):
            if draft.state.nodes[value].get("key") not in wanted:
                draft.remove(value)
        ranked = [_admit(draft, identity, text, share) for text, share in _shared(space.values)]
        rank_values(draft, ranked)
    _check_texts(draft, identity, [text for text, _ in space.add])
    known = [draft.state.nodes[value].get("weight") or 0.0 for value in draft.values(identity)]
    mean = sum(known) / len(known) if known else 100.0 / max(1, len(space.add))
    for text, share in space.add:
        if draft.value(identity, text) is not None:
            raise InputError(
                f"{draft.shown(identity)} has the value {shorten(text)!r} already; leave it away"
            )
        _admit(draft, identity, text, mean if share is None else share)
    rank_values(draft, draft.values(identity))
    if draft.values(identity) and not any(
        draft.state.nodes[value].get("weight") for value in draft.values(identity)
    ):
        raise InputError(f"all shares of {draft.shown(identity)} are 0; give one value a share in percent")
    if not draft.values(identity) and value_type in CLOSED:
        raise InputError(
            f"{draft.shown(identity)} would have no value left; keep one, or retire the attribute"
        )


def _shared(values: Sequence[tuple[str, float | None]]) -> Iterator[tuple[str, float]]:
    """Values with their shares: those given, else what others leave of a hundred, in equal parts."""
    given = sum(share for _, share in values if share is not None)
    without = sum(share is None for _, share in values)
    each = max(0.0, 100.0 - given) / without if without else 0.0
    for text, share in values:
        yield text, each if share is None else share


def _admit(draft: Draft, identity: str, text: str, share: float) -> Key:
    """The value of this text with this share; one that is there keeps its constraints."""
    if not 0 <= share < float("inf"):
        raise InputError(f"the value {shorten(text)!r} has the share {share:g}; expected a share in percent")
    value, last = draft.value(identity, text), len(draft.values(identity))
    if value is not None:
        draft.set(value, text=text, weight=float(share))
        return value
    ids = (value_id(identity, text if number == 1 else f"{text} {number}") for number in count(1))
    own = next(one for one in ids if value_key(one) not in draft.state.nodes)
    properties = {
        "text": text,
        "key": normal(text),
        "rank": last,
        "weight": float(share),
        "draw": draw_of(own),
    }
    return draft.admit(identity, own, properties)


def _rename_value(draft: Draft, identity: str, old: str, new: str) -> None:
    value, other = draft.value(identity, old), draft.value(identity, new)
    if value is None:
        raise unknown_value(draft, identity, old)
    if other not in (None, value):
        raise InputError(
            f"{draft.shown(identity)} has the value {shorten(new)!r} already; drop one of the two"
        )
    _check_texts(draft, identity, [new])
    draft.set(value, text=new, key=normal(new))


def rank_values(draft: Draft, values: Sequence[Key]) -> None:
    for rank, value in enumerate(values):
        draft.set(value, rank=rank)


def _check_texts(draft: Draft, identity: str, texts: Sequence[str]) -> None:
    keys = Counter(normal(text) for text in texts)
    twice = next((text for text in texts if keys[normal(text)] > 1), None)
    empty = any(not text.strip() or not is_unicode(text) for text in texts)
    if twice is not None or empty:
        found = "an empty value" if twice is None else f"the value {shorten(twice)!r} twice"
        raise InputError(f"{draft.shown(identity)} is to have {found}; give each value a text of its own")


def unknown_value(draft: Draft, identity: str, text: str) -> UnknownNameError:
    """The error for a value that an attribute does not have."""
    known = [str(draft.state.nodes[value].get("text")) for value in draft.values(identity)]
    return UnknownNameError(f"value of {draft.shown(identity)}", text, nearest(text, known) or known[:5])
