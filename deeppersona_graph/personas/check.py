"""Proofreading: a pass over the finished record that finds contradictions and fills those lines anew.

What is given is never touched. A line for which nothing better is found keeps what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deeppersona_graph.errors import ModelAnswerError
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
        """The traits, those anew that contradicted others; all as they are where no answer is of use."""
        try:
            found = yield from put(self.request(traits))
            reasons = {
                one.line: one.reason
                for one in found.value.contradictions[:MOST]
                if 1 <= one.line <= len(traits) and traits[one.line - 1].source == "model"
            }
            spaces = self._spaces(traits, reasons)
            if not spaces:
                return tuple(traits)
            answered = yield from put(self._mending(traits, reasons, spaces))
        except ModelAnswerError:
            return tuple(traits)
        given = {one.id: one.values for one in answered.value.attributes}
        mended, filled = list(traits), self.filled
        for number, space in spaces.items():
            mended[number - 1], filled = self._mended(
                traits[number - 1], space, given.get(number, ()), filled, answered.key
            )
        return tuple(mended)

    def request(self, traits: Sequence[Trait]) -> Request[Contradictions]:
        """The question what contradicts what."""
        return self.asker.request(
            "check-persona", Contradictions, person=self.profile, record=record_text(traits)
        )

    def _spaces(self, traits: Sequence[Trait], lines: Iterable[int]) -> dict[int, Space]:
        """What each of the lines can be filled with, were none of them there; those that nothing is left for
        stay as they are."""
        by_id = self.filled.constraints.tree.by_id
        others = self.filled.without({traits[number - 1].attribute for number in lines})
        spaces = {}
        for number in sorted(lines):
            attribute = by_id[traits[number - 1].attribute]
            space = space_of(Gap(Arrival(attribute, 0, 0.0, 0.0)), others, self.situation)
            if not space.empty:
                spaces[number] = space
        return spaces

    def _mending(
        self, traits: Sequence[Trait], reasons: Mapping[int, str], spaces: Mapping[int, Space]
    ) -> Request[AttributeValues]:
        kept = [trait for number, trait in enumerate(traits, start=1) if number not in spaces]
        return self.asker.request(
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

    def _mended(
        self, trait: Trait, space: Space, texts: Sequence[str], filled: Filled, request: str
    ) -> tuple[Trait, Filled]:
        """The trait with the value that `texts` spell, if all else still stands with it, else as it is; and
        what the persona has then."""
        attribute = space.gap.attribute
        others = filled.without({attribute.id})
        needed = others.constraints.needed_before.get(attribute.id, ())
        try:
            drawn, value = read_value(space, texts, others, self.situation)
        except MisfitError:
            return trait, filled
        stands = others.applies(attribute) and all(others.meets(one) for one in needed)
        if not stands or not others.still_meets(attribute.id, drawn.values):
            return trait, filled
        others.add(attribute, drawn.values, drawn.number)
        return replace(trait, value=value, request=request), others
