"""The inner core by a language model: values, attitude, stories, interests, each from those before.

DeepPersona §3.2, "anchor a stable core" and the life-story-driven approach. The lot decides which way the
values lean, how many stories there are, how each ends and at what age it happened, since a model left alone
is kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from deeppersona_graph.errors import ModelAnswerError
from deeppersona_graph.llm.again import put_until
from deeppersona_graph.llm.answers import AnswerModel
from deeppersona_graph.llm.request import Answered, Asker, Program
from deeppersona_graph.llm.settle import fragment
from deeppersona_graph.model.persona import InnerCore
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import PRESENT, Situation
from deeppersona_graph.personas.inner_core import MOST_INTERESTS, MOST_STORIES, ORIENTATIONS, GivenInner
from deeppersona_graph.personas.profile import situation_sentence

STORY_WORDS = (150, 200)
ENDINGS = ("well", "badly", "neither well nor badly")
FIRST_MEMORY = 6
"""The youngest age at which a story may happen."""


class CoreValues(AnswerModel):
    """Answer to `core-values`."""

    values: str


class Attitude(AnswerModel):
    """Answer to `life-attitude`."""

    attitude: str
    attitude_details: str
    coping_mechanism: str


class Stories(AnswerModel):
    """Answer to `life-stories`."""

    stories: list[str]


class Interests(AnswerModel):
    """Answer to `interests`."""

    interests: list[str]


@dataclass(frozen=True, slots=True)
class CoreProfile:
    """The inner core, and the requests that its parts come from, by the key of the core attribute."""

    inner: InnerCore
    requests: Mapping[str, str]


def person_text(situation: Situation | None, facts: Sequence[str], biography: str | None) -> str:
    """What is given about a person, as all questions begin; without a situation it is anybody."""
    listed = "".join(f"\n- {fact}" for fact in facts) or "none"
    return fragment(
        "person",
        situation="A person." if situation is None else situation_sentence(situation),
        facts=listed,
        biography=biography or "none",
    )


def profile_text(person: str, inner: InnerCore) -> str:
    """The person with the core profile, as the questions after it begin."""
    return fragment(
        "profile",
        person=person,
        values=inner.values,
        attitude=_attitude_text(inner.attitude, inner.attitude_details, inner.coping_mechanism),
        interests="; ".join(inner.interests),
        stories="\n\n".join(inner.stories),
    )


def core_profile(asker: Asker, person: str, age: int, given: GivenInner) -> Program[CoreProfile]:
    """The inner core of the person with the asker's sample as seed; what is given is kept to the letter."""
    chance = stream("inner core by model", asker.sample)
    orientation = chance.choice(ORIENTATIONS)
    requests: dict[str, str] = {}
    values = given.values
    if values is None:
        inferred = yield from asker.ask("core-values", CoreValues, person=person, orientation=orientation)
        values, requests["values"] = inferred.value.values, inferred.key
    attitude = yield from asker.ask(
        "life-attitude", Attitude, person=person, values=values, attitude=given.attitude or "none"
    )
    if given.attitude is None:
        requests["attitude"] = attitude.key
    stance = given.attitude or attitude.value.attitude
    details, coping = attitude.value.attitude_details, attitude.value.coping_mechanism
    stories = given.stories
    plan = _story_plan(chance, age)
    if not stories:
        told = yield from _tell(asker, person, values, _attitude_text(stance, details, coping), plan)
        stories, requests["story"] = tuple(told.value.stories), told.key
    interests = given.interests
    count = chance.randint(2, MOST_INTERESTS)
    if not interests:
        found = yield from _derive_interests(asker, person, stories, count)
        interests, requests["interests"] = tuple(found.value.interests), found.key
    inner = InnerCore(
        orientation="given" if given.values else orientation,
        values=values,
        attitude=stance,
        attitude_details=details,
        coping_mechanism=coping,
        stories=stories,
        interests=interests,
    )
    return CoreProfile(inner, requests)


def words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def _attitude_text(attitude: str, details: str, coping: str) -> str:
    return " ".join(part.rstrip(".") + "." for part in (attitude, details, coping) if part)


def _story_plan(chance: Random, age: int) -> list[str]:
    """For each story, the age at which it happened and how it ended, in order of age."""
    count = chance.randint(1, MOST_STORIES)
    ages = sorted(chance.sample(range(FIRST_MEMORY, age + 1), count))
    return [f"at {then}, and it ended {chance.choice(ENDINGS)}" for then in ages]


def _tell(
    asker: Asker, person: str, values: str, attitude: str, plan: Sequence[str]
) -> Program[Answered[Stories]]:
    listed = "\n".join(f"{number}. {line}" for number, line in enumerate(plan, start=1))
    low, high = STORY_WORDS

    def fault(told: Stories) -> str | None:
        if len(told.stories) != len(plan):
            return f"{len(told.stories)} stories came, {len(plan)} are wanted"
        lengths = {number: words(story) for number, story in enumerate(told.stories, start=1)}
        wrong = [f"story {number} has {n} words" for number, n in lengths.items() if not low <= n <= high]
        return f"{', '.join(wrong)}; {low} to {high} are wanted" if wrong else None

    request = asker.request(
        "life-stories", Stories, person=person, year=PRESENT, values=values, attitude=attitude, stories=listed
    )
    told = yield from put_until(request, fault)
    if len(told.value.stories) != len(plan) or any(
        not low / 2 <= words(story) <= 2 * high for story in told.value.stories
    ):
        raise ModelAnswerError(f"{request}: {fault(told.value)}, however often it was asked", [told.key])
    return told


def _derive_interests(
    asker: Asker, person: str, stories: Sequence[str], count: int
) -> Program[Answered[Interests]]:
    def fault(found: Interests) -> str | None:
        came = len(found.interests)
        return None if came == count else f"{came} interests came, {count} are wanted"

    request = asker.request("interests", Interests, person=person, stories="\n\n".join(stories), count=count)
    found = yield from put_until(request, fault)
    if fault(found.value) is not None:
        raise ModelAnswerError(f"{request}: {fault(found.value)}, however often it was asked", [found.key])
    return found
