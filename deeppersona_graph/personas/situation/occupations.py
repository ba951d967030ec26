"""Occupations: which ones somebody may hold or have held, and what a title that a user gives asks for."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from deeppersona_graph.model.situation import Sampling
from deeppersona_graph.personas.situation import tables
from deeppersona_graph.personas.situation.countries import countries

_STATES = {
    "student": "student",
    "pupil": "student",
    "homemaker": "homemaker or carer",
    "housewife": "homemaker or carer",
    "househusband": "homemaker or carer",
    "stay-at-home mother": "homemaker or carer",
    "stay-at-home father": "homemaker or carer",
    "stay-at-home parent": "homemaker or carer",
    "stay-at-home mom": "homemaker or carer",
    "stay-at-home dad": "homemaker or carer",
    "retired": "retired",
    "retiree": "retired",
    "pensioner": "retired",
    "unemployed": "unemployed",
}
_SPARE_TIME_WORK = ("4", "5", "9")
"""ISCO major groups in which the young work beside their studies: clerks, service and sales, elementary."""
_TRIES = 40
_LEAST_WEIGHT, _UNUSUAL = 0.1, 0.05
"""For occupations that a user gives: the weight of those only recognised, a factor where they do not fit."""


@dataclass(frozen=True, slots=True)
class Occupation:
    """A title, the schooling it asks for, and how it is spread.

    `weight` is a rough share of the world's work; `self_employed` says in tenths how many work for themselves
    and `women` in percent how many are women; nobody holds it before `least_age`. `faith` is empty for most;
    who is `celibate` has neither partner nor children.
    """

    title: str
    code: str
    level: str
    weight: float
    self_employed: int
    women: int
    least_age: int
    faith: str
    celibate: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """What an occupation depends on."""

    country: str
    sex: str
    settlement: str
    education: str
    employment: str
    on_the_side: bool
    """Work beside or before the studies of somebody young."""


@lru_cache(1)
def occupations() -> dict[str, Occupation]:
    """All known occupations by title; those of weight 0 are recognised, not drawn."""
    return {
        row["title"]: Occupation(
            row["title"],
            row["code"],
            row["level"],
            float(row["weight"]),
            int(row["self_employed"]),
            int(row["women"]),
            int(row["least_age"]),
            row["faith"],
            row["celibate"] == "celibate",
        )
        for row in tables.read("occupations.csv")
    }


@lru_cache(1024)
def recognise(text: str) -> Occupation | None:
    """The known occupation that a title stands for: the whole of it or the longest known end of it.

    "paediatric nurse" is a nurse and "school bus driver" a bus driver; None for what is unknown.
    """
    words = text.casefold().split()
    known = _by_casefold()
    for start in range(len(words)):
        found = known.get(" ".join(words[start:]))
        if found is not None:
            return found
    return None


def state_of(text: str) -> str | None:
    """The employment state that a given occupation names itself, as "student" or "retired teacher" do."""
    wanted = text.casefold().strip()
    first = wanted.split()[0] if wanted else ""
    if wanted.endswith(" student") or wanted.startswith("student of "):
        return "student"
    return _STATES.get(wanted) or (_STATES[first] if first in ("retired", "unemployed") else None)


def fit(occupation: Occupation, education: str) -> float:
    """How often people of an education work at the level of an occupation; 0 below what it asks for."""
    return _fit()[education][occupation.level]


def chance(occupation: Occupation, worker: Worker) -> float:
    """The chance that a worker holds the occupation, of those that fit.

    What is never drawn, as a nurse with secondary schooling, stays possible for what a user gives.
    """
    _, sums = _listed(worker, "population")
    usual = _weight(occupation, worker)
    if usual > 0:
        return usual / sums[-1]
    weight = max(occupation.weight, _LEAST_WEIGHT) * max(fit(occupation, worker.education), 0.02)
    weight *= max(_women(occupation, worker.sex), 0.02)
    if worker.employment == "self-employed":
        weight *= max(occupation.self_employed, 0.2)
    elif worker.employment == "employed":
        weight *= max(10 - occupation.self_employed, 0.2)
    if occupation.faith:
        weight *= faiths()[worker.country][occupation.faith] / 100
    return weight * _UNUSUAL / sums[-1]


def shares(worker: Worker, age: int, sampling: Sampling) -> tables.Weights:
    """The weight of each occupation that somebody of this age may be drawn with."""
    listed, sums = _listed(worker, sampling)
    return {
        occupation.title: high - low
        for occupation, low, high in zip(listed, (0.0, *sums), sums, strict=False)
        if occupation.least_age <= age
    }


def draw_occupation(
    dice: random.Random,
    worker: Worker,
    age: int,
    sampling: Sampling,
    allowed: frozenset[str] | None = None,
) -> tuple[Occupation | None, float]:
    """An occupation for a worker of that age, and the chance that one lies in `allowed` (1 without it)."""
    listed, sums = _listed(worker, sampling)
    if allowed is None:
        for _ in range(_TRIES):
            found = listed[min(bisect_right(sums, dice.random() * sums[-1]), len(listed) - 1)]
            if found.least_age <= age:
                return found, 1.0
    fitting = [
        (occupation, high - low)
        for occupation, low, high in zip(listed, (0.0, *sums), sums, strict=False)
        if occupation.least_age <= age and (allowed is None or occupation.title in allowed)
    ]
    if not fitting:
        return None, 0.0
    share = sum(weight for _, weight in fitting)
    chosen = dice.choices([occupation for occupation, _ in fitting], [weight for _, weight in fitting])[0]
    return chosen, share / sums[-1]


@lru_cache(4096)
def _listed(worker: Worker, sampling: Sampling) -> tuple[Sequence[Occupation], Sequence[float]]:
    listed, found = [], []
    for occupation in occupations().values():
        weight = _weight(occupation, worker)
        if weight > 0:
            listed.append(occupation)
            found.append(1.0 if sampling == "uniform" else weight)
    return tuple(listed), tuple(accumulate(found))


def _weight(occupation: Occupation, worker: Worker) -> float:
    weight = occupation.weight * _fit()[worker.education][occupation.level]
    if worker.country in _absent().get(occupation.title, ()):
        return 0.0
    if weight == 0 or (worker.on_the_side and occupation.code[:1] not in _SPARE_TIME_WORK):
        return 0.0
    if worker.employment == "self-employed":
        weight *= occupation.self_employed
    elif worker.employment == "employed":
        weight *= 10 - occupation.self_employed
    region = countries()[worker.country].region
    for kind, codes in _kinds().items():
        if occupation.code.startswith(codes):
            weight *= tables.tilt(region, kind)
    for codes, factors in _by_settlement().items():
        if occupation.code.startswith(codes):
            weight *= factors[worker.settlement]
    if occupation.faith:
        weight *= faiths()[worker.country][occupation.faith] / 100
    return weight * _women(occupation, worker.sex)


def _women(occupation: Occupation, sex: str) -> float:
    women = occupation.women / 50
    return {"female": women, "male": 2 - women}.get(sex, 1.0)


@lru_cache(1)
def faiths() -> dict[str, tables.Weights]:
    """Percent of each faith by country; where the source gives none, there are still a few."""
    values = tables.VALUES["faith"]
    return {
        row["code"]: {faith: max(share, 0.05) for faith, share in tables.weights(row, values).items()}
        for row in tables.read("faith.csv")
    }


@lru_cache(1)
def _fit() -> dict[str, tables.Weights]:
    return tables.table("occupation_fit", "education", tables.EDUCATION)


@lru_cache(1)
def _kinds() -> Mapping[str, tuple[str, ...]]:
    return {
        row["kind"]: tuple(row["codes"].split()) for row in tables.read("assumptions/occupation_kinds.csv")
    }


@lru_cache(1)
def _by_settlement() -> Mapping[tuple[str, ...], tables.Weights]:
    return {
        tuple(row["codes"].split()): tables.weights(row, tables.VALUES["settlement"])
        for row in tables.read("assumptions/occupation_settlement.csv")
    }


@lru_cache(1)
def _absent() -> dict[str, frozenset[str]]:
    """The countries in which an occupation is not to be found."""
    absent: dict[str, frozenset[str]] = {}
    for row in tables.read("assumptions/occupation_places.csv"):
        codes, titles = row["codes"].split(), row["titles"].split(";")
        for occupation in occupations().values():
            if occupation.title in titles or occupation.code in codes:
                before = absent.get(occupation.title, frozenset())
                absent[occupation.title] = before | frozenset(row["not_in"].split())
    return absent


@lru_cache(1)
def _by_casefold() -> dict[str, Occupation]:
    known = {
        row["head"]: Occupation(row["head"], row["code"], row["level"], 0.0, 3, 50, 16, "", False)
        for row in tables.read("assumptions/occupation_heads.csv")
    }
    return known | {title.casefold(): occupation for title, occupation in occupations().items()}
