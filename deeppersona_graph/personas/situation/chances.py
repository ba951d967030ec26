"""The chances of each value of the situation, given the values drawn before it.

Every function returns weights over the closed value space of one key; what cannot hold has weight 0, and
these zeros are what keeps a situation free of contradictions.
"""

from __future__ import annotations

from functools import lru_cache

from deeppersona_graph.personas.situation import tables
from deeppersona_graph.personas.situation.countries import Country
from deeppersona_graph.personas.situation.occupations import Occupation, faiths
from deeppersona_graph.personas.situation.tables import ByAge, Weights, tilt, times


@lru_cache(4096)
def education(country: Country, age: int) -> Weights:
    """Highest level: Barro-Lee by country and cohort; the young have not finished what they will."""
    shares = _schooling()[country.code].at(age)
    share = tilt(country.region, "vocational_of_secondary")
    done = _finished().at(age)
    university = shares["tertiary"] * done["university"]
    vocational = (share * shares["secondary"] + shares["part_tertiary"] / 2) * done["vocational"]
    secondary = 100 - shares["primary"] - university - vocational
    return {
        "none or primary": shares["primary"],
        "secondary": max(secondary, 0.0),
        "vocational": vocational,
        "university": university,
    }


@lru_cache(16384)
def employment(country: Country, age: int, sex: str, education: str) -> Weights:
    """Employment state by age, sex and education, tilted to the region and the country's unemployment."""
    region = country.region
    tilts = {
        "student": tilt(region, "student"),
        "self-employed": tilt(region, "self_employed"),
        "unemployed": min(max(country.unemployment / 6, 0.2), 4.0),
        "homemaker or carer": tilt(region, "home_women") if sex == "female" else 1.0,
        "retired": tilt(region, "pension") if age < 80 else 1.0,
    }
    return times(_employment()[sex].at(age), tilts, _employment_by_education()[education])


def worked(employment: str, age: int) -> float:
    """The chance that somebody in this state has or had an occupation."""
    return _worked()[employment].at(age)


@lru_cache(8192)
def partnership(country: Country, age: int, sex: str, employment: str) -> Weights:
    """Partnership by age and sex; the young follow the share of women married in their country."""
    force = 1.3 if age < 35 else 0.5 if age < 50 else 0.0
    return times(
        _partnership()[sex].at(age),
        {"married or cohabiting": _marriage_odds(country) ** force},
        _partnership_by_employment()[employment],
    )


@lru_cache(8192)
def parenthood(country: Country, age: int, sex: str, partnership: str, employment: str) -> Weights:
    """Children by age, sex and partnership; couples without children are rarer in some regions."""
    alone = partnership in ("single", "in a relationship")
    lone = tilt(country.region, "unmarried_children") if alone else 1.0
    childless = 1.0 if alone else tilt(country.region, "childless")
    early = min(_marriage_odds(country), 1.0) if age < _LATE_PARENTS_UNTIL else 1.0
    return times(
        _parenthood(age, sex, partnership),
        {"no children": childless, "children at home": lone, "grown children": lone * early},
        _parenthood_by_employment()[employment],
    )


@lru_cache(8192)
def household(country: Country, age: int, partnership: str, parenthood: str, employment: str) -> Weights:
    """With whom somebody lives: a partner only if there is one, children only if there are some at home."""
    region = country.region
    group = partnership if partnership == "married or cohabiting" else "any"
    tilts = {
        "alone": tilt(region, "alone"),
        "with parents": tilt(region, "with_parents"),
        "with relatives": tilt(region, "relatives"),
        "in an institution": tilt(region, "institution"),
    }
    return times(_household()[group, parenthood].at(age), tilts, _household_by_employment()[employment])


def income(education: str, employment: str, occupation: Occupation | None) -> Weights:
    """Income within the country by education, employment and kind of work."""
    by_education = _income()
    found = by_education.get((employment, education)) or by_education[employment, "any"]
    if occupation is None or employment == "student":
        return found
    return times(found, *_income_factors(occupation.code))


def faith(country: Country, occupation: Occupation | None) -> Weights:
    """Faith by country; a priest has the faith of the church."""
    found = faiths()[country.code]
    if occupation is None or not occupation.faith:
        return found
    return {value: share if value == occupation.faith else 0.0 for value, share in found.items()}


_MARRIED_WOMEN = 0.62
"""Share of women of 15 to 49 that the assumed table of partnership has married."""
_LATE_PARENTS_UNTIL = 54
"""Age below which grown children are rarer where people marry late."""


def _marriage_odds(country: Country) -> float:
    married = min(max(country.married_women / 100, 0.05), 0.95)
    return married / (1 - married) / (_MARRIED_WOMEN / (1 - _MARRIED_WOMEN))


def _parenthood(age: int, sex: str, partnership: str) -> Weights:
    groups = [(sex, partnership), ("any", partnership), ("any", "any")]
    if sex == "non-binary":
        groups += [("female", partnership), ("male", partnership)]
    found = _parenthood_table()
    start, best = -1, groups[0]
    for group in groups:
        ages = [first for first in found[group].ages if first <= age] if group in found else []
        if ages and ages[-1] > start:
            start, best = ages[-1], group
    return found[best].at(age)


@lru_cache(256)
def _income_factors(code: str) -> tuple[Weights, ...]:
    values = tables.VALUES["income"]
    return tuple(
        tables.weights(row, values)
        for row in tables.read("assumptions/income_occupation.csv")
        if code.startswith(tuple(row["codes"].split()))
    )


@lru_cache(1)
def _schooling() -> dict[str, ByAge[Weights]]:
    grouped: dict[str, list[tuple[int, Weights]]] = {}
    columns = ("primary", "secondary", "part_tertiary", "tertiary")
    for row in tables.read("schooling.csv"):
        grouped.setdefault(row["code"], []).append((int(row["from_age"]), tables.weights(row, columns)))
    return {code: tables.by_age(entries) for code, entries in grouped.items()}


@lru_cache(1)
def _finished() -> ByAge[Weights]:
    return tables.by_age(
        (int(row["age"]), tables.weights(row, ("university", "vocational")))
        for row in tables.read("assumptions/schooling_age.csv")
    )


@lru_cache(1)
def _employment() -> dict[str, ByAge[Weights]]:
    return tables.sex_table("employment", tables.EMPLOYMENT)


@lru_cache(1)
def _employment_by_education() -> dict[str, Weights]:
    return tables.table("employment_education", "education", tables.EMPLOYMENT)


@lru_cache(1)
def _worked() -> dict[str, ByAge[float]]:
    grouped: dict[str, list[tuple[int, float]]] = {}
    for row in tables.read("assumptions/worked.csv"):
        entry = int(row["from_age"]), float(row["percent"]) / 100
        grouped.setdefault(row["employment"], []).append(entry)
    return {state: tables.by_age(entries) for state, entries in grouped.items()}


@lru_cache(1)
def _partnership() -> dict[str, ByAge[Weights]]:
    return tables.sex_table("partnership", tables.PARTNERSHIP)


@lru_cache(1)
def _partnership_by_employment() -> dict[str, Weights]:
    return tables.table("partnership_employment", "employment", tables.PARTNERSHIP)


@lru_cache(1)
def _parenthood_table() -> dict[tuple[str, ...], ByAge[Weights]]:
    return tables.ages_table("parenthood", ("sex", "partnership"), tables.PARENTHOOD)


@lru_cache(1)
def _parenthood_by_employment() -> dict[str, Weights]:
    return tables.table("parenthood_employment", "employment", tables.PARENTHOOD)


@lru_cache(1)
def _household() -> dict[tuple[str, ...], ByAge[Weights]]:
    return tables.ages_table("household", ("partnership", "parenthood"), tables.HOUSEHOLD)


@lru_cache(1)
def _household_by_employment() -> dict[str, Weights]:
    return tables.table("household_employment", "employment", tables.HOUSEHOLD)


@lru_cache(1)
def _income() -> dict[tuple[str, str], Weights]:
    values = tables.VALUES["income"]
    return {
        (row["employment"], row["education"]): tables.weights(row, values)
        for row in tables.read("assumptions/income.csv")
    }
