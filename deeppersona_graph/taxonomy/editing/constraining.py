"""The edit of what values demand of one another: excludes, requires, implies, and bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from deeppersona_graph.errors import InputError, shorten
from deeppersona_graph.graph.connection import Row, Transaction
from deeppersona_graph.model.addressing import attributes_named, find_attribute
from deeppersona_graph.model.tree import Attribute, Tree, normal, shown
from deeppersona_graph.taxonomy.changing import Planned
from deeppersona_graph.taxonomy.editing.draft import Draft
from deeppersona_graph.taxonomy.editing.holding import check_all
from deeppersona_graph.taxonomy.editing.perform import Edit, Outcome, Workplace
from deeppersona_graph.taxonomy.editing.spaces import unknown_value
from deeppersona_graph.taxonomy.log.state import Key, Link, State, attribute_key, spelled

Relation = Literal["excludes", "requires", "implies"]

MOST = 2**31 - 1
FIRST = 10
"""People named who break a new constraint; more are counted."""

_OPERATOR = re.compile(r">=|<=|=|>|<")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a constraint: an attribute, one of its values, or numbers at or beyond a bound."""

    attribute: Attribute
    text: str | None = None
    minimum: float | None = None
    maximum: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether it is about numbers."""
        return self.minimum is not None or self.maximum is not None


def parse_side(tree: Tree, text: str) -> Side:
    """`Attribute`, `Attribute=value`, `Attribute>=number` or `Attribute<=number`.

    The longest left side that names an attribute wins. Raises as `find_attribute` does, or `InputError`.
    """
    if len(attributes_named(tree, text)) == 1:
        return Side(find_attribute(tree, text))
    for found in reversed(list(_OPERATOR.finditer(text))):
        left, right = text[: found.start()], text[found.end() :].strip()
        if len(attributes_named(tree, left)) != 1 or not right:
            continue
        attribute = find_attribute(tree, left)
        if found[0] == "=":
            return Side(attribute, right)
        if found[0] in (">", "<"):
            raise InputError(f"{shorten(text)!r}: a bound includes its number; write {found[0]}= instead")
        number = _number(text, right)
        return Side(attribute, minimum=number) if found[0] == ">=" else Side(attribute, maximum=number)
    first = _OPERATOR.search(text)
    return Side(find_attribute(tree, text[: first.start()] if first else text))


def constrain(
    place: Workplace,
    subject: Side,
    relation: Relation,
    objects: Sequence[Side],
    *,
    remove: bool = False,
) -> Edit:
    """Let a value exclude, imply or require others, or an attribute require them; or take that away again.

    Values of one attribute that are required or implied together are alternatives. People who break it by
    now are counted and named; `refresh` mends them. Raises `InputError` for what can never hold.
    """
    if not objects:
        raise InputError(f"{relation} what? name at least one Attribute=value after it")

    def plan(tx: Transaction, state: State) -> Planned[Outcome]:
        draft = Draft(state)
        asking = _Asking(draft, subject, relation)
        for one in objects:
            asking.write(one, remove=remove)
        if draft.state == state:
            raise InputError(
                f"{asking.told} {'not there' if remove else 'there already'}; nothing was changed"
            )
        if not remove:
            check_all(Draft(state), draft, [asking.start, *asking.ends])
        broken = [] if remove else asking.violating(tx, place.taxonomy, objects)
        named = {row["id"]: row for one in broken for row in one["first"]}
        return Planned(Outcome(list(named.values())[:FIRST], len(named)), draft.checked())

    arguments = {
        "subject": _plain(subject), "relation": relation, "objects": [_plain(one) for one in objects],
        "remove": remove,
    }  # fmt: skip
    return place.run("constrain", arguments, plan)


class _Asking:
    """One constraint as it is written into a draft."""

    def __init__(self, draft: Draft, subject: Side, relation: Relation) -> None:
        self._draft, self._subject, self._relation = draft, subject, relation
        self.ends: list[Key] = []
        """What is bound."""
        if subject.bounded:
            raise InputError("a range of numbers cannot be the subject; name a value, or the attribute")
        self._attribute = attribute_key(subject.attribute.id)
        if subject.text is None and relation != "requires":
            raise InputError(
                f"{draft.shown(subject.attribute.id)} {relation} what follows: with which value? "
                "write the subject as Attribute=value"
            )
        if relation == "requires" and draft.attribute(subject.attribute.id).get("core"):
            raise InputError(
                f"{draft.shown(subject.attribute.id)} is a core attribute, which every person has; "
                "it can require nothing"
            )
        self.start = self._attribute if subject.text is None else self._value(subject)

    @property
    def told(self) -> str:
        """The constraint in words, for messages."""
        return f"that {self._draft.shown(self._subject.attribute.id)} {self._relation} this is"

    def write(self, side: Side, *, remove: bool) -> None:
        """Put in, or take out, what one object says."""
        if self._relation == "requires" and side.bounded:
            self._write_age(side, remove=remove)
            return
        link = Link(self._relation.upper(), self.start, self._end(side), self._bounds(side))
        self.ends.append(link.end)
        if not remove:
            self._draft.link(link.kind, link.start, link.end, self._properties(side))
            return
        ways = [link, Link(link.kind, link.end, link.start, link.properties)]
        for one in ways if link.kind == "EXCLUDES" else ways[:1]:
            if one in self._draft.state.links:
                self._draft.unlink(one)

    def violating(self, tx: Transaction, taxonomy: str, objects: Sequence[Side]) -> list[Row]:
        """The people who break it, for each attribute it is about."""
        groups: dict[tuple[str, bool], list[Side]] = {}
        for one in objects:
            separate = one.bounded or self._relation == "excludes"
            groups.setdefault((repr(one) if separate else one.attribute.id, one.bounded), []).append(one)
        own = None if self._subject.text is None else [normal(self._subject.text)]
        return [
            tx.run(
                "log/violating",
                taxonomy=taxonomy,
                relation="age" if bounded and self._relation == "requires" else self._relation,
                subject=self._subject.attribute.id,
                keys=own,
                object=several[0].attribute.id,
                others=self._alternatives(several),
                minimum=several[0].minimum,
                maximum=several[0].maximum,
                limit=MOST,
            )[0]
            for (_, bounded), several in groups.items()
        ]

    def _alternatives(self, sides: Sequence[Side]) -> list[str] | None:
        """The keys of the values concerned, those that were alternatives before included."""
        found = {normal(one.text) for one in sides if one.text is not None}
        if self._relation != "excludes":
            own = set(self._draft.values(sides[0].attribute.id))
            ends = {link.end for link in self._draft.leaving(self._relation.upper(), self.start)}
            found |= {str(self._draft.state.nodes[end]["key"]) for end in own & ends}
        return sorted(found) or None

    def _write_age(self, side: Side, *, remove: bool) -> None:
        if side.attribute.core != "age":
            raise InputError(
                f"{shown(side.attribute.path)!r}: a range can be required of the age alone; "
                "require values of others, or let values exclude the range"
            )
        for name, bound in (("min_age", side.minimum), ("max_age", side.maximum)):
            if bound is not None:
                if bound != int(bound) or not 0 <= bound <= 150:
                    raise InputError(f"an age of {bound:g}: expected whole years from 0 to 150")
                stands = self._draft.state.nodes[self.start].get(name) == int(bound)
                if stands or not remove:
                    self._draft.set(self.start, **{name: None if remove else int(bound)})
        found = self._draft.state.nodes[self.start]
        low, high = found.get("min_age"), found.get("max_age")
        if low is not None and high is not None and low > high:
            raise InputError(f"ages from {low} to {high} can never hold: nobody is of such an age")

    def _end(self, side: Side) -> Key:
        if side.attribute.id == self._subject.attribute.id:
            raise InputError(
                f"{self._draft.shown(side.attribute.id)} would bind itself; name another attribute, "
                "or change its values with `deeppersona taxonomy describe`"
            )
        if side.text is not None:
            end = self._value(side)
            if self._relation != "requires" and side.attribute.core and self._subject.attribute.core:
                raise InputError(
                    f"{self._draft.shown(side.attribute.id)} and what binds it are core attributes, which "
                    "the tables of the situation decide; bind others"
                )
            kind = self._draft.attribute(side.attribute.id).get("value_type")
            if self._relation == "implies" and kind == "list":
                raise InputError(
                    f"{self._draft.shown(side.attribute.id)} is a list, of which nothing can be implied; "
                    "let the value exclude those that do not go with it"
                )
            return end
        if self._relation != "excludes":
            raise InputError(
                f"{self._draft.shown(side.attribute.id)}: with which value? write it as Attribute=value"
            )
        if self._draft.attribute(side.attribute.id).get("core"):
            raise InputError(
                f"{self._draft.shown(side.attribute.id)} is a core attribute, which every person has; "
                "exclude some of its values"
            )
        return attribute_key(side.attribute.id)

    def _bounds(self, side: Side) -> str:
        return spelled(self._properties(side))

    def _properties(self, side: Side) -> dict[str, float] | None:
        if not side.bounded:
            return None
        found = self._draft.attribute(side.attribute.id)
        low, high = found.get("minimum"), found.get("maximum")
        if found.get("value_type") != "number" or low is None or high is None:
            raise InputError(f"{self._draft.shown(side.attribute.id)} is no number; name one of its values")
        if (side.minimum is not None and side.minimum <= low) or (
            side.maximum is not None and side.maximum >= high
        ):
            raise InputError(
                f"the bound leaves nothing of {self._draft.shown(side.attribute.id)}, {low:g} to {high:g}; "
                "exclude the whole attribute"
            )
        bounds = {"minimum": side.minimum, "maximum": side.maximum}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    def _value(self, side: Side) -> Key:
        assert side.text is not None
        found = self._draft.value(side.attribute.id, side.text)
        if found is None:
            raise unknown_value(self._draft, side.attribute.id, side.text)
        return found


def _number(text: str, right: str) -> float:
    try:
        number = float(right)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{shorten(text)!r}: {shorten(right)!r} is no number; give one")
    return number


def _plain(side: Side) -> Any:
    found = {"path": list(side.attribute.path), "value": side.text, "min": side.minimum, "max": side.maximum}
    return {name: one for name, one in found.items() if one is not None}
