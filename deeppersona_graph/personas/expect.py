"""What a run will ask of a language model, before it asks: for the estimate of its cost.

People are drawn without the model, their core profile from the bank and their values from the value spaces;
the requests that would lead to them are put together in full, so that their lengths are those of the run.
Nothing is asked, and nothing kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from deeppersona_graph.llm.estimate import Expected
from deeppersona_graph.llm.request import Asker, Program, Request, have_done
from deeppersona_graph.model.persona import Trait
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.personas.anchor import Anchored, anchor
from deeppersona_graph.personas.anchors import Anchors
from deeppersona_graph.personas.biography import biography_request, placing_request
from deeppersona_graph.personas.check import Proofreader
from deeppersona_graph.personas.constraints import Filled
from deeppersona_graph.personas.core_profile import Questions, person_text
from deeppersona_graph.personas.draw import Drawn, value_of
from deeppersona_graph.personas.fill import Gap
from deeppersona_graph.personas.generate import Making
from deeppersona_graph.personas.inner_core import attitude_text
from deeppersona_graph.personas.named import naming
from deeppersona_graph.personas.portrait import Sittings
from deeppersona_graph.personas.progressive import AttributeValue, AttributeValues, Filler
from deeppersona_graph.personas.select import Seeker
from deeppersona_graph.personas.spaces import Space
from deeppersona_graph.personas.workbench import Sitter

A_WORD = 5.6
"""Characters of an English word with the space after it."""

AN_ENTRY = 120
"""Characters of an attribute that a model named, with its value."""

A_FACT = 40
"""Characters of the answer to where a fact of a biography belongs."""

FACTS = 8
"""Sentences of a biography that are taken for facts, at most."""

OWN_WORDS = "in own words, as long as these are"
"""Stands for a value that no value space gives an example of."""

_WORDS = {
    "core-values": 24,
    "life-attitude": 55,
    "life-stories": 175,
    "interests": 7,
    "read-biography": 60,
    "portrait-concise": 285,
    "portrait-rich": 1200,
    "portrait-chapter": 475,
    "check-persona": 35,
}
"""Words of an answer to each prompt (of each story and interest), as the prompts ask for them."""


def expected(making: Making, sitter: Sitter, common: Anchors) -> Program[list[Expected]]:
    """The requests that one person will take, in order: chores are the only thing it yields."""
    assert making.bench.asker is not None
    asker = making.bench.asker.for_sample(persona_seed(making.plan.seed, sitter.index))
    wanted = making.plan.specification
    biography = sitter.biography or common.biography
    found = []
    if biography is not None:
        found.append(_words(biography_request(making.bench.asker, making.bench, biography)))
        found += yield from _placed(making, making.bench.asker, biography)
    person = anchor(common, wanted.sampling, making.plan.seed, sitter.index, (), making.bench.embedder)
    if wanted.core:
        found += _core(asker, person, common, biography)
    seeker = yield from have_done(making.profiling, (person, common))
    profile = making.profile(person, common)
    if wanted.attributes == "model":
        filled, traits = _named(making, asker, profile)
    else:
        filled, traits = yield from _filled(making, asker, profile, person, common, seeker)
    found += filled
    if wanted.check:
        record = Filled(making.bench.constraints)
        found.append(_words(Proofreader(asker, person.situation, profile, record).request(traits)))
    return [*found, *portrayed(making, Sittings(asker, profile, person.situation.name, traits))]


def _placed(making: Making, asker: Asker, biography: str) -> Program[list[Expected]]:
    """Which facts a biography tells is known once it was read; till then its sentences stand for them."""
    sentences = (one.strip() for one in re.split(r"[.!?;\n]", biography))
    facts = [one for one in sentences if one][:FACTS]
    if not facts:
        return []
    offered = yield from have_done(making.finding, facts)
    return [Expected(placing_request(asker, facts, offered), len(facts) * A_FACT)]


def _core(asker: Asker, person: Anchored, common: Anchors, biography: str | None) -> Iterator[Expected]:
    about = person_text(person.situation, common.facts, biography)
    questions = Questions.of(asker, about, person.situation)
    inner, given = person.inner, common.inner
    if given.values is None:
        yield _words(questions.values())
    yield _words(questions.attitude(inner.values, given.attitude))
    if not given.stories:
        yield _words(questions.tell(inner.values, attitude_text(inner)), len(questions.stories))
    if not given.interests:
        yield _words(questions.derive(inner.stories), questions.interests)


def _filled(
    making: Making, asker: Asker, profile: str, person: Anchored, common: Anchors, seeker: Seeker
) -> Program[tuple[list[Expected], Sequence[Trait]]]:
    walk = yield from making.begin(person, common, seeker)
    found = yield from expected_filling(making, Filler(asker, person.situation, profile, walk), seeker)
    return found, walk.traits


def expected_filling(making: Making, filler: Filler, seeker: Seeker) -> Program[list[Expected]]:
    """The requests that fill a walk to its end, which it then is, with values of usual length."""
    found: list[Expected] = []
    while gaps := (yield from making.next_gaps(filler.walk, seeker, making.chunk)):
        found += expected_values(filler, gaps)
    return found


def expected_values(filler: Filler, gaps: Sequence[Gap]) -> list[Expected]:
    """The request for these gaps, which it fills; none where nothing can be asked."""
    spaces, walk = filler.numbered(gaps), filler.walk
    if not spaces:
        return []
    request = filler.request(spaces)
    answers = []
    for number, space in spaces.items():
        drawn = _likely(space)
        if not walk.permits(space.gap.attribute):
            walk.refuse(space.gap)
            continue
        text = OWN_WORDS if not drawn.values and drawn.number is None else None
        value = text or value_of(space.gap.attribute, drawn)
        walk.keep(space.gap, drawn, value, "model")
        answers.append(AttributeValue(id=number, values=[str(value)]))
    size = len(AttributeValues(attributes=answers).model_dump_json())
    return [Expected(request, size, counted=True)]


def _likely(space: Space) -> Drawn:
    """A value of usual length that the gap can have."""
    attribute = space.gap.attribute
    if space.low is not None and space.high is not None:
        return Drawn(number=int(space.low))
    values = sorted(space.options or attribute.values, key=lambda value: (len(value.text), value.rank))
    return Drawn(values=(values[len(values) // 2],)) if values else Drawn()


def _named(making: Making, asker: Asker, profile: str) -> tuple[list[Expected], Sequence[Trait]]:
    """The record grows by entries of usual length."""
    traits: list[Trait] = []
    found = []
    depth = making.plan.specification.depth
    while len(traits) < depth:
        count = min(making.chunk, depth - len(traits))
        found.append(Expected(naming(asker, profile, traits, count), count * AN_ENTRY, counted=True))
        traits += [Trait("", ("", "A domain", "Name"), OWN_WORDS, "model")] * count
    return found, traits


def portrayed(making: Making, sittings: Sittings) -> Iterator[Expected]:
    """The requests that a narrative takes."""
    kind = making.plan.specification.narrative
    if kind == "biography":
        before: list[str] = []
        for domain in sittings.domains():
            yield _words(sittings.chapter(domain, before))
            before.append("x" * round(_WORDS["portrait-chapter"] * A_WORD))
    elif kind != "none":
        yield _words(sittings.whole(kind))


def _words(request: Request[Any], times: int = 1) -> Expected:
    keys = sum(len(name) + 8 for name in request.answer.model_fields)
    return Expected(request, round(times * _WORDS[request.prompt] * A_WORD) + keys)
