"""Countries with population figures, what people call them, and how many people of which age live there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.situation import OLDEST, YOUNGEST, Sampling
from deeppersona_graph.personas.situation import tables

_ALIASES = {
    "usa": "US", "america": "US", "u.s.": "US", "u.s.a.": "US", "states": "US",
    "united states of america": "US", "uk": "GB", "u.k.": "GB", "britain": "GB", "great britain": "GB",
    "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "korea": "KR",
    "south korea": "KR", "north korea": "KP", "holland": "NL", "the netherlands": "NL", "uae": "AE",
    "emirates": "AE", "burma": "MM", "swaziland": "SZ", "cape verde": "CV", "cote d'ivoire": "CI",
    "côte d'ivoire": "CI", "ivory coast": "CI", "drc": "CD", "dr congo": "CD", "congo-kinshasa": "CD",
    "congo": "CG", "congo-brazzaville": "CG", "czech republic": "CZ", "macedonia": "MK", "russia": "RU",
    "turkiye": "TR", "türkiye": "TR", "east timor": "TL", "macau": "MO", "palestine": "PS", "persia": "IR",
    "ceylon": "LK", "the gambia": "GM", "the bahamas": "BS", "the philippines": "PH", "prc": "CN",
    "mainland china": "CN", "eire": "IE", "deutschland": "DE", "brasil": "BR", "españa": "ES",
    "italia": "IT", "méxico": "MX", "viet nam": "VN", "réunion": "RE", "curaçao": "CW",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Country:
    """A country and its figures, in percent where they are shares."""

    code: str
    name: str
    region: str
    urban: float
    unemployment: float
    married_women: float


@lru_cache(1)
def countries() -> dict[str, Country]:
    """All countries by ISO 3166 alpha-2 code, in order of code."""
    return {
        row["code"]: Country(
            row["code"],
            row["name"],
            row["region"],
            float(row["urban"]),
            float(row["unemployment"]),
            float(row["married_women"]),
        )
        for row in tables.read("countries.csv")
    }


@lru_cache(1024)
def resolve_country(text: str) -> str:
    """The code of the country that `text` names: its name, alpha-2 or alpha-3 code, or a usual other name.

    Raises `UnknownNameError` with the nearest names.
    """
    wanted = " ".join(text.split()).casefold()
    found = _names().get(wanted)
    if found is None:
        near = nearest(wanted, (country.name for country in countries().values()))
        raise UnknownNameError("country", text, near)
    return found


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of country, sex and year of age, in this order, with the running sum of their weights."""

    keys: Sequence[tuple[str, str, int]]
    sums: Sequence[float]

    def at(self, quantile: float) -> tuple[str, str, int]:
        """The cell in which `quantile`, in [0, 1), falls."""
        place = bisect_right(self.sums, quantile * self.sums[-1])
        return self.keys[min(place, len(self.keys) - 1)]


@lru_cache(256)
def cells(
    codes: tuple[str, ...], sexes: tuple[str, ...], ages: tuple[int, ...], sampling: Sampling
) -> Cells | None:
    """The cells of the given countries, sexes and ages, in this order; None where nobody lives in them.

    Ages are spread evenly within the UN's five-year bands; 100 stands for 100 and more.
    """
    keys: list[tuple[str, str, int]] = []
    people: list[float] = []
    shares = _non_binary()
    bands = [
        (age, (age - 15) // 5, 1 - shares.at(age), shares.at(age), 1 if age == OLDEST else 5) for age in ages
    ]
    for code in codes:
        female, male = _population()[code]
        for sex in sexes:
            for age, band, binary, other, years in bands:
                if sex == "female":
                    count = female[band] * binary
                elif sex == "male":
                    count = male[band] * binary
                else:
                    count = (female[band] + male[band]) * other
                if count > 0:
                    keys.append((code, sex, age))
                    people.append(1.0 if sampling == "uniform" else count / years)
    return Cells(keys, tuple(accumulate(people))) if keys else None


def ages_between(least: int, most: int) -> tuple[int, ...]:
    """The ages a persona can have within bounds."""
    return tuple(range(max(least, YOUNGEST), min(most, OLDEST) + 1))


@lru_cache(1)
def _names() -> dict[str, str]:
    import pycountry

    known: dict[str, str] = {}
    for code, country in countries().items():
        official = pycountry.countries.get(alpha_2=code)
        attributes = ("alpha_3", "name", "common_name", "official_name")
        spelled = [country.name, code, *(getattr(official, attribute, "") for attribute in attributes)]
        known.update({name.casefold(): code for name in spelled if name})
    known.update(_ALIASES)
    known.update({country.name.casefold(): code for code, country in countries().items()})
    return known


@lru_cache(1)
def _population() -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    by_code: dict[str, dict[str, tuple[float, ...]]] = {}
    for row in tables.read("population.csv"):
        figures = tuple(float(row[str(age)]) for age in range(15, 105, 5))
        by_code.setdefault(row["code"], {})[row["sex"]] = figures
    return {code: (by_sex["female"], by_sex["male"]) for code, by_sex in by_code.items()}


@lru_cache(1)
def _non_binary() -> tables.ByAge[float]:
    return tables.by_age(
        (int(row["from_age"]), float(row["percent"]) / 100)
        for row in tables.read("assumptions/nonbinary.csv")
    )
