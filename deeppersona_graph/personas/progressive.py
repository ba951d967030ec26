"""Progressive filling by a language model: a chunk of attributes at a time, in order of arrival.

DeepPersona §3.2, "progressive LLM filling", Algorithm 4: every request carries the core profile and all
values so far. What does not change within a persona comes first and the record only grows at its end, so that
a provider's prompt cache holds most of each request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deeppersona_graph.errors import ModelAnswerError
from deeppersona_graph.llm.again import again
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Answered, Asker, Program, Request, put
from deeppersona_graph.llm.settle import fragment
from deeppersona_graph.model.persona import Trait, shown_value
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Attribute, Path, shown
from deeppersona_graph.personas.fill import Gap, Walk
from deeppersona_graph.personas.spaces import MisfitError, Space, read_value, shown_space, space_of

FAILURES = 2
"""Times an attribute is asked for before the next arrival takes its place."""

HOPELESS = 4
"""Attributes in a row, each asked for alone, that find no usable answer before the persona is given up."""


class AttributeValue(AnswerModel):
    """One entry of an answer to `fill-attributes`."""

    id: int
    values: list[str]


class AttributeValues(AnswerModel):
    """Answer to `fill-attributes`; its schema is the same for every chunk, as prompt caches want it."""

    attributes: list[AttributeValue]


@dataclass
class Filler:
    """Fills one persona's gaps."""

    asker: Asker
    situation: Situation
    profile: str
    """What the persona is, as all requests begin."""
    walk: Walk
    _hopeless: int = 0

    def fill(self, gaps: Sequence[Gap]) -> Program[None]:
        """Fill the gaps or refuse them.

        Raises `ModelAnswerError` where the model answers hardly anything at all.
        """
        open_, number = self._numbered(gaps), len(self.walk.traits)
        if not open_:
            return
        request = self.asker.request(
            "fill-attributes",
            AttributeValues,
            person=self.profile,
            record=record_text(self.walk.traits),
            attributes="\n".join(self._line(n, space) for n, space in open_.items()),
        )
        try:
            yield from self._ask(request, open_)
        except ModelAnswerError as error:
            yield from self._divide([space.gap for space in open_.values()], error)
        else:
            self._hopeless = 0 if len(self.walk.traits) > number else self._hopeless

    def _numbered(self, gaps: Sequence[Gap]) -> dict[int, Space]:
        """The gaps that can be filled at all, by the number that the persona's record will give them."""
        spaces = []
        for gap in gaps:
            space = space_of(gap, self.walk.filled, self.situation)
            if space.empty:
                self.walk.refuse(gap)
            else:
                spaces.append(space)
        return dict(enumerate(spaces, start=len(self.walk.traits) + 1))

    def _ask(self, request: Request[AttributeValues], open_: Mapping[int, Space]) -> Program[None]:
        for failures in range(1, FAILURES + 1):
            answered = yield from put(request)
            complaints = self._take(answered, open_)
            if not complaints:
                return
            open_ = {number: open_[number] for number in complaints}
            if failures == FAILURES:
                for space in open_.values():
                    self.walk.refuse(space.gap)
                return
            listed = "\n".join(f"{number}: {complaint}" for number, complaint in complaints.items())
            request = again(request, answered, fragment("fill-again", complaints=listed))

    def _take(self, answered: Answered[AttributeValues], open_: Mapping[int, Space]) -> dict[int, str]:
        """Keep what can stand; the complaints about the rest, by number."""
        given = {one.id: one.values for one in answered.value.attributes}
        complaints = {}
        for number, space in open_.items():
            gap = space.gap
            if not self.walk.permits(gap.attribute):
                self.walk.refuse(gap)
                continue
            try:
                drawn, value = read_value(space, given.get(number, ()), self.walk.filled, self.situation)
            except MisfitError as misfit:
                complaints[number] = str(misfit)
            else:
                self.walk.keep(gap, drawn, value, "model", answered.key)
        return complaints

    def _divide(self, gaps: Sequence[Gap], error: ModelAnswerError) -> Program[None]:
        """Ask for each half by itself, so that one delicate attribute does not spoil the others."""
        left = [gap for gap in gaps if gap.attribute.id not in self.walk.filled.values]
        if len(left) > 1:
            middle = len(left) // 2
            yield from self.fill(left[:middle])
            yield from self.fill(left[middle:])
            return
        self._hopeless += 1
        if self._hopeless >= HOPELESS:
            raise error
        for gap in left:
            self.walk.refuse(gap)

    def _line(self, number: int, space: Space) -> str:
        return f"{number}. {asked(space.gap.attribute)} {shown_space(space, self._shuffled(space))}"

    def _shuffled(self, space: Space) -> list[str]:
        """The options in an order of the persona's own, since models favour what stands first; a scale keeps
        its order."""
        texts = [value.text for value in space.options]
        if space.gap.attribute.value_type != "ordinal":
            stream("options", self.asker.sample, space.gap.attribute.id).shuffle(texts)
        return texts


def record_text(traits: Sequence[Trait]) -> str:
    """The record so far, a numbered line for each attribute in order of arrival."""
    lines = (f"{n}. {short_path(t.path)}: {shown_value(t.value)}" for n, t in enumerate(traits, start=1))
    return "\n".join(lines) or "nothing yet"


def asked(attribute: Attribute) -> str:
    """An attribute with what it asks."""
    about = f" ({attribute.description.rstrip('.')})" if attribute.description else ""
    return f"{short_path(attribute.path)}{about}"


def short_path(path: Path) -> str:
    """The path below its root, which says little and would be repeated in every line."""
    return shown(path[1:] or path)
