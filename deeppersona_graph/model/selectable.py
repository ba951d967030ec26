"""Which attributes of a tree personas can be given: the candidates of selection (DESIGN §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from deeppersona_graph.model.situation import SITUATION_KEYS, Situation
from deeppersona_graph.model.tree import Attribute, Path, Tree

Bar = Literal["retired", "left out", "no values", "age", "situation"]
BARS: tuple[Bar, ...] = get_args(Bar)
"""Why an attribute is no candidate: it or its branch is retired, or left out with a bias of 0; there is
nothing to draw a value from; it does not apply to somebody of this age, or in this situation."""


@dataclass(frozen=True)
class Candidacy:
    """The rule by which attributes are candidates.

    With `drawn`, an attribute needs a value space to draw from; `left_out` are the ids of branches with a
    bias of 0, beside those to which the tree gives one.
    """

    tree: Tree
    drawn: bool
    left_out: frozenset[str] = frozenset()

    def judged(self, situation: Situation | None = None) -> list[tuple[Attribute, Bar | None]]:
        """All attributes that can have a value, with what keeps each from being a candidate: for somebody in
        this situation, or else for everybody."""
        dead: dict[Path, Bar] = {}
        found: list[tuple[Attribute, Bar | None]] = []
        for attribute in self.tree.attributes:
            bar = dead.get(attribute.path[:-1]) or self._own(attribute)
            if bar is not None:
                dead[attribute.path] = bar
            if self._valued(attribute):
                lacks = self.drawn and not attribute.has_values
                found.append(
                    (attribute, bar or ("no values" if lacks else self._unfit(attribute, situation)))
                )
        return found

    def candidates(self) -> list[Attribute]:
        """The attributes that somebody can be given."""
        return [attribute for attribute, bar in self.judged() if bar is None]

    def _own(self, attribute: Attribute) -> Bar | None:
        if attribute.retired:
            return "retired"
        return "left out" if attribute.id in self.left_out or attribute.bias == 0 else None

    def _valued(self, attribute: Attribute) -> bool:
        inner = attribute.path in self.tree.children and attribute.value_type is None
        return attribute.core is None and len(attribute.path) > 1 and not inner

    def _unfit(self, attribute: Attribute, situation: Situation | None) -> Bar | None:
        if situation is None:
            return None
        low, high = attribute.min_age, attribute.max_age
        if (low is not None and situation.age < low) or (high is not None and situation.age > high):
            return "age"
        for required in attribute.requires:
            owner = self.tree.by_id[required.attribute]
            if owner.core is not None and not self._held(owner, situation) & required.values:
                return "situation"
        return None

    def _held(self, owner: Attribute, situation: Situation) -> frozenset[str]:
        """The id of the value of a core attribute that the situation has, if it has one."""
        key = owner.core
        text = situation.value(key) if key in SITUATION_KEYS else None
        value = None if text is None else self.tree.value(owner, str(text))
        return frozenset() if value is None else frozenset((value.id,))
