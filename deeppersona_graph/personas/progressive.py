"""Progressive filling by a language model: a chunk of attributes at a time, in order of arrival.

DeepPersona §3.2, "progressive LLM filling", Algorithm 4: every request carries the core profile and all
values so far. What does not change within a persona comes first and the record only grows at its end, so that
a provider's prompt cache holds most of each request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deeppersona_graph.errors import ModelAnswerError, shorten
from deeppersona_graph.llm.again import again
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Answered, Asker, Program, Request, put
from deeppersona_graph.llm.settle import fragment
from deeppersona_graph.model.persona import Trait, shown_value
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Attribute, short_path
from deeppersona_graph.personas.fill import Gap, Walk
from deeppersona_graph.personas.spaces import MisfitError, Space, read_value, shown_space, space_of

FAILURES = 2
"""Times an attribute is asked for before the next arrival takes its place."""

TOKENS_A_VALUE = 50
"""Tokens that an attribute's value may take in an answer."""

HOPELESS = 4
"""Times in a row that filling brings nothing at all before the persona is given up."""

SHOWN = 3
"""Complaints that an error quotes."""


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
    fruitless: list[str] = field(default_factory=list)
    """Keys of requests whose last answer left attributes without a value."""
    _hopeless: int = 0

    def fill(self, gaps: Sequence[Gap]) -> Program[None]:
        """Fill the gaps or refuse them.

        Raises `ModelAnswerError` where the model answers hardly anything at all.
        """
        open_, number = self.numbered(gaps), len(self.walk.traits)
        if not open_:
            return
        request = self.request(open_)
        try:
            answered, complaints = yield from self._ask(request, open_)
        except ModelAnswerError as error:
            yield from self._divide([space.gap for space in open_.values()], error)
            return
        if len(self.walk.traits) > number:
            self._hopeless = 0
        if complaints:
            why = "; ".join(shorten(complaint, 80) for complaint in list(complaints.values())[:SHOWN])
            self._leave(
                [open_[one].gap for one in complaints],
                ModelAnswerError(
                    f"{request} brought values that cannot stand, however often it was asked: {why}; "
                    "run again to ask anew, or try another model",
                    [answered.key],
                ),
                fruitless=len(self.walk.traits) == number,
            )

    def request(self, open_: Mapping[int, Space]) -> Request[AttributeValues]:
        """The request that asks for these, by number."""
        request = self.asker.request(
            "fill-attributes",
            AttributeValues,
            person=self.profile,
            record=record_text(self.walk.traits),
            attributes="\n".join(line_of(n, space, self.asker.sample) for n, space in open_.items()),
        )
        return request.with_room_for(len(open_) * TOKENS_A_VALUE)

    def numbered(self, gaps: Sequence[Gap]) -> dict[int, Space]:
        """The gaps that can be filled at all, by the number that the persona's record will give them."""
        spaces = []
        for gap in gaps:
            space = space_of(gap, self.walk.filled, self.situation)
            if space.empty:
                self.walk.refuse(gap)
            else:
                spaces.append(space)
        return dict(enumerate(spaces, start=len(self.walk.traits) + 1))

    def _ask(
        self, request: Request[AttributeValues], open_: Mapping[int, Space]
    ) -> Program[tuple[Answered[AttributeValues], dict[int, str]]]:
        """The last answer, and the complaints about what could not be kept of it."""
        answered = yield from put(request)
        complaints = self._take(answered, open_)
        for _ in range(FAILURES - 1):
            if not complaints:
                break
            listed = "\n".join(f"{number}: {complaint}" for number, complaint in complaints.items())
            request = again(request, answered, fragment("fill-again", complaints=listed))
            answered = yield from put(request)
            complaints = self._take(answered, {number: open_[number] for number in complaints})
        return answered, complaints

    def _take(self, answered: Answered[AttributeValues], open_: Mapping[int, Space]) -> dict[int, str]:
        """Keep what can stand; the complaints about the rest, by number."""
        given = {one.id: one.values for one in answered.value.attributes}
        complaints = {}
        for number, space in open_.items():
            gap = space.gap
            if gap.only is None and not self.walk.permits(gap.attribute):
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
        elif left:
            self._leave(left, error, fruitless=True)

    def _leave(self, gaps: Sequence[Gap], error: ModelAnswerError, *, fruitless: bool) -> None:
        """Let the next arrivals take the places of these; raises `error` where nothing comes of that, or a
        given anchor requires one of them."""
        self.fruitless += error.keys
        self._hopeless += fruitless
        if self._hopeless >= HOPELESS or any(gap.only is not None for gap in gaps):
            raise error
        for gap in gaps:
            self.walk.refuse(gap)


def line_of(number: int, space: Space, sample: int) -> str:
    """The line that asks for one attribute, as `fill-attributes` explains it.

    Options stand in an order of the persona's own (`sample`), since models favour what stands first; a scale
    keeps its order.
    """
    attribute = space.gap.attribute
    texts = [value.text for value in space.options]
    if attribute.value_type != "ordinal":
        stream("options", sample, attribute.id).shuffle(texts)
    return f"{number}. {asked(attribute)} {shown_space(space, texts)}"


def record_text(traits: Sequence[Trait]) -> str:
    """The record so far, a numbered line for each attribute in order of arrival."""
    lines = (f"{n}. {short_path(t.path)}: {shown_value(t.value)}" for n, t in enumerate(traits, start=1))
    return "\n".join(lines) or "nothing yet"


def asked(attribute: Attribute) -> str:
    """An attribute with what it asks."""
    about = f" ({attribute.description.rstrip('.')})" if attribute.description else ""
    return f"{short_path(attribute.path)}{about}"
