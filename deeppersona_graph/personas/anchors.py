"""Anchors: what the user gives, resolved against the tree, and what it demands of the situation.

Given values are kept to the letter. Those of attributes outside the core restrict the situation to one in
which they can be true, and must not contradict each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.errors import AnchorError, InputError, shorten
from deeppersona_graph.model.addressing import split_assignment
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.situation import OLDEST, SITUATION_KEYS, Conditions
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute, Tree, Value, normal, shown
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.draw import MOST_MEMBERS, Drawn
from deeppersona_graph.personas.fill import Given
from deeppersona_graph.personas.inner_core import GivenInner
from deeppersona_graph.personas.situation import resolve_country

BESIDE_A_BIOGRAPHY = ("country", "age", "sex", "employment")
"""What must be given beside a biography that nothing reads, so that it is not contradicted."""

_SEXES: Mapping[str, str] = {
    "woman": "female",
    "f": "female",
    "man": "male",
    "m": "male",
    "nonbinary": "non-binary",
    "nb": "non-binary",
}
_OPEN = ("city", "occupation", "name")


@dataclass(frozen=True)
class Anchors:
    """The anchor set S of a population, ready for use."""

    conditions: Conditions
    inner: GivenInner = field(default_factory=GivenInner)
    traits: tuple[Given, ...] = ()
    biography: str | None = None

    @property
    def explored(self) -> tuple[tuple[str, ...], ...]:
        """The paths of the given attributes; selection starts from every node on them."""
        return tuple(one.attribute.path for one in self.traits)

    @property
    def sentences(self) -> list[str]:
        """The given attributes as `Name: value`, for the profile."""
        return [f"{one.attribute.name}: {_shown(one)}" for one in self.traits]


@dataclass
class _Demands:
    """The demands on the situation as they gather, each with the anchor it comes from."""

    allowed: dict[str, frozenset[str]] = field(default_factory=dict)
    given: dict[str, str | int] = field(default_factory=dict)
    low: int = 0
    high: int = 0
    reasons: dict[str, str] = field(default_factory=dict)

    def restrict(self, key: str, values: Iterable[str], reason: str) -> None:
        before, wanted = self.allowed.get(key), frozenset(values)
        if before is not None and not before & wanted:
            raise AnchorError(
                f"{reason} needs {key} to be {_listed(wanted)}, but {self.reasons[key]} makes it "
                f"{_listed(before)}; leave one of the two out"
            )
        self.allowed[key] = wanted if before is None else before & wanted
        self.reasons[key] = reason if before is None else f"{self.reasons[key]} with {reason}"

    def restrict_age(self, low: int | None, high: int | None, reason: str) -> None:
        before = (self.low, self.high)
        self.low = max(self.low, low if low is not None else self.low)
        self.high = min(self.high, high if high is not None else self.high)
        if self.low > self.high:
            raise AnchorError(
                f"{reason} needs an age from {low or self.low} to {high or self.high}, but "
                f"{self.reasons.get('age', 'the ages asked for')} leaves {before[0]} to {before[1]}; "
                "leave one of the two out"
            )
        if (self.low, self.high) != before:
            self.reasons["age"] = reason


def resolve_anchors(specification: Specification, tree: Tree, constraints: Constraints) -> Anchors:
    """The anchors of a specification.

    Raises `UnknownNameError` for an attribute or country nobody knows, `AnchorError` for a value outside a
    closed value space or for anchors that contradict each other.
    """
    demands = _Demands(low=specification.ages[0], high=specification.ages[1])
    if specification.countries:
        countries = [resolve_country(country) for country in specification.countries]
        demands.restrict("country", countries, "the country asked for")
    if specification.genders:
        genders = [_core_value(tree.core["sex"], gender) for gender in specification.genders]
        demands.restrict("sex", genders, "the gender asked for")
    inner: dict[str, list[str]] = {}
    spelled: dict[str, list[str]] = {}
    for text in specification.anchors:
        attribute, value = split_assignment(tree, text)
        if attribute.core in SITUATION_KEYS:
            _demand_core(demands, attribute, value)
        elif attribute.core is not None:
            inner.setdefault(attribute.core, []).append(value)
        else:
            spelled.setdefault(attribute.id, []).append(value)
    if len(spelled) > specification.depth:
        raise AnchorError(
            f"{len(spelled)} attributes are given, more than the depth of {specification.depth}; "
            "raise --depth, or give fewer"
        )
    for identity in spelled:
        _check_retired(tree.by_id[identity], tree)
    traits = tuple(_given(tree.by_id[identity], values) for identity, values in spelled.items())
    for given in traits:
        _demand(demands, given, tree)
    for given in traits:
        _demand_before(
            demands, given.attribute, tree, frozenset(spelled), f"the anchor {given.attribute.name}"
        )
    _check_pairs(traits, constraints, demands, tree)
    _check_biography(specification, demands)
    return Anchors(
        conditions=Conditions(
            allowed=demands.allowed, given=demands.given, min_age=demands.low, max_age=demands.high
        ),
        inner=_inner(inner),
        traits=traits,
        biography=specification.biography,
    )


def _demand_core(demands: _Demands, attribute: Attribute, value: str) -> None:
    key, reason = str(attribute.core), f"the anchor {attribute.core}={shorten(value, 40)}"
    if key == "age":
        low, high = age_range(value)
        demands.restrict_age(low, high, reason)
    elif key == "country":
        demands.restrict(key, [resolve_country(value)], reason)
    elif key in _OPEN:
        before = demands.given.get(key)
        if before is not None and normal(str(before)) != normal(value):
            raise AnchorError(f"{key} is given twice, as {before!r} and as {value!r}; leave one out")
        demands.given[key] = value
    else:
        demands.restrict(key, [_core_value(attribute, value)], reason)


def age_range(text: str) -> tuple[int, int]:
    """`34` or `30:45` as the youngest and oldest age; raises `InputError` for anything else."""
    first, colon, last = text.partition(":")
    try:
        return int(first), int(last if colon else first)
    except ValueError:
        raise InputError(f"the age is {shorten(text)!r}; write a number, or a range such as 30:45") from None


def _core_value(attribute: Attribute, text: str) -> str:
    spelled = _SEXES.get(normal(text), text) if attribute.core == "sex" else text
    return _closed(attribute, spelled).text


def _closed(attribute: Attribute, text: str) -> Value:
    found = next((value for value in attribute.values if normal(value.text) == normal(text)), None)
    if found is None:
        spelled = [value.text for value in attribute.values]
        near = nearest(text, spelled) or spelled[:3]
        raise AnchorError(
            f"{shorten(text)!r} is no value of {shown(attribute.path)!r}; nearest: "
            + ", ".join(repr(one) for one in near)
        )
    return found


def _check_retired(attribute: Attribute, tree: Tree) -> None:
    for length in range(1, len(attribute.path) + 1):
        if tree.by_path[attribute.path[:length]].retired:
            raise AnchorError(
                f"{shown(attribute.path[:length])!r} is retired; restore it, or give another attribute"
            )


def _given(attribute: Attribute, texts: Sequence[str]) -> Given:
    """The anchor values of one attribute, checked against its value space."""
    distinct = list({normal(text): text for text in texts}.values())
    if attribute.value_type == "list":
        members = [_closed(attribute, text) for text in distinct]
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
    value = _closed(attribute, distinct[0])
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


def _demand(demands: _Demands, given: Given, tree: Tree) -> None:
    """What a given attribute and its values need of the situation."""
    attribute = given.attribute
    reason = f"the anchor {attribute.name}={shorten(_shown(given), 40)}"
    demands.restrict_age(attribute.min_age, attribute.max_age, reason)
    number = given.drawn.number
    if number is not None and attribute.at_most is not None:
        demands.restrict_age(-int(-number // 1) + attribute.at_most, None, reason)
    if number is not None and attribute.at_least is not None:
        demands.restrict_age(None, int(number) + attribute.at_least, reason)
    for value in given.drawn.values:
        demands.restrict_age(value.min_age, value.max_age, reason)
        if value.countries:
            demands.restrict("country", value.countries, reason)
    for required in (*attribute.requires, *(r for value in given.drawn.values for r in value.requires)):
        core = tree.by_id[required.attribute].core
        if core is not None:
            texts = [v.text for v in tree.by_id[required.attribute].values if v.id in required.values]
            demands.restrict(core, texts, reason)


def _demand_before(
    demands: _Demands, attribute: Attribute, tree: Tree, given: frozenset[str], reason: str
) -> None:
    """What the prerequisites of a given attribute need of the situation, where they are not given too.

    One of the values that satisfy it must be possible; where each of them needs something of the situation,
    what any of them needs is allowed.
    """
    for required in attribute.requires:
        first = tree.by_id[required.attribute]
        if first.core is not None or first.id in given:
            continue
        values = [value for value in first.values if value.id in required.values]
        demands.restrict_age(first.min_age, first.max_age, reason)
        demands.restrict_age(
            min((value.min_age or 0 for value in values), default=None),
            max((OLDEST if value.max_age is None else value.max_age for value in values), default=None),
            reason,
        )
        if values and all(value.countries for value in values):
            demands.restrict("country", {code for value in values for code in value.countries}, reason)
        own = {one.attribute: one.values for one in first.requires}
        shared = (
            set.intersection(*({one.attribute for one in value.requires} for value in values))
            if values
            else set()
        )
        either = {
            owner: frozenset(v for value in values for one in value.requires if one.attribute == owner
                             for v in one.values)
            for owner in shared
        }  # fmt: skip
        for of_core in (own, either):
            for owner, allowed in of_core.items():
                core = tree.by_id[owner].core
                if core is not None:
                    texts = [v.text for v in tree.by_id[owner].values if v.id in allowed]
                    demands.restrict(core, texts, reason)
        _demand_before(demands, first, tree, given | {first.id}, reason)


def _check_pairs(traits: Sequence[Given], constraints: Constraints, demands: _Demands, tree: Tree) -> None:
    """Given values must not exclude each other, and must have what they require."""
    by_id = {given.attribute.id: given for given in traits}
    for given in traits:
        for value in given.drawn.values:
            excluded = constraints.excluded_with.get(value.id, frozenset())
            for other in traits:
                hit = next((one for one in other.drawn.values if one.id in excluded), None)
                if hit is not None:
                    raise AnchorError(_contradiction(given, other))
            for core in tree.core.values():
                if excluded & {one.id for one in core.values}:
                    kept = [one.text for one in core.values if one.id not in excluded]
                    demands.restrict(str(core.core), kept, f"the anchor {given.attribute.name}")
            for exclusion in constraints.against_attributes.get(value.id, ()):
                ruled_out = by_id.get(exclusion.attribute)
                if ruled_out is not None and exclusion.hits(ruled_out.drawn.number):
                    raise AnchorError(_contradiction(given, ruled_out))
        for required in constraints.needed_before.get(given.attribute.id, ()):
            first = by_id.get(required.attribute)
            if first is not None and not {one.id for one in first.drawn.values} & required.values:
                raise AnchorError(_contradiction(given, first))


def _contradiction(one: Given, other: Given) -> str:
    return (
        f"the anchors contradict each other: {shown(one.attribute.path)} = {_shown(one)!r} and "
        f"{shown(other.attribute.path)} = {_shown(other)!r}; leave one of the two out"
    )


def _check_biography(specification: Specification, demands: _Demands) -> None:
    if specification.biography is None or specification.biography_unread:
        return
    known = {key for key, values in demands.allowed.items() if len(values) == 1}
    if demands.low == demands.high or demands.high - demands.low <= 15:
        known.add("age")
    missing = [key for key in BESIDE_A_BIOGRAPHY if key not in known]
    if missing:
        raise InputError(
            f"a biography is not read without a model, so {', '.join(missing)} must be given beside it "
            "(--country, --age, --gender, --anchor employment=…), or accept the risk with --bio-unread"
        )


def _inner(spelled: Mapping[str, Sequence[str]]) -> GivenInner:
    for key in ("values", "attitude"):
        if len(spelled.get(key, ())) > 1:
            raise AnchorError(f"{key} is given {len(spelled[key])} times; give it once")
    return GivenInner(
        values=next(iter(spelled.get("values", ())), None),
        attitude=next(iter(spelled.get("attitude", ())), None),
        stories=tuple(spelled.get("story", ())),
        interests=tuple(spelled.get("interests", ())),
    )


def _shown(given: Given) -> str:
    return ", ".join(given.value) if isinstance(given.value, tuple) else str(given.value)


def _listed(values: frozenset[str]) -> str:
    return " or ".join(repr(value) for value in sorted(values)[:4]) + (" …" if len(values) > 4 else "")
