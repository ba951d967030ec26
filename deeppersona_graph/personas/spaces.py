"""What a language model may answer for an attribute, and reading what it did answer (DeepPersona §3.2, 𝒱ₐ).

Only values are offered that contradict nothing known by then; what comes back is checked again, since the
values of one answer can contradict each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deeppersona_graph.errors import AnchorError, shorten
from deeppersona_graph.model.persona import TraitValue
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Attribute, Value, normal, shown
from deeppersona_graph.personas.constraints import Filled
from deeppersona_graph.personas.draw import Drawn, value_of
from deeppersona_graph.personas.fill import Gap
from deeppersona_graph.personas.given import closed_value, read_given
from deeppersona_graph.personas.numbers import is_whole, number_range

CLOSED = ("categorical", "ordinal", "list")
"""Value types whose values are all that may be answered."""

LONGEST = 160
"""Characters of a value in own words."""

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


class MisfitError(Exception):
    """An answer that cannot be the value of its attribute; the message is told to the model."""


@dataclass(frozen=True, slots=True)
class Space:
    """The values that one gap of one persona can have as things stand."""

    gap: Gap
    options: tuple[Value, ...] = ()
    """Of a closed value space."""
    low: float | None = None
    high: float | None = None
    """Of a number, both included."""

    @property
    def empty(self) -> bool:
        """Whether nothing can be answered."""
        attribute = self.gap.attribute
        if attribute.value_type in CLOSED:
            return not self.options
        return self.low is not None and self.high is not None and self.low > self.high


def space_of(gap: Gap, filled: Filled, situation: Situation) -> Space:
    """What the gap can be filled with."""
    attribute = gap.attribute
    if attribute.value_type == "number":
        low, high = number_range(attribute, situation.age, filled.bounds(attribute))
        return Space(gap, low=low, high=high)
    if attribute.value_type not in CLOSED:
        return Space(gap)
    options = (value for value in attribute.values if gap.only is None or value.id in gap.only)
    return Space(gap, options=tuple(v for v in options if _suits(v, situation) and _admitted(v, filled)))


def shown_space(space: Space, texts: Sequence[str]) -> str:
    """How to answer, in the words the prompt explains; `texts` are the options in the order to show them."""
    return _how(space.gap.attribute, texts, space.low, space.high)


def whole_space(attribute: Attribute) -> str:
    """The same for an attribute of which nothing else is known."""
    return _how(attribute, [value.text for value in attribute.values], attribute.minimum, attribute.maximum)


def _how(attribute: Attribute, texts: Sequence[str], low: float | None, high: float | None) -> str:
    if attribute.value_type == "number":
        unit = f" {attribute.unit}" if attribute.unit else ""
        return f"number{unit} from {low:g} to {high:g}"
    if attribute.value_type == "list":
        return "up to three of: " + " | ".join(texts)
    if attribute.value_type in CLOSED:
        return "one of: " + " | ".join(texts)
    return "own words"


def read_value(
    space: Space, texts: Sequence[str], filled: Filled, situation: Situation
) -> tuple[Drawn, TraitValue]:
    """The value that `texts` spell for the gap; raises `MisfitError` that says why they spell none."""
    attribute = space.gap.attribute
    spelled = [_plain(text) for text in texts if _plain(text)]
    if not spelled:
        raise MisfitError("no value was given")
    if attribute.value_type == "number":
        return _read_number(space, spelled)
    if attribute.value_type not in CLOSED:
        return _read_words(attribute, spelled, filled, situation)
    try:
        members = [closed_value(attribute, text) for text in _parted(attribute, spelled)]
        given = read_given(attribute, [value.text for value in members])
    except AnchorError as error:
        raise MisfitError(str(error)) from None
    allowed = {value.id for value in space.options}
    for value in given.drawn.values:
        if value.id not in allowed:
            raise MisfitError(f"{value.text!r} does not fit this person")
        _check(value, filled)
    _check_among_themselves(given.drawn.values, filled)
    return given.drawn, value_of(attribute, given.drawn)


def _read_number(space: Space, spelled: Sequence[str]) -> tuple[Drawn, TraitValue]:
    found = _NUMBER.search(spelled[0])
    if found is None:
        raise MisfitError(f"{shorten(spelled[0])!r} is no number")
    number = float(found[0].replace(",", "."))
    assert space.low is not None
    assert space.high is not None
    if not space.low <= number <= space.high:
        raise MisfitError(f"{number:g} is not from {space.low:g} to {space.high:g}")
    if is_whole(space.gap.attribute) and not number.is_integer():
        raise MisfitError(f"{number:g} is not whole")
    plain = int(number) if number.is_integer() else number
    return Drawn(number=plain), plain


def _read_words(
    attribute: Attribute, spelled: Sequence[str], filled: Filled, situation: Situation
) -> tuple[Drawn, TraitValue]:
    text = " ".join("; ".join(spelled).split())
    if len(text) > LONGEST:
        raise MisfitError(f"{len(text)} characters; a few words are wanted, {LONGEST} characters at most")
    known = next((value for value in attribute.values if normal(value.text) == normal(text)), None)
    if known is None:
        return Drawn(), text
    if not _suits(known, situation):
        raise MisfitError(f"{known.text!r} does not fit this person")
    _check(known, filled)
    return Drawn(values=(known,)), known.text


def _parted(attribute: Attribute, spelled: Sequence[str]) -> Iterator[str]:
    """The members of a list that a model wrote into one text are parted where each part is a value."""
    known = {normal(value.text) for value in attribute.values}
    for text in spelled:
        parts = [part.strip() for part in re.split(r"[;|]", text)]
        several = attribute.value_type == "list" and normal(text) not in known
        yield from parts if several and all(normal(part) in known for part in parts) else [text]


def _plain(text: str) -> str:
    return _LISTED.sub("", text).strip().strip('"“”').strip()


def _suits(value: Value, situation: Situation) -> bool:
    """Whether somebody of this age and country can have the value."""
    return (
        (value.min_age is None or situation.age >= value.min_age)
        and (value.max_age is None or situation.age <= value.max_age)
        and (not value.countries or situation.country in value.countries)
    )


def _admitted(value: Value, filled: Filled) -> bool:
    return filled.admits(value) and all(filled.meets(one) for one in value.requires)


def _check(value: Value, filled: Filled) -> None:
    if _admitted(value, filled):
        return
    tree = filled.constraints.tree
    against = filled.constraints.excluded_with.get(value.id, frozenset())
    for identity, held in filled.values.items():
        if any(one in against for one in held):
            raise MisfitError(f"{value.text!r} contradicts {shown(tree.by_id[identity].path)}")
    raise MisfitError(f"{value.text!r} does not go with what is on record")


def _check_among_themselves(members: Sequence[Value], filled: Filled) -> None:
    for value in members:
        against = filled.constraints.excluded_with.get(value.id, frozenset())
        clash = next((other for other in members if other.id in against), None)
        if clash is not None:
            raise MisfitError(f"{value.text!r} and {clash.text!r} exclude each other")
