"""What given values demand of the situation and of each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.errors import AnchorError, shorten
from deeppersona_graph.model.situation import OLDEST
from deeppersona_graph.model.tree import Attribute, Tree, shown
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.fill import Given
from deeppersona_graph.personas.given import shown_given


@dataclass
class Demands:
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


def demand_of(demands: Demands, given: Given, tree: Tree) -> None:
    """What a given attribute and its values need of the situation."""
    attribute = given.attribute
    reason = f"the anchor {attribute.name}={shorten(shown_given(given), 40)}"
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


def demand_before(
    demands: Demands, attribute: Attribute, tree: Tree, given: frozenset[str], reason: str
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
        demand_before(demands, first, tree, given | {first.id}, reason)


def check_pairs(traits: Sequence[Given], constraints: Constraints, demands: Demands, tree: Tree) -> None:
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
        f"the anchors contradict each other: {shown(one.attribute.path)} = {shown_given(one)!r} and "
        f"{shown(other.attribute.path)} = {shown_given(other)!r}; leave one of the two out"
    )


def _listed(values: frozenset[str]) -> str:
    return " or ".join(repr(value) for value in sorted(values)[:4]) + (" …" if len(values) > 4 else "")
