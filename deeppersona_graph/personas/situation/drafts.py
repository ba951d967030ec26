"""One candidate situation, drawn forward key by key, and how likely what is demanded was on the way."""

from __future__ import annotations

import random
from dataclasses import dataclass

from deeppersona_graph.model.situation import Sampling
from deeppersona_graph.personas.situation import chances, cities, occupations
from deeppersona_graph.personas.situation.countries import Country, cells, countries
from deeppersona_graph.personas.situation.occupations import Occupation, Worker
from deeppersona_graph.personas.situation.tables import Weights, times
from deeppersona_graph.personas.situation.wanted import Wanted

SIDE_WORK_UNTIL = 27
"""Age below which a student's work is taken to be on the side."""
_AT_WORK = ("employed", "self-employed")


@dataclass(slots=True)
class Draft:
    """The values drawn so far; `weight` is the chance of what was demanded, 0 where it cannot be."""

    country: Country
    sex: str
    age: int
    weight: float = 1.0
    city: str = ""
    settlement: str = ""
    education: str = ""
    employment: str = ""
    occupation: str | None = None
    work: Occupation | None = None
    partnership: str = ""
    parenthood: str = ""
    household: str = ""
    income: str = ""
    faith: str = ""


def draw_draft(dice: random.Random, wanted: Wanted, sampling: Sampling, quantile: float) -> Draft | None:
    """A candidate that meets what is demanded; None where that left nothing to draw.

    `quantile` is its position in the joint distribution of country, sex and age.
    """
    found = cells(wanted.codes, wanted.sexes, wanted.ages, sampling)
    if found is None:
        return None
    code, sex, age = found.at(quantile)
    draft = Draft(countries()[code], sex, age)
    pen = _Pen(dice, wanted, sampling, draft)
    for step in (_live, _learn, _work, _pair, _raise, _dwell, _earn, _believe):
        step(pen)
        if draft.weight <= 0:
            return None
    return draft


@dataclass(frozen=True, slots=True)
class _Pen:
    """What a step needs to write the next values into the draft."""

    dice: random.Random
    wanted: Wanted
    sampling: Sampling
    draft: Draft

    def pick(self, key: str, weights: Weights) -> str:
        """A value of `key`; the draft's weight is multiplied with the chance of the values allowed."""
        if self.sampling == "uniform":
            weights = {value: 1.0 for value, weight in weights.items() if weight > 0}
        total = sum(weights.values())
        allowed = self.wanted.closed.get(key)
        if allowed is not None:
            weights = {value: weight for value, weight in weights.items() if value in allowed}
            part = sum(weights.values())
            self.draft.weight *= part / total if total > 0 else 0.0
            total = part
        if total <= 0:
            self.draft.weight = 0.0
            return ""
        point, last = self.dice.random() * total, ""
        for value, weight in weights.items():
            if weight > 0:
                last = value
                point -= weight
                if point < 0:
                    break
        return last


def _live(pen: _Pen) -> None:
    draft, code = pen.draft, pen.draft.country.code
    weights = cities.settlement_weights(code)
    if not pen.wanted.places:
        draft.settlement = pen.pick("settlement", weights)
        if draft.weight > 0:
            draft.city = cities.place_at(code, draft.settlement, pen.dice.random(), pen.sampling).name
        return
    # The places demanded: one of them first, by the chance of living there, then in what settlement.
    joint = [
        times(weights, {kind: cities.place_chance(place, kind) for kind in weights})
        for place in pen.wanted.places[code]
    ]
    shares = [sum(one.values()) for one in joint]
    chosen = pen.dice.choices(range(len(joint)), shares)[0]
    draft.weight *= sum(shares) / sum(weights.values())
    draft.city = pen.wanted.city or pen.wanted.places[code][chosen].name
    usual = max(joint[chosen].values()) / 1000
    draft.settlement = pen.pick(
        "settlement",
        {kind: weight for kind, weight in joint[chosen].items() if weight > usual}
        if "settlement" not in pen.wanted.closed
        else joint[chosen],
    )


def _learn(pen: _Pen) -> None:
    draft, known = pen.draft, pen.wanted.known_occupation
    weights = chances.education(draft.country, draft.age)
    if known is not None:
        # A given occupation brings its schooling, unless both are given; `_work` weighs the occupation.
        fitting = {level: weight * (occupations.fit(known, level) > 0) for level, weight in weights.items()}
        if "education" not in pen.wanted.closed and any(fitting.values()):
            draft.weight *= sum(fitting.values()) / sum(weights.values())
            weights = fitting
    draft.education = pen.pick("education", weights)


def _work(pen: _Pen) -> None:
    draft, wanted = pen.draft, pen.wanted
    states = chances.employment(draft.country, draft.age, draft.sex, draft.education)
    demanded = wanted.occupation is not None or wanted.occupations is not None
    if demanded and not (wanted.occupation and occupations.state_of(wanted.occupation)):
        having = times(states, {state: chances.worked(state, draft.age) for state in states})
        draft.weight *= sum(having.values()) / sum(states.values())
        states = having
    draft.employment = pen.pick("employment", states)
    if draft.weight <= 0:
        return
    worker = Worker(
        draft.country.code,
        draft.sex,
        draft.settlement,
        draft.education,
        draft.employment,
        draft.employment == "student" and draft.age < SIDE_WORK_UNTIL,
    )
    if wanted.occupation is not None:
        draft.occupation, draft.work = wanted.occupation, wanted.known_occupation
        if draft.work is not None:
            old_enough = draft.age >= draft.work.least_age
            draft.weight *= occupations.chance(draft.work, worker) if old_enough else 0.0
        return
    chance = chances.worked(draft.employment, draft.age)
    if pen.sampling == "uniform" and 0 < chance < 1:
        chance = 0.5
    if not demanded and pen.dice.random() >= chance:
        return
    draft.work, share = occupations.draw_occupation(
        pen.dice, worker, draft.age, pen.sampling, wanted.occupations
    )
    draft.occupation = draft.work.title if draft.work else None
    if demanded or draft.employment in _AT_WORK:
        draft.weight *= share


def _pair(pen: _Pen) -> None:
    draft = pen.draft
    weights = chances.partnership(draft.country, draft.age, draft.sex, draft.employment)
    if draft.work is not None and draft.work.celibate:
        weights = {value: weight if value == "single" else 0.0 for value, weight in weights.items()}
    draft.partnership = pen.pick("partnership", weights)


def _raise(pen: _Pen) -> None:
    draft = pen.draft
    weights = chances.parenthood(draft.country, draft.age, draft.sex, draft.partnership, draft.employment)
    if draft.work is not None and draft.work.celibate:
        weights = {value: weight if value == "no children" else 0.0 for value, weight in weights.items()}
    draft.parenthood = pen.pick("parenthood", weights)


def _dwell(pen: _Pen) -> None:
    draft = pen.draft
    draft.household = pen.pick(
        "household",
        chances.household(draft.country, draft.age, draft.partnership, draft.parenthood, draft.employment),
    )


def _earn(pen: _Pen) -> None:
    draft = pen.draft
    draft.income = pen.pick("income", chances.income(draft.education, draft.employment, draft.work))


def _believe(pen: _Pen) -> None:
    draft = pen.draft
    draft.faith = pen.pick("faith", chances.faith(draft.country, draft.work))
