"""Drawing situations: conditions kept, contradictions named, figures followed."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeppersona_graph.errors import AnchorError, InputError, UnknownNameError
from deeppersona_graph.model.seeds import persona_seed
from deeppersona_graph.model.situation import SITUATION_KEYS, Conditions, Sampling, Situation
from deeppersona_graph.personas.situation import VALUES, countries, draw_situation, occupations
from deeppersona_graph.personas.situation.tables import read

GOLDEN = 0.6180339887498949
RANKS = {level: rank for rank, level in enumerate(VALUES["education"])}


def draw(seed: int = 1, sampling: Sampling = "population", **given_values: str | int) -> Situation:
    return draw_situation(seed, Conditions(given=given_values), sampling)


def contradictions(person: Situation) -> list[str]:
    """What in the situation cannot be together."""
    partner = person.partnership == "married or cohabiting"
    at_home = person.parenthood == "children at home"
    occupation = occupations().get(person.occupation or "")
    rules = {
        "a partner in the household without a partner": "partner" in person.household and not partner,
        "alone with a partner": person.household in ("alone", "with parents", "shared with others")
        and partner,
        "children in the household without children at home": "children" in person.household and not at_home,
        "children at home in a household without them": at_home
        and person.household not in ("with partner and children", "with children only", "with relatives"),
        "a minor with a past": person.age < 18
        and (person.partnership not in ("single", "in a relationship") or person.parenthood != "no children"),
        "grown children too early": person.parenthood == "grown children" and person.age < 36,
        "retired too early": person.employment == "retired" and person.age < 50,
        "a degree too early": person.education == "university" and person.age < 20,
        "at work without an occupation": person.employment in ("employed", "self-employed", "retired")
        and person.occupation is None,
        "too young for the occupation": occupation is not None and person.age < occupation.least_age,
        "too little schooling for the occupation": occupation is not None
        and RANKS[occupation.level] > RANKS[person.education],
        "another faith than the occupation's": occupation is not None
        and bool(occupation.faith)
        and occupation.faith != person.faith,
        "a value outside its space": any(person.value(key) not in values for key, values in VALUES.items()),
        "an empty value": any(person.value(key) in ("", 0) for key in SITUATION_KEYS),
        "an age no persona has": not 16 <= person.age <= 100,
    }
    return [rule for rule, broken in rules.items() if broken]


@pytest.fixture(scope="module")
def world() -> list[Situation]:
    return [draw_situation(persona_seed(11, index), Conditions(), "population") for index in range(3000)]


@pytest.fixture(scope="module")
def flat() -> list[Situation]:
    return [draw_situation(persona_seed(12, index), Conditions(), "uniform") for index in range(2000)]


def test_no_situation_contradicts_itself(world: list[Situation]) -> None:
    assert [(person, broken) for person in world if (broken := contradictions(person))] == []


def test_no_uniform_situation_contradicts_itself(flat: list[Situation]) -> None:
    assert [(person, broken) for person in flat if (broken := contradictions(person))] == []


def test_every_closed_value_occurs(world: list[Situation]) -> None:
    for key in VALUES:
        assert {person.value(key) for person in world} == set(VALUES[key]), key


def test_some_never_worked_and_some_out_of_work_did(world: list[Situation]) -> None:
    for state in ("student", "unemployed", "homemaker or carer", "unable to work"):
        had = {person.occupation is not None for person in world if person.employment == state}
        assert had == {True, False}, state


def test_students_are_mostly_young(world: list[Situation]) -> None:
    students = [person.age for person in world if person.employment == "student"]
    assert sum(age < 30 for age in students) > 0.9 * len(students)


def test_the_same_arguments_draw_the_same_person() -> None:
    conditions = Conditions(given={"household": "in an institution"}, min_age=40)
    first = draw_situation(5, conditions, "population", quantile=0.25)
    assert draw_situation(5, conditions, "population", quantile=0.25) == first
    assert draw_situation(6, conditions, "population", quantile=0.25) != first


def test_a_known_seed_draws_a_known_person() -> None:
    person = draw(seed=persona_seed(7, 0), country="Canada")
    assert (person.country, person.country_name) == ("CA", "Canada")
    assert person == draw(seed=persona_seed(7, 0), country="CA")


def test_canadians_follow_the_un_figures_by_age_and_sex() -> None:
    conditions = Conditions(given={"country": "Canada"})
    drawn: Counter[tuple[str, int]] = Counter()
    for index in range(2000):
        quantile = (0.37 + index * GOLDEN) % 1.0
        person = draw_situation(persona_seed(3, index), conditions, "population", quantile=quantile)
        drawn[person.sex, person.age // 5 * 5] += 1
    figures: dict[tuple[str, int], float] = {}
    for row in read("population.csv"):
        if row["code"] == "CA":
            for age in range(15, 105, 5):
                figures[row["sex"], age] = float(row[str(age)]) * (0.8 if age == 15 else 1)
    total = sum(figures.values())
    cells = set(figures) | set(drawn)
    assert sum(abs(drawn[cell] / 2000 - figures.get(cell, 0) / total) for cell in cells) / 2 <= 0.03


def test_conditions_that_do_not_touch_age_leave_the_figures_followed() -> None:
    conditions = Conditions(given={"country": "Canada", "faith": "Christian"})
    plain = Conditions(given={"country": "Canada"})
    same = 0
    for index in range(100):
        quantile = (index * GOLDEN) % 1.0
        one = draw_situation(index, conditions, "population", quantile=quantile)
        other = draw_situation(index, plain, "population", quantile=quantile)
        same += (one.age, one.sex) == (other.age, other.sex)
    assert same >= 95


def test_uniform_sampling_is_flat_over_countries(flat: list[Situation]) -> None:
    five = frozenset(["CA", "IN", "NG", "JP", "BR"])
    conditions = Conditions(allowed={"country": five})
    drawn = Counter(
        draw_situation(index, conditions, "uniform", quantile=(index + 0.5) / 500).country
        for index in range(500)
    )
    assert drawn == dict.fromkeys(five, 100)
    assert len({person.country for person in flat}) > 0.95 * len(countries())


@pytest.mark.parametrize(
    "wanted",
    [
        {"country": "Canada", "occupation": "Nurse", "age": 34},
        {"city": "toronto"},
        {"occupation": "dragon tamer", "age": 19},
        {"name": "Dr. Ada Lovelace-King III", "country": "GB"},
        {"occupation": "software engineer", "education": "secondary"},
        {"household": "in an institution", "age": 25},
        {"employment": "student", "occupation": "nurse"},
        {"country": "Iceland", "faith": "Hindu", "partnership": "widowed", "income": "rich"},
        {"city": "München", "settlement": "village or countryside"},
        {"occupation": "self-employed", "employment": "self-employed"},
    ],
)
@pytest.mark.parametrize("sampling", ["population", "uniform"])
def test_given_values_are_kept_to_the_letter(wanted: dict[str, str | int], sampling: Sampling) -> None:
    for seed in range(5):
        person = draw_situation(seed, Conditions(given=wanted), sampling)
        for key, value in wanted.items():
            kept = person.country_name if key == "country" and value != "GB" else getattr(person, key)
            assert kept == value


def test_allowed_values_and_ages_are_kept() -> None:
    conditions = Conditions(
        allowed={
            "country": frozenset(["FR", "DE"]),
            "employment": frozenset(["retired", "unable to work"]),
            "partnership": frozenset(["widowed"]),
            "occupation": frozenset(["electrician", "nurse"]),
        },
        min_age=50,
        max_age=64,
    )
    people = [draw_situation(seed, conditions, "population") for seed in range(60)]
    assert {person.country for person in people} == {"FR", "DE"}
    assert {person.employment for person in people} <= {"retired", "unable to work"}
    assert {person.partnership for person in people} == {"widowed"}
    assert {person.occupation for person in people} <= {"electrician", "nurse"}
    assert all(50 <= person.age <= 64 for person in people)
    assert not any(contradictions(person) for person in people)


def test_a_city_alone_implies_its_country() -> None:
    assert draw(city="Toronto").country == "CA"
    assert draw(city="Nairobi").country == "KE"
    assert draw(city="London", country="Canada").country == "CA"


def test_a_given_occupation_brings_schooling_and_work() -> None:
    for seed in range(20):
        person = draw(seed, occupation="paediatric nurse")
        assert person.education == "university"
        assert person.age >= 22
        assert draw(seed, occupation="retired teacher").employment == "retired"
        assert draw(seed, occupation="student").employment == "student"


def test_a_priest_has_neither_partner_nor_children() -> None:
    for seed in range(10):
        person = draw(seed, occupation="Catholic priest", country="Poland")
        assert (person.faith, person.partnership, person.parenthood) == ("Christian", "single", "no children")


@pytest.mark.parametrize("sampling", ["population", "uniform"])
def test_any_part_of_a_drawn_situation_can_be_given(sampling: Sampling, flat: list[Situation]) -> None:
    dice = random.Random(8)
    for seed, person in enumerate(flat[:120]):
        filled = [key for key in SITUATION_KEYS if getattr(person, key) is not None]
        wanted = {key: getattr(person, key) for key in dice.sample(filled, dice.randint(1, 6))}
        again = draw_situation(seed, Conditions(given=wanted), sampling)
        assert {key: getattr(again, key) for key in wanted} == wanted
        assert contradictions(again) == []


def test_demands_shift_what_comes_before_them() -> None:
    conditions = Conditions(given={"country": "France", "partnership": "widowed"})
    ages = [draw_situation(seed, conditions, "population").age for seed in range(150)]
    assert sum(age >= 65 for age in ages) > 0.7 * len(ages)


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"age": 17, "partnership": "widowed", "country": "France"}, {"age", "partnership"}),
        ({"household": "alone", "parenthood": "children at home"}, {"household", "parenthood"}),
        ({"age": 20, "occupation": "surgeon", "income": "rich"}, {"age", "occupation"}),
        ({"partnership": "single", "household": "with a partner"}, {"partnership", "household"}),
        ({"age": 17, "education": "university", "faith": "none"}, {"age", "education"}),
        ({"occupation": "imam", "faith": "Jewish"}, {"occupation", "faith"}),
        ({"occupation": "retired baker", "employment": "student"}, {"occupation", "employment"}),
        ({"city": "Munich", "country": "Canada"}, {"city", "country"}),
    ],
)
def test_a_contradiction_names_the_keys_in_conflict(wanted: dict[str, str | int], named: set[str]) -> None:
    with pytest.raises(AnchorError) as caught:
        draw_situation(1, Conditions(given=wanted), "population")
    message = str(caught.value)
    assert {key for key in SITUATION_KEYS if f"{key} " in message} == named
    assert "change" in message


def test_age_bounds_are_named_too() -> None:
    with pytest.raises(
        AnchorError, match=r"employment 'retired' and age|age 16 to 30 and employment 'retired'"
    ):
        draw_situation(1, Conditions(given={"employment": "retired"}, max_age=30), "population")


@pytest.mark.parametrize(
    "wanted", [{"education": "phd"}, {"age": 12}, {"age": "old"}, {"name": " "}, {"sex": "Female"}]
)
def test_a_value_outside_its_space_is_refused(wanted: dict[str, str | int]) -> None:
    with pytest.raises(AnchorError):
        draw_situation(1, Conditions(given=wanted), "population")


def test_demands_that_exclude_each_other_are_refused() -> None:
    for conditions in (
        Conditions(given={"country": "CA"}, allowed={"country": frozenset(["FR"])}),
        Conditions(given={"sex": "male"}, allowed={"sex": frozenset(["female"])}),
        Conditions(given={"age": 30}, min_age=40),
        Conditions(allowed={"faith": frozenset()}),
        Conditions(min_age=60, max_age=50),
    ):
        with pytest.raises(AnchorError):
            draw_situation(1, conditions, "population")


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="hobby"):
        draw_situation(1, Conditions(given={"hobby": "chess"}), "population")


def test_a_quantile_outside_its_range_is_refused() -> None:
    with pytest.raises(InputError, match="quantile"):
        draw_situation(1, Conditions(), "population", quantile=1.0)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**62),
    age=st.integers(16, 100),
    key=st.sampled_from(["settlement", "faith", "income", "sex", "parenthood", "employment"]),
    place=st.integers(0, 6),
)
def test_two_demands_that_go_together_are_met(seed: int, age: int, key: str, place: int) -> None:
    value = VALUES[key][place % len(VALUES[key])]
    conditions = Conditions(given={"age": age, key: value})
    if key == "parenthood" and value != "no children" and not 38 <= age <= 60:
        return
    if key == "employment" and not 50 <= age <= 60:
        return
    person = draw_situation(seed, conditions, "population")
    assert (person.age, person.value(key)) == (age, value)
    assert contradictions(person) == []
