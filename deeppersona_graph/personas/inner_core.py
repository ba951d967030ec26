"""The inner core without a model: values, attitude, stories and interests from a bank of texts.

In the order of the paper (DeepPersona §3.2): values first, an attitude that fits them, one to three stories
that fit the attitude, interests that come out of the stories; all of them fit the situation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from deeppersona_graph.model.persona import InnerCore
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import Situation

ORIENTATIONS = ("positive", "neutral", "negative")
MOST_STORIES = 3
MOST_INTERESTS = 3

Closest = Callable[[str, Sequence[str]], int]
"""The position of the text, among several, that is nearest in meaning to a given one."""


@dataclass(frozen=True, slots=True)
class GivenInner:
    """The parts of the inner core that the user gave, kept to the letter."""

    values: str | None = None
    attitude: str | None = None
    stories: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    kind: str
    mood: str
    """Orientation or tone."""
    text: str
    details: tuple[str, str]
    """For attitudes: how it shows, and how the person copes."""
    fits: frozenset[str]
    interests: tuple[str, ...]
    needs: Mapping[str, Any]


def draw_inner_core(seed: int, situation: Situation, given: GivenInner, closest: Closest) -> InnerCore:
    """The inner core of the persona with this seed; what is given is kept and guides the rest."""
    chance = stream("inner core", seed)
    values = _values(chance, situation, given, closest)
    attitude = _attitude(chance, situation, given, values, closest)
    stories = _stories(chance, situation, given, attitude)
    return InnerCore(
        orientation="given" if given.values else values.mood,
        values=given.values or values.text,
        attitude=given.attitude or attitude.text,
        attitude_details=attitude.details[0],
        coping_mechanism=attitude.details[1],
        stories=given.stories or tuple(story.text for story in stories),
        interests=given.interests or _interests(chance, situation, stories),
    )


def unsuited(inner: InnerCore, situation: Situation) -> frozenset[str]:
    """Which of values, attitude, stories and interests tell of another situation than this one, as far as
    their texts are from the bank."""
    texts = {
        "values": (inner.values,),
        "attitude": (inner.attitude,),
        "stories": inner.stories,
        "interests": inner.interests,
    }
    kinds = {"values": "values", "attitude": "attitude", "stories": "story", "interests": "interest"}
    found = set()
    for part, held in texts.items():
        entries = [entry for entry in _bank() if entry.kind == kinds[part]]
        for text in held:
            alike = [entry for entry in entries if entry.text == text]
            if alike and not any(_suits(entry.needs, situation) for entry in alike):
                found.add(part)
    return frozenset(found)


def attitude_text(inner: InnerCore) -> str:
    """The attitude with how it shows and how the person copes, as one text."""
    parts = (inner.attitude, inner.attitude_details, inner.coping_mechanism)
    return " ".join(part.rstrip(".") + "." for part in parts if part)


def _values(chance: Random, situation: Situation, given: GivenInner, closest: Closest) -> _Entry:
    suited = _suited("values", situation)
    if given.values:
        return suited[closest(given.values, [entry.text for entry in suited])]
    mood = chance.choice(ORIENTATIONS)
    return chance.choice([entry for entry in suited if entry.mood == mood])


def _attitude(
    chance: Random, situation: Situation, given: GivenInner, values: _Entry, closest: Closest
) -> _Entry:
    suited = _suited("attitude", situation)
    if given.attitude:
        return suited[closest(given.attitude, [entry.text for entry in suited])]
    fitting = [entry for entry in suited if values.id in entry.fits]
    return chance.choice(fitting or [entry for entry in suited if entry.mood == values.mood])


def _stories(chance: Random, situation: Situation, given: GivenInner, attitude: _Entry) -> list[_Entry]:
    """One to three stories that go with the attitude, so that a given story still leads to interests."""
    suited = _suited("story", situation)
    fitting = [entry for entry in suited if attitude.id in entry.fits] or suited
    count = min(len(given.stories) or chance.randint(1, MOST_STORIES), len(fitting))
    return chance.sample(fitting, count)


def _interests(chance: Random, situation: Situation, stories: Sequence[_Entry]) -> tuple[str, ...]:
    """Two or three: from the stories, and, where those give fewer, from the bank."""
    wanted = chance.randint(2, MOST_INTERESTS)
    told = list(dict.fromkeys(interest for story in stories for interest in story.interests))
    chance.shuffle(told)
    others = [entry.text for entry in _suited("interest", situation) if entry.text not in told]
    return (*told[:wanted], *chance.sample(others, max(0, wanted - len(told))))


def _suited(kind: str, situation: Situation) -> list[_Entry]:
    return [entry for entry in _bank() if entry.kind == kind and _suits(entry.needs, situation)]


def _suits(needs: Mapping[str, Any], situation: Situation) -> bool:
    return all(
        situation.age >= need
        if key == "min_age"
        else situation.age <= need
        if key == "max_age"
        else situation.value(key) in need
        for key, need in needs.items()
    )


@cache
def _bank() -> tuple[_Entry, ...]:
    source = files("deeppersona_graph").joinpath("data", "tree", "inner_core.jsonl")
    return tuple(_entry(json.loads(line)) for line in source.read_text(encoding="utf-8").splitlines() if line)


def _entry(spelled: Mapping[str, Any]) -> _Entry:
    return _Entry(
        id=spelled["id"],
        kind=spelled["kind"],
        mood=spelled.get("orientation") or spelled.get("tone") or "",
        text=spelled.get("text") or spelled["attitude"],
        details=(spelled.get("attitude_details", ""), spelled.get("coping_mechanism", "")),
        fits=frozenset(spelled.get("fits", ())),
        interests=tuple(spelled.get("interests", ())),
        needs=spelled.get("needs", {}),
    )
