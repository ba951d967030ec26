"""Twelve people from recorded answers, replayed from the first request to the narrative.

The answers were given by an assistant through the batch route and are kept as it gave them; what is asked
must not change, down to the last letter, or they are answers to nothing. `PEOPLE.md` shows who came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint import Endpoint
from whole_people import faults_of

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.llm.recordings import import_answers
from deeppersona_graph.llm.store import open_store
from deeppersona_graph.model.addressing import split_assignment
from deeppersona_graph.model.persona import Persona, shown_value
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live

RECORDED = Path(__file__).parent / "recorded"
COUNTRIES = ("Kenya", "Spain", "Colombia", "South Korea", "Canada", "Morocco")
ASKED: dict[str, Any] = {"depth": 100, "seed": 2611, "chunk": 64, "via": "replay"}

Asking = Callable[..., DeepPersona]


@pytest.fixture
def replaying(asking: Asking) -> DeepPersona:
    """An API whose store has the recorded answers alone, and whose model is the one that gave them."""
    dp = asking(model="assistant")
    with open_store(dp.settings) as store:
        assert import_answers(RECORDED / "answers.jsonl", store) == 96
        assert {answer.raw.model for answer in store.answers()} == {"assistant"}
    return dp


@pytest.fixture
def people(replaying: DeepPersona, api: DeepPersona, endpoint: Endpoint) -> Iterator[list[Persona]]:
    """The twelve: nine of drawn situations and three of biographies."""
    names = ("atlas", "letters")
    for name in names:
        if name in [row["name"] for row in api.populations()]:
            api.delete(population=name)
    runs = [
        replaying.generate(9, population="atlas", country=COUNTRIES, **ASKED),
        replaying.enrich(RECORDED / "letters.txt", population="letters", **ASKED),
    ]
    found = [person for run in runs for person in run]
    assert [run.failed for run in runs] == [[], []]
    assert endpoint.calls == []
    yield found
    for name in names:
        api.delete(population=name)


def test_twelve_people_come_of_the_recorded_answers(people: list[Persona], human: Tree) -> None:
    assert len(people) == 12
    assert {person.id: faults_of(person, human, 100) for person in people} == {p.id: [] for p in people}
    atlas = [person for person in people if person.population == "atlas"]
    assert {person.situation.country_name for person in atlas} == set(COUNTRIES)
    for person in people:
        said = [*person.inner.stories, person.narrative]
        assert f"## {person.situation.name}" in (RECORDED / "PEOPLE.md").read_text("utf-8")
        assert all(text in (RECORDED / "PEOPLE.md").read_text("utf-8") for text in said)


def test_what_the_biographies_say_is_kept_to_the_letter(people: list[Persona], human: Tree) -> None:
    letters = [person for person in people if person.population == "letters"]
    marta, driver, student = sorted(letters, key=lambda person: person.index)
    assert (marta.situation.name, marta.situation.age, marta.situation.city) == ("Marta", 41, "El Alto")
    assert (driver.situation.age, driver.situation.city) == (67, "Saalfeld")
    assert (driver.situation.employment, driver.situation.occupation) == ("retired", "train driver")
    assert (student.situation.city, student.situation.employment) == ("Lahore", "student")
    for person in letters:
        traits = {trait.attribute: trait for trait in (*person.core, *person.traits)}
        for anchor in person.read:
            attribute, text = split_assignment(human, anchor)
            found = traits[attribute.id]
            assert (found.source, shown_value(found.value)) == ("given", text)
        assert person.biography in (RECORDED / "letters.txt").read_text("utf-8").splitlines()


def test_no_two_of_them_talk_alike(people: list[Persona]) -> None:
    """Values in own words, and runs of eight words of stories and portraits, occur once."""
    runs: Counter[tuple[str, ...]] = Counter()
    for person in people:
        texts = [*person.inner.stories, person.narrative]
        words = [text.casefold().split() for text in texts]
        runs.update({tuple(one[n : n + 8]) for one in words for n in range(len(one) - 7)})
    assert [run for run, count in runs.items() if count > 1] == []
