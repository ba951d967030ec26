"""What a language model may answer for an attribute, and reading what it did answer (DeepPersona §3.2, 𝒱ₐ).

Only values are offered that contradict nothing known by then; what comes back is checked again, since the
values of one answer can contradict each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deeppersona_graph.errors import AnchorError, shorten
from deeppersona_graph.llm.answers import says_something
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

NOTHING = frozenset(("n/a", "na", "null", "unknown", "not applicable", "not specified"))
"""Words with which models leave a place empty."""

LONGEST = 160
"""Characters of a value in own words."""

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_BULLET = re.compile(r"^\s*(?:[*•]|-(?!\s*\d))\s+")
_NUMBERED = re.compile(r"^\s*\d+[.)]\s+")


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
        if _closed(self.gap):
            return not self.options
        return self.low is not None and self.high is not None and self.low > self.high


def space_of(gap: Gap, filled: Filled, situation: Situation) -> Space:
    """What the gap can be filled with."""
    attribute = gap.attribute
    if attribute.value_type == "number":
        low, high = number_range(attribute, situation.age, filled.bounds(attribute))
        return Space(gap, low=low, high=high)
    if not _closed(gap):
        return Space(gap)
    options = (value for value in attribute.values if gap.only is None or value.id in gap.only)
    return Space(gap, options=tuple(v for v in options if _suits(v, situation) and _admitted(v, filled)))


def _closed(gap: Gap) -> bool:
    """Whether the values of the attribute are all that may be answered; a given anchor may require them."""
    return gap.attribute.value_type in CLOSED or gap.only is not None


def shown_space(space: Space, texts: Sequence[str]) -> str:
    """How to answer, in the words the prompt explains; `texts` are the options in the order to show them."""
    attribute = space.gap.attribute
    if attribute.value_type not in CLOSED and texts:  # of own words, only these will do
        return "one of: " + " | ".join(texts)
    return _how(attribute, texts, space.low, space.high)


def whole_space(attribute: Attribute) -> str:
    """The same for an attribute of which nothing else is known."""
    return _how(attribute, [value.text for value in attribute.values], attribute.minimum, attribute.maximum)


def _how(attribute: Attribute, texts: Sequence[str], low: float | None, high: float | None) -> str:
    if attribute.value_type == "number":
        unit = f" {attribute.unit}" if attribute.unit else ""
        if low is None or high is None or not math.isfinite(high - low):
            return f"number{unit}"
        return f"number{unit} from {low:.12g} to {high:.12g}"
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
        return _read_number(attribute, spelled, filled, situation)
    if not _closed(space.gap):
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


def _read_number(
    attribute: Attribute, spelled: Sequence[str], filled: Filled, situation: Situation
) -> tuple[Drawn, TraitValue]:
    number = _number(" ".join(spelled))
    # Not the bounds that were shown: a value of the same answer may have moved them since.
    low, high = number_range(attribute, situation.age, filled.bounds(attribute))
    if low > high:
        raise MisfitError("no number goes with what is on record")
    if not low <= number <= high:
        raise MisfitError(f"{number:.12g} is not from {low:.12g} to {high:.12g}")
    if is_whole(attribute) and not number.is_integer():
        raise MisfitError(f"{number:.12g} is not whole")
    plain = int(number) if number.is_integer() else number
    return Drawn(number=plain), plain


def _number(text: str) -> float:
    """The one number in a text; of several nobody can tell which is meant."""
    found = _NUMBER.findall(text)
    if len(found) == 1:
        grouped = _THOUSANDS.fullmatch(found[0]) is not None
        try:
            return float(found[0].replace(",", "" if grouped else "."))
        except ValueError:
            pass
    raise MisfitError(f"{shorten(text)!r} is not one number")


def _read_words(
    attribute: Attribute, spelled: Sequence[str], filled: Filled, situation: Situation
) -> tuple[Drawn, TraitValue]:
    text = " ".join("; ".join(spelled).split())
    if len(text) > LONGEST:
        raise MisfitError(f"{len(text)} characters; a few words are wanted, {LONGEST} characters at most")
    known = next((value for value in attribute.values if normal(value.text) == normal(text)), None)
    if known is None:
        if not says_something(text) or normal(text) in NOTHING:
            raise MisfitError(f"{text!r} says nothing")
        return Drawn(), text
    if not _suits(known, situation):
        raise MisfitError(f"{known.text!r} does not fit this person")
    _check(known, filled)
    return Drawn(values=(known,)), known.text


def _parted(attribute: Attribute, spelled: Sequence[str]) -> Iterator[str]:
    """Values without the number that a model put before them; the members of a list that it wrote into one
    text are parted where each part is a value."""
    known = {normal(value.text) for value in attribute.values}
    for numbered in spelled:
        bare = _NUMBERED.sub("", numbered)
        text = bare if normal(numbered) not in known and normal(bare) in known else numbered
        parts = [part.strip() for part in re.split(r"[;|]", text)]
        several = attribute.value_type == "list" and normal(text) not in known
        yield from parts if several and all(normal(part) in known for part in parts) else [text]


def _plain(text: str) -> str:
    """A value without the dash or quotation marks that models put around it."""
    bare = _BULLET.sub("", text).strip()
    inner = bare[1:-1].strip()
    quoted = bare[:1] + bare[-1:] in ('""', "“”") and not set('"“”') & set(inner)
    return inner if quoted else bare


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
