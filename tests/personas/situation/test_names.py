"""Names: new, in Latin letters, fitting."""

from __future__ import annotations

import random
import unicodedata

import pytest

from deeppersona_graph.model.situation import Conditions
from deeppersona_graph.personas.situation import countries, draw_name, draw_situation


@pytest.mark.parametrize("country", ["CA", "JP", "MV"])
def test_ten_thousand_names_of_one_country_are_all_different(country: str) -> None:
    dice, names = random.Random(5), set[str]()
    for place in range(10_000):
        name = draw_name(dice, country, ("female", "male")[place % 2], names)
        assert name not in names
        names.add(name)
    assert len(names) == 10_000


def test_names_of_all_countries_are_in_latin_letters_without_titles() -> None:
    dice = random.Random(6)
    for code in countries():
        for sex in ("female", "male", "non-binary"):
            name = draw_name(dice, code, sex)
            letters = [letter for letter in name if letter.isalpha()]
            assert all("LATIN" in unicodedata.name(letter) or letter in "‘’ʻʼ" for letter in letters), name
            assert len(name.split()) >= 2, name
            assert not any(part.endswith(".") for part in name.split()), name


def test_a_drawn_name_is_not_among_those_taken() -> None:
    conditions = Conditions(given={"country": "Japan"})
    first = draw_situation(9, conditions, "population")
    second = draw_situation(9, conditions, "population", taken={first.name})
    assert second.name != first.name
    assert (second.age, second.sex, second.city) == (first.age, first.sex, first.city)


def test_the_same_dice_give_the_same_names() -> None:
    for country in ("DE", "RU", "KR"):
        one, other = random.Random(3), random.Random(3)
        assert [draw_name(one, country, "female") for _ in range(5)] == [
            draw_name(other, country, "female") for _ in range(5)
        ]


def test_a_given_first_name_tells_the_sex() -> None:
    for seed in range(20):
        wanted = {"name": "Maria Lopez", "country": "Mexico"}
        assert draw_situation(seed, Conditions(given=wanted), "population").sex == "female"


def test_where_peoples_differ_the_name_goes_with_the_faith() -> None:
    jewish = draw_name(random.Random(1), "IL", "male", faith="Jewish")
    muslim = draw_name(random.Random(1), "IL", "male", faith="Muslim")
    assert jewish != muslim
