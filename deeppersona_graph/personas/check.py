"""Proofreading: a pass over the finished record that finds contradictions and fills those lines anew.

What is given is never touched. A line for which nothing better is found keeps what it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Asker, Program, Request, put
from deeppersona_graph.llm.settle import fragment
from deeppersona_graph.model.persona import Trait
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.personas.constraints import Filled
from deeppersona_graph.personas.fill import Arrival, Gap
from deeppersona_graph.personas.progressive import AttributeValues, line_of, record_text
from deeppersona_graph.personas.spaces import MisfitError, Space, read_value, space_of

MOST = 12
"""Lines of one record that are filled anew, at most."""


class Contradiction(AnswerModel):
    """One entry of an answer to `check-persona`."""

    line: int
    reason: str


class Contradictions(AnswerModel):
    """Answer to `check-persona`."""

    contradictions: list[Contradiction]


@dataclass(frozen=True)
class Proofreader:
    """Proofreads one persona; `filled` is what the walk knows of its values."""

    asker: Asker
    situation: Situation
    profile: str
    filled: Filled

    def check(self, traits: Sequence[Trait]) -> Program[tuple[Trait, ...]]:
        """The traits, those anew that contradicted others."""
        found = yield from put(self.request(traits))
        reasons = {
            one.line: one.reason
            for one in found.value.contradictions[:MOST]
            if 1 <= one.line <= len(traits) and traits[one.line - 1].source == "model"
        }
        if not reasons:
            return tuple(traits)
        kept = [trait for number, trait in enumerate(traits, start=1) if number not in reasons]
        filled = self.filled.without({traits[number - 1].attribute for number in reasons})
        spaces = self._spaces(traits, reasons, filled)
        request = self.asker.request(
            "fill-attributes",
            AttributeValues,
            person=self.profile,
            record=record_text(kept),
            attributes=fragment(
                "mend-attributes",
                attributes="\n".join(line_of(n, space, self.asker.sample) for n, space in spaces.items()),
                reasons="\n".join(f"{n}: {reasons[n]}" for n in spaces),
            ),
        )
        answered = yield from put(request)
        given = {one.id: one.values for one in answered.value.attributes}
        mended = list(traits)
        for number, space in spaces.items():
            trait = traits[number - 1]
            mended[number - 1] = self._mended(trait, space, given.get(number, ()), filled, answered.key)
        return tuple(mended)

    def request(self, traits: Sequence[Trait]) -> Request[Contradictions]:
        """The question what contradicts what."""
        return self.asker.request(
            "check-persona", Contradictions, person=self.profile, record=record_text(traits)
        )

    def _spaces(
        self, traits: Sequence[Trait], reasons: Mapping[int, str], filled: Filled
    ) -> dict[int, Space]:
        by_id = filled.constraints.tree.by_id
        spaces = {}
        for number in sorted(reasons):
            attribute = by_id[traits[number - 1].attribute]
            space = space_of(Gap(Arrival(attribute, 0, 0.0, 0.0)), filled, self.situation)
            if not space.empty:
                spaces[number] = space
        return spaces

    def _mended(
        self, trait: Trait, space: Space, texts: Sequence[str], filled: Filled, request: str
    ) -> Trait:
        """The trait with the value that `texts` spell, if all else still stands with it; else as it is."""
        attribute = space.gap.attribute
        try:
            drawn, value = read_value(space, texts, filled, self.situation)
        except MisfitError:
            drawn, value = None, trait.value
        if drawn is not None and filled.still_meets(attribute.id, drawn.values):
            filled.add(attribute, drawn.values, drawn.number)
            return replace(trait, value=value, request=request)
        had = self.filled.values[attribute.id]
        values = [one for one in attribute.values if one.id in had]
        filled.add(attribute, values, self.filled.numbers.get(attribute.id))
        return trait
