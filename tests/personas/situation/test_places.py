"""Countries and cities: what they are called and where people live."""

from __future__ import annotations

import pytest

from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.model.situation import Conditions
from deeppersona_graph.personas.situation import (
    countries,
    draw_situation,
    places,
    resolve_city,
    resolve_country,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Canada", "CA"),
        ("canada", "CA"),
        ("ca", "CA"),
        ("CAN", "CA"),
        ("USA", "US"),
        ("United States of America", "US"),
        ("UK", "GB"),
        ("South Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("Viet Nam", "VN"),
        ("Ivory  Coast", "CI"),
        ("Namibia", "NA"),
    ],
)
def test_a_country_is_known_by_its_usual_names(text: str, code: str) -> None:
    assert resolve_country(text) == code


def test_every_country_is_known_by_its_own_name_and_code() -> None:
    for code, country in countries().items():
        assert resolve_country(country.name) == code
        assert resolve_country(code) == code


def test_an_unknown_country_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="'Canada'"):
        resolve_country("Canda")


def test_a_city_is_the_largest_of_its_name() -> None:
    assert resolve_city("Toronto").country == "CA"
    assert resolve_city("london").country == "GB"
    assert resolve_city("London", "CA").country == "CA"


def test_a_city_is_known_by_another_name() -> None:
    assert resolve_city("München").name == "Munich"
    assert resolve_city("Sao Paulo").country == "BR"


def test_an_unknown_city_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"Canada.*'Toronto'.*nearest one"):
        resolve_city("Torontoo", "CA")
    with pytest.raises(UnknownNameError):
        draw_situation(1, Conditions(given={"city": "Xyzzyville"}), "population")


def test_every_country_has_a_place() -> None:
    assert all(places()[code] for code in countries())


def test_a_small_country_without_listed_cities_can_be_lived_in() -> None:
    for country in ("Nauru", "Monaco", "Tuvalu", "Singapore"):
        code = resolve_country(country)
        for seed in range(5):
            assert draw_situation(seed, Conditions(given={"country": country}), "population").country == code


def test_towns_are_small_and_cities_large() -> None:
    sizes = {(place.name, place.population) for place in places()["CA"]}
    for seed in range(150):
        person = draw_situation(seed, Conditions(given={"country": "CA"}), "population")
        populations = [size for name, size in sizes if name == person.city]
        if person.settlement == "city":
            assert max(populations) >= 50_000
        elif person.settlement == "town":
            assert min(populations) < 50_000
        else:
            assert min(populations) < 300_000
