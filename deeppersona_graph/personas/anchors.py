"""Anchors: what the user gives, resolved against the tree, and what it demands of the situation.

Given values are kept to the letter. Those of attributes outside the core restrict the situation to one in
which they can be true, and must not contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.errors import AnchorError, InputError, shorten
from deeppersona_graph.model.addressing import split_assignment
from deeppersona_graph.model.persona import InnerCore, Trait
from deeppersona_graph.model.situation import SITUATION_KEYS, Conditions, Situation
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Attribute, Tree, normal, short_path, shown
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.demands import Demands, check_pairs, demand_before, demand_of
from deeppersona_graph.personas.fill import Given
from deeppersona_graph.personas.given import closed_value, read_given, shown_given
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
    def facts(self) -> list[str]:
        """The given attributes as `Path below the root: value`, for a language model."""
        return [f"{short_path(one.attribute.path)}: {shown_given(one)}" for one in self.traits]

    @property
    def sentences(self) -> list[str]:
        """The given attributes as `Name: value`, for the profile."""
        return [f"{one.attribute.name}: {shown_given(one)}" for one in self.traits]


def resolve_anchors(specification: Specification, tree: Tree, constraints: Constraints) -> Anchors:
    """The anchors of a specification.

    Raises `UnknownNameError` for an attribute or country nobody knows, `AnchorError` for a value outside a
    closed value space or for anchors that contradict each other.
    """
    demands = Demands(low=specification.ages[0], high=specification.ages[1])
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
    traits = tuple(read_given(tree.by_id[identity], values) for identity, values in spelled.items())
    for given in traits:
        demand_of(demands, given, tree)
    for given in traits:
        demand_before(
            demands, given.attribute, tree, frozenset(spelled), f"the anchor {given.attribute.name}"
        )
    check_pairs(traits, constraints, demands, tree)
    _check_biography(specification, demands)
    return Anchors(
        conditions=Conditions(
            allowed=demands.allowed, given=demands.given, min_age=demands.low, max_age=demands.high
        ),
        inner=_inner(inner),
        traits=traits,
        biography=specification.biography,
    )


def check_given_core(situation: Situation, inner: InnerCore, anchors: Anchors) -> None:
    """Raise `AssertionError` where what is given of the core is not there to the letter: our fault."""
    for key, given in anchors.conditions.given.items():
        assert situation.value(key) == given, f"{key} was given"
    for key in ("values", "attitude", "stories", "interests"):
        given = getattr(anchors.inner, key)
        assert not given or getattr(inner, key) == given, f"{key} was given"


def check_given_traits(traits: Sequence[Trait], anchors: Anchors) -> None:
    """Raise `AssertionError` where a given attribute does not have its value to the letter: our fault."""
    values = {trait.attribute: trait.value for trait in traits}
    for one in anchors.traits:
        assert values.get(one.attribute.id) == one.value, f"{one.attribute.name} was given"


def _demand_core(demands: Demands, attribute: Attribute, value: str) -> None:
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
    return closed_value(attribute, spelled).text


def _check_retired(attribute: Attribute, tree: Tree) -> None:
    for length in range(1, len(attribute.path) + 1):
        if tree.by_path[attribute.path[:length]].retired:
            raise AnchorError(
                f"{shown(attribute.path[:length])!r} is retired; restore it, or give another attribute"
            )


def _check_biography(specification: Specification, demands: Demands) -> None:
    read = specification.biography_unread or specification.model is not None
    if specification.biography is None or read:
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
