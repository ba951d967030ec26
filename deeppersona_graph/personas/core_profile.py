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
from deeppersona_graph.llm.answers import AnswerModel, says_something
from deeppersona_graph.llm.request import Answered, Asker, Program, Request, put
from deeppersona_graph.llm.settle import fragment
from deeppersona_graph.model.persona import InnerCore
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import PRESENT, Situation
from deeppersona_graph.model.tree import normal
from deeppersona_graph.personas.inner_core import (
    MOST_INTERESTS,
    MOST_STORIES,
    ORIENTATIONS,
    GivenInner,
    attitude_text,
)
from deeppersona_graph.personas.profile import work_in_words

STORY_WORDS = (150, 200)
ENDINGS = ("well", "badly", "with nothing settled")
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

    @property
    def text(self) -> str:
        """All three as one text."""
        return " ".join(
            part.rstrip(".") + "." for part in (self.attitude, self.attitude_details, self.coping_mechanism)
        )


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
        situation="A person." if situation is None else _told(situation),
        facts=listed,
        biography=biography or "none",
    )


def _told(situation: Situation) -> str:
    """The situation in words, without the name."""
    young = situation.age < 18
    noun = {"female": "girl" if young else "woman", "male": "boy" if young else "man"}.get(
        situation.sex, f"{situation.sex} person"
    )
    where = {
        "town": f"in the town of {situation.city}",
        "village or countryside": f"in a village or the countryside near {situation.city}",
    }.get(situation.settlement, f"in {situation.city}")
    return fragment(
        "situation",
        age=str(situation.age),
        noun=noun,
        where=where,
        country=situation.country_name,
        work=work_in_words(situation),
        schooling="Schooling so far" if situation.employment == "student" else "Schooling",
        education=situation.education,
        partnership=situation.partnership,
        parenthood=situation.parenthood,
        household=situation.household,
        income=situation.income,
        faith=situation.faith,
    )


def profile_text(person: str, inner: InnerCore) -> str:
    """The person with the core profile, as the questions after it begin."""
    return fragment(
        "profile",
        person=person,
        values=inner.values,
        attitude=attitude_text(inner),
        interests="; ".join(inner.interests),
        stories="\n\n".join(inner.stories),
    )


@dataclass(frozen=True)
class Questions:
    """The questions that lead to the inner core of one person, whose seed is the asker's sample."""

    asker: Asker
    person: str
    name: str
    """What others in the stories call the person by."""
    orientation: str
    stories: tuple[str, ...]
    """For each story, when it happened and how it ended."""
    interests: int
    """How many are asked for."""

    @classmethod
    def of(cls, asker: Asker, person: str, situation: Situation) -> Questions:
        """The questions about somebody in this situation, as the lot decides."""
        chance = stream("inner core by model", asker.sample)
        return cls(
            asker=asker,
            person=person,
            name=situation.name,
            orientation=chance.choice(ORIENTATIONS),
            stories=_story_plan(chance, situation.age),
            interests=chance.randint(2, MOST_INTERESTS),
        )

    def values(self) -> Request[CoreValues]:
        """What the person holds by, leaning the way that the lot decided."""
        return self.asker.request("core-values", CoreValues, person=self.person, orientation=self.orientation)

    def attitude(self, values: str, given: str | None) -> Request[Attitude]:
        """How the person meets life; a given attitude is told, so that the rest follows from it."""
        return self.asker.request(
            "life-attitude", Attitude, person=self.person, values=values, attitude=given or "none"
        )

    def tell(self, values: str, attitude: str) -> Request[Stories]:
        """The stories that made the person so, as many as planned."""
        listed = "\n".join(f"{number}. {line}" for number, line in enumerate(self.stories, start=1))
        return self.asker.request(
            "life-stories",
            Stories,
            person=self.person,
            name=self.name,
            year=PRESENT,
            values=values,
            attitude=attitude,
            stories=listed,
        )

    def derive(self, stories: Sequence[str]) -> Request[Interests]:
        """What in these stories the person takes an interest in."""
        return self.asker.request(
            "interests", Interests, person=self.person, stories="\n\n".join(stories), count=self.interests
        )


def core_profile(questions: Questions, given: GivenInner) -> Program[CoreProfile]:
    """The inner core, asked for part by part; what is given is kept to the letter."""
    requests: dict[str, str] = {}
    values = given.values
    if values is None:
        inferred = yield from put(questions.values())
        values, requests["values"] = inferred.value.values, inferred.key
    answered = yield from put(questions.attitude(values, given.attitude))
    if given.attitude is None:
        requests["attitude"] = answered.key
    attitude = answered.value
    if given.attitude is not None:
        attitude = attitude.model_copy(update={"attitude": given.attitude})
    stories = given.stories
    if not stories:
        told = yield from _tell(questions.tell(values, attitude.text), len(questions.stories))
        stories, requests["story"] = tuple(told.value.stories), told.key
    interests = given.interests
    if not interests:
        found = yield from _derive(questions.derive(stories), questions.interests)
        interests, requests["interests"] = tuple(found.value.interests), found.key
    inner = InnerCore(
        orientation="given" if given.values else questions.orientation,
        values=values,
        attitude=attitude.attitude,
        attitude_details=attitude.attitude_details,
        coping_mechanism=attitude.coping_mechanism,
        stories=stories,
        interests=interests,
    )
    return CoreProfile(inner, requests)


def words(text: str) -> int:
    """How many words a text has."""
    return len(text.split())


def _story_plan(chance: Random, age: int) -> tuple[str, ...]:
    """For each story, the age at which it happened and how it ended, in order of age."""
    count = chance.randint(1, MOST_STORIES)
    ages = sorted(chance.sample(range(FIRST_MEMORY, age + 1), count))
    return tuple(f"at {then}, and it ended {chance.choice(ENDINGS)}" for then in ages)


def _tell(request: Request[Stories], count: int) -> Program[Answered[Stories]]:
    low, high = STORY_WORDS

    def fault(told: Stories) -> str | None:
        if len(told.stories) != count:
            return f"{len(told.stories)} stories came, {count} are wanted"
        lengths = {number: words(story) for number, story in enumerate(told.stories, start=1)}
        wrong = [f"story {number} has {n} words" for number, n in lengths.items() if not low <= n <= high]
        return f"{', '.join(wrong)}; {low} to {high} are wanted" if wrong else None

    told = yield from put_until(request, fault)
    if len(told.value.stories) != count or any(
        not low / 2 <= words(story) <= 2 * high for story in told.value.stories
    ):
        raise ModelAnswerError(f"{request}: {fault(told.value)}, however often it was asked", [told.key])
    return told


def _derive(request: Request[Interests], count: int) -> Program[Answered[Interests]]:
    def fault(found: Interests) -> str | None:
        came = len(found.interests)
        different = len({normal(one) for one in found.interests if says_something(one)})
        return None if came == different == count else f"{different} interests came, {count} are wanted"

    found = yield from put_until(request, fault)
    if fault(found.value) is not None:
        raise ModelAnswerError(f"{request}: {fault(found.value)}, however often it was asked", [found.key])
    return found
