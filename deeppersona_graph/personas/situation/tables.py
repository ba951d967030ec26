"""The demographic tables, read once when first needed: published figures and stated assumptions.

Origins and years are in `data/demographics/ORIGIN.md`.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Generic, TypeVar

EDUCATION = ("none or primary", "secondary", "vocational", "university")
EMPLOYMENT = (
    "student",
    "employed",
    "self-employed",
    "unemployed",
    "homemaker or carer",
    "unable to work",
    "retired",
)
PARTNERSHIP = ("single", "in a relationship", "married or cohabiting", "separated or divorced", "widowed")
PARENTHOOD = ("no children", "children at home", "grown children")
HOUSEHOLD = (
    "alone",
    "with parents",
    "with a partner",
    "with partner and children",
    "with children only",
    "with relatives",
    "shared with others",
    "in an institution",
)
VALUES: Mapping[str, tuple[str, ...]] = {
    "sex": ("female", "male", "non-binary"),
    "settlement": ("city", "town", "village or countryside"),
    "education": EDUCATION,
    "employment": EMPLOYMENT,
    "partnership": PARTNERSHIP,
    "parenthood": PARENTHOOD,
    "household": HOUSEHOLD,
    "income": ("poor", "modest", "middling", "comfortable", "rich"),
    "faith": ("none", "Christian", "Muslim", "Hindu", "Buddhist", "Jewish", "folk or other"),
}
"""The closed value spaces of the situation, in the order in which the tables list them."""

Weights = dict[str, float]
"""Relative chances of values; those that cannot hold have 0."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ByAge(Generic[T]):
    """Entries that hold from an age on, until the next one."""

    ages: tuple[int, ...]
    entries: tuple[T, ...]

    def at(self, age: int) -> T:
        """The entry for `age`; the first one for ages below it."""
        return self.entries[max(bisect_right(self.ages, age) - 1, 0)]


def by_age(entries: Iterable[tuple[int, T]]) -> ByAge[T]:
    """`entries` ordered by the age from which they hold."""
    ordered = sorted(entries, key=lambda entry: entry[0])
    return ByAge(tuple(age for age, _ in ordered), tuple(entry for _, entry in ordered))


def read(name: str) -> list[dict[str, str]]:
    """The rows of a table of `data/demographics`."""
    text = files("deeppersona_graph.data.demographics").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def weights(row: Mapping[str, str], values: Iterable[str]) -> Weights:
    """The columns `values` of a row, as numbers."""
    return {value: float(row[value]) for value in values}


def table(name: str, key: str, values: Iterable[str]) -> dict[str, Weights]:
    """An assumption table with one row for each value of the column `key`."""
    columns = tuple(values)
    return {row[key]: weights(row, columns) for row in read(f"assumptions/{name}.csv")}


def ages_table(
    name: str, keys: Iterable[str], values: Iterable[str]
) -> dict[tuple[str, ...], ByAge[Weights]]:
    """An assumption table whose rows hold from `from_age` on, for each combination of the columns `keys`."""
    columns, names = tuple(values), tuple(keys)
    grouped: dict[tuple[str, ...], list[tuple[int, Weights]]] = {}
    for row in read(f"assumptions/{name}.csv"):
        group = tuple(row[key] for key in names)
        grouped.setdefault(group, []).append((int(row["from_age"]), weights(row, columns)))
    return {group: by_age(entries) for group, entries in grouped.items()}


def sex_table(name: str, values: Iterable[str]) -> dict[str, ByAge[Weights]]:
    """An assumption table by age and sex; non-binary people take the mean of the other two."""
    columns = tuple(values)
    found = {key[0]: by for key, by in ages_table(name, ["sex"], columns).items()}
    female, male = found["female"], found["male"]
    found["non-binary"] = by_age(
        (age, {value: (female.at(age)[value] + male.at(age)[value]) / 2 for value in columns})
        for age in female.ages
    )
    return found


@lru_cache(1)
def region_tilts() -> dict[tuple[str, str], float]:
    """The stated factor of a (region, measure); what is missing is 1."""
    return {
        (region, row["measure"]): float(row["value"])
        for row in read("assumptions/region_tilts.csv")
        for region in row["regions"].split(";")
    }


def tilt(region: str, measure: str) -> float:
    """How much likelier than in the world as a whole something is in a region."""
    return region_tilts().get((region, measure), 1.0)


def times(*factors: Mapping[str, float]) -> Weights:
    """The product of weights, value by value; a value missing from a later factor keeps its weight."""
    product = dict(factors[0])
    for factor in factors[1:]:
        for value, weight in factor.items():
            if value in product:
                product[value] *= weight
    return product
