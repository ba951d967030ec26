"""What a finished persona passed over: candidates that arrived in time and were not taken, and why.

In time is before the last arrival that was taken of the stratum. A prerequisite counts as arrived with the
first candidate that could require it, whether that was taken in the end or not: it was filled in its stead.
The reason is told by the values that the persona had when the candidate's turn came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from deeppersona_graph.model.persona import STRATA, Persona, Stratum, Trait, shown_value, value_texts
from deeppersona_graph.model.selectable import Bar, Candidacy
from deeppersona_graph.model.tree import Attribute, Path, Requirement, Tree, Value, short_path
from deeppersona_graph.personas.again import Again
from deeppersona_graph.personas.anchor import with_core
from deeppersona_graph.personas.constraints import Constraints, Filled
from deeppersona_graph.personas.fill import Arrival, Gap
from deeppersona_graph.personas.spaces import space_of

Reason = Literal["ruled out", "prerequisite", "no value", "not answered", "not told"]

NAMED = 3
"""Values and attributes that a reason names at most."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A candidate that was not taken though its turn had come."""

    attribute: str
    path: Path
    stratum: Stratum
    similarity: float
    arrival: float
    reason: Reason
    because: str
    """The reason in words."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a persona could have got, and what of it was passed over, in order of arrival."""

    count: int
    by_stratum: Mapping[Stratum, int]
    barred: Mapping[Bar, int]
    """Attributes that were no candidates, by what kept them from it."""
    passed_over: tuple[PassedOver, ...]
    strays: int
    """Attributes taken that are no candidates, or of another stratum, as things stand now."""


def candidates_of(person: Persona, tree: Tree, again: Again) -> Candidates:
    """The candidates of a persona, by a selection made again."""
    arrivals = {one.attribute.id: one for one in again.selection.reserves}
    drawn = again.specification.model is None
    left_out = frozenset(identity for identity, factor in again.biases if factor == 0)
    judged = Candidacy(tree, drawn, left_out).judged(person.situation)
    sizes = Counter(STRATA[one.stratum] for one in arrivals.values())
    return Candidates(
        count=again.selection.applicable,
        by_stratum={stratum: sizes[stratum] for stratum in STRATA},
        barred=dict(sorted(Counter(bar for _, bar in judged if bar is not None).items())),
        passed_over=tuple(_Retracing(person, tree, arrivals, drawn=drawn).passed_over()),
        strays=sum(_strayed(trait, arrivals) for trait in person.traits),
    )


def _strayed(trait: Trait, arrivals: Mapping[str, Arrival]) -> bool:
    found = arrivals.get(trait.attribute)
    return (trait.stratum is None) != (found is None) or (
        found is not None and STRATA[found.stratum] != trait.stratum
    )


Told = tuple[Reason, str]


class _Retracing:
    """Goes the way of a persona again, by what it took."""

    def __init__(self, person: Persona, tree: Tree, arrivals: Mapping[str, Arrival], *, drawn: bool) -> None:
        self._person, self._tree, self._arrivals, self._drawn = person, tree, arrivals, drawn
        self._constraints = Constraints(tree)
        self._taken = {trait.attribute: trait for trait in person.traits}
        self._filled = with_core(self._constraints, person.situation)
        self._given = [trait for trait in person.traits if trait.source == "given"]
        others = (trait for trait in person.traits if trait.source != "given")
        self._others = sorted(others, key=lambda trait: trait.order or 0)

    def passed_over(self) -> Iterator[PassedOver]:
        """What was passed over, in order of arrival."""
        came = self._came()
        reach = self._reach(came)
        passed = sorted(
            (one for one in self._arrivals.values() if self._is_passed(one, reach)),
            key=lambda one: (one.arrival, one.attribute.id),
        )
        told = self._retrace(passed, came)
        for one in passed:
            reason, because = told.get(one.attribute.id) or self._why(one) or self._otherwise(one)
            yield PassedOver(
                attribute=one.attribute.id,
                path=one.attribute.path,
                stratum=STRATA[one.stratum],
                similarity=round(one.similarity, 4),
                arrival=one.arrival,
                reason=reason,
                because=because,
            )

    def _came(self) -> dict[str, float]:
        """When what was taken came to its turn."""
        whole = with_core(self._constraints, self._person.situation)
        for trait in (*self._given, *self._others):
            self._fill(trait, whole)
        requiring: dict[str, list[str]] = {}
        for identity in self._arrivals:
            for needed in self._constraints.needed_before.get(identity, ()):
                if self._could_require(identity, needed, whole):
                    requiring.setdefault(needed.attribute, []).append(identity)
        came: dict[str, float] = {}

        def turn(identity: str) -> float:
            if identity not in came:
                came[identity] = self._arrivals[identity].arrival  # ends what requires itself
                came[identity] = min([came[identity], *map(turn, requiring.get(identity, ()))])
            return came[identity]

        return {identity: turn(identity) for identity in self._taken if identity in self._arrivals}

    def _could_require(self, identity: str, needed: Requirement, whole: Filled) -> bool:
        """Whether a candidate had `needed` filled in its stead: it applied, and nothing else kept it back."""
        attribute = self._tree.by_id[identity]
        others = (one for one in self._constraints.needed_before[identity] if one is not needed)
        return identity in self._taken or (whole.applies(attribute) and all(map(whole.meets, others)))

    def _reach(self, came: Mapping[str, float]) -> dict[int, float]:
        """When the last of each stratum came that was taken."""
        reach: dict[int, float] = {}
        for identity, time in came.items():
            stratum = self._arrivals[identity].stratum
            reach[stratum] = max(reach.get(stratum, 0.0), time)
        return reach

    def _is_passed(self, one: Arrival, reach: Mapping[int, float]) -> bool:
        return one.attribute.id not in self._taken and one.arrival < reach.get(one.stratum, 0.0)

    def _retrace(self, passed: Sequence[Arrival], came: Mapping[str, float]) -> dict[str, Told]:
        """Fill again what was taken, and see at each turn that is passed over what stood against it."""
        told: dict[str, Told] = {}
        place = 0
        for trait in self._given:
            self._fill(trait, self._filled)
        for trait in self._others:
            while place < len(passed) and passed[place].arrival < came.get(trait.attribute, 0.0):
                if (why := self._why(passed[place])) is not None:
                    told[passed[place].attribute.id] = why
                place += 1
            self._fill(trait, self._filled)
        return told

    def _fill(self, trait: Trait, filled: Filled) -> None:
        attribute = self._tree.by_id.get(trait.attribute)
        if attribute is None:
            return
        number = trait.value if isinstance(trait.value, int | float) else None
        texts = () if number is not None else value_texts(trait.value)
        found = (self._tree.value(attribute, text) for text in texts)
        filled.add(attribute, [value for value in found if value is not None], number)

    def _why(self, one: Arrival, above: tuple[str, ...] = ()) -> Told | None:
        """What stands against a candidate as things are; None where nothing does."""
        attribute = one.attribute
        if not self._filled.applies(attribute):
            return "ruled out", f"ruled out by {self._listed(self._excluding(attribute))}"
        for needed in self._constraints.needed_before.get(attribute.id, ()):
            lack = self._lack(needed, (*above, attribute.id))
            if lack is not None:
                return "prerequisite", lack
        if space_of(self._gap(one), self._filled, self._person.situation).empty:
            against = [i for value in attribute.values for i in self._contradicting(value)]
            against += self._excluding(attribute)
            beside = f" beside {self._listed(dict.fromkeys(against))}" if against else " for this person"
            return "no value", f"no value of it is left{beside}"
        return None

    def _gap(self, one: Arrival) -> Gap:
        """The place that a candidate would fill; what is drawn has a weight."""
        if not self._drawn or one.attribute.value_type == "number":
            return Gap(one)
        return Gap(one, frozenset(value.id for value in one.attribute.values if value.weight > 0))

    def _lack(self, needed: Requirement, above: tuple[str, ...]) -> str | None:
        """What a candidate lacks of a prerequisite that can no more, or never could, be met."""
        first = self._tree.by_id[needed.attribute]
        texts = [v.text for v in first.values if v.id in needed.values]
        wanted = " or ".join(texts[:NAMED]) + (" …" if len(texts) > NAMED else "")
        if first.id in self._filled.values:
            if self._filled.meets(needed):
                return None
            return f"needs {_name(first)} = {wanted}; it is {self._value(first.id)}"
        arrival = self._arrivals.get(first.id)
        if arrival is None or first.id in above:
            return f"needs {_name(first)} = {wanted}, which is no candidate"
        why = self._why(arrival, above)
        return None if why is None else f"needs {_name(first)} = {wanted}, which is passed over: {why[1]}"

    def _otherwise(self, one: Arrival) -> Told:
        """The reason where no value stands against a candidate."""
        needed = self._constraints.needed_before.get(one.attribute.id, ())
        missing = [self._tree.by_id[n.attribute] for n in needed if n.attribute not in self._filled.values]
        if missing:
            names = ", ".join(_name(first) for first in missing[:NAMED])
            return "prerequisite", f"needs {names}, for which there was no room"
        if not self._drawn:
            return "not answered", "the model gave no value that could stand"
        return "not told", "why cannot be told from what the persona has"

    def _excluding(self, attribute: Attribute) -> list[str]:
        """Ids of the attributes whose values rule out this one, or some of its numbers."""
        against = self._constraints.against_attributes
        return [
            identity
            for identity, held in self._filled.values.items()
            if any(e.attribute == attribute.id for v in held for e in against.get(v, ()))
        ]

    def _contradicting(self, value: Value) -> list[str]:
        """Ids of the attributes that a value cannot stand beside."""
        excluded = self._constraints.excluded_with.get(value.id, frozenset())
        return [i for i, held in self._filled.values.items() if not excluded.isdisjoint(held)]

    def _listed(self, identities: Sequence[str] | Mapping[str, None]) -> str:
        named = [f"{_name(self._tree.by_id[i])} = {self._value(i)}" for i in identities]
        return ", ".join(named[:NAMED]) + (" …" if len(named) > NAMED else "")

    def _value(self, identity: str) -> str:
        if identity in self._taken:
            return shown_value(self._taken[identity].value)
        values = self._tree.by_id[identity].values
        return "; ".join(v.text for v in values if v.id in self._filled.values[identity])


def _name(attribute: Attribute) -> str:
    return short_path(attribute.path)
