"""The narrative of somebody whose values changed: told again where it tells of what is no more."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deeppersona_graph.llm.request import Program
from deeppersona_graph.model.persona import Persona, Trait, value_texts
from deeppersona_graph.personas.generate import Making
from deeppersona_graph.personas.narrate import narrate, sentence
from deeppersona_graph.personas.portrait import Sittings, portray
from deeppersona_graph.personas.renewal.case import Case


def tells_of(persona: Persona, gone: Iterable[Trait]) -> bool:
    """Whether the narrative was built from these values, or has them among its words.

    A model told of the whole record builds on each of its values.
    """
    if not persona.narrative:
        return False
    return bool(persona.narrative_requests) or any(_tells(persona.narrative, trait) for trait in gone)


def retell(making: Making, case: Case) -> Program[tuple[str, tuple[str, ...]]]:
    """The narrative of the persona as it is now, and the keys of the requests it comes from."""
    persona, bench, kind = case.persona, making.bench, making.plan.specification.narrative
    if kind == "none":
        return "", ()
    if bench.asker is None:
        return narrate(case.own_seed, persona.situation, persona.inner, persona.traits), ()
    return (yield from portray(sittings(making, case), kind))


def sittings(making: Making, case: Case) -> Sittings:
    """The requests that lead to the narrative."""
    persona, asker = case.persona, making.bench.asker
    assert asker is not None
    profile = making.profile(case.anchored(), case.anchors(making.bench.tree))
    return Sittings(asker.for_sample(case.own_seed), profile, persona.situation.name, persona.traits)


def _tells(narrative: str, trait: Trait) -> bool:
    told = sentence(trait)
    if told is not None and told in narrative:
        return True
    return any(
        re.search(rf"(?<!\w){re.escape(text)}(?!\w)", narrative, re.IGNORECASE)
        for text in value_texts(trait.value)
    )
