"""Values that the user gives for single attributes, checked against their value spaces."""

from __future__ import annotations

import math
from collections.abc import Sequence

from deeppersona_graph.errors import AnchorError, shorten
from deeppersona_graph.model.tree import Attribute, Value, normal, shown
from deeppersona_graph.personas.draw import MOST_MEMBERS, Drawn
from deeppersona_graph.personas.fill import Given


def read_given(attribute: Attribute, texts: Sequence[str]) -> Given:
    """The anchor values of one attribute, checked against its value space."""
    distinct = list({normal(text): text for text in texts}.values())
    if attribute.value_type == "list":
        members = [closed_value(attribute, text) for text in distinct]
        lonely = [value.text for value in members if value.alone]
        if len(members) > MOST_MEMBERS or (lonely and len(members) > 1):
            raise AnchorError(
                f"{len(members)} values for {shown(attribute.path)!r}: at most {MOST_MEMBERS} are possible"
                + (f", and {lonely[0]!r} stands alone" if lonely else "")
            )
        members.sort(key=lambda value: value.rank)
        return Given(attribute, Drawn(values=tuple(members)), tuple(value.text for value in members))
    if len(distinct) > 1:
        raise AnchorError(
            f"{shown(attribute.path)!r} is given as {distinct[0]!r} and as {distinct[1]!r}; leave one out"
        )
    if attribute.value_type == "number":
        return _given_number(attribute, distinct[0])
    if attribute.value_type in (None, "text"):
        own = next((v for v in attribute.values if normal(v.text) == normal(distinct[0])), None)
        return Given(attribute, Drawn(values=(own,) if own else ()), distinct[0])
    value = closed_value(attribute, distinct[0])
    return Given(attribute, Drawn(values=(value,)), value.text)


def _given_number(attribute: Attribute, text: str) -> Given:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise AnchorError(f"{shown(attribute.path)!r} is a number, {shorten(text)!r} is none")
    low, high = attribute.minimum, attribute.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise AnchorError(
            f"{shown(attribute.path)!r} is given as {number:g}; expected {attribute.unit or 'a number'} "
            f"from {low:g} to {high:g}"
        )
    plain = int(number) if number.is_integer() else number
    return Given(attribute, Drawn(number=plain), plain)


def closed_value(attribute: Attribute, text: str) -> Value:
    """The value of a closed value space that `text` spells; raises `AnchorError` where it spells none."""
    found = next((value for value in attribute.values if normal(value.text) == normal(text)), None)
    if found is None:
        spelled = ", ".join(repr(value.text) for value in attribute.values)
        raise AnchorError(
            f"{shorten(text)!r} is no value of {shown(attribute.path)!r}; expected one of {spelled}"
        )
    return found


def shown_given(given: Given) -> str:
    """The given value as people read it."""
    return ", ".join(given.value) if isinstance(given.value, tuple) else str(given.value)
