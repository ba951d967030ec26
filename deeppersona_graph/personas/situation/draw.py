"""Draws the situation from the tables, conditioned on everything given (DeepPersona §3.2).

Where a later key is demanded, candidates are drawn forward with the demanded keys held to what is allowed,
each weighted with the chance of that under the tables (likelihood weighting; Fung and Chang 1990), and one of
them is kept with a chance in proportion to its weight.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from deeppersona_graph.errors import AnchorError, InputError, shorten
from deeppersona_graph.model.seeds import GOLDEN, stream
from deeppersona_graph.model.situation import (
    OLDEST,
    SITUATION_KEYS,
    YOUNGEST,
    Conditions,
    Sampling,
    Situation,
)
from deeppersona_graph.personas.situation.drafts import Draft, draw_draft
from deeppersona_graph.personas.situation.names import draw_name
from deeppersona_graph.personas.situation.wanted import Wanted, understand

_CANDIDATES, _ENOUGH = 48, 400
"""How many candidates of weight above 0 one is chosen from, and after how many drawn fewer will do."""
_BEFORE_GIVING_UP = 3000
"""How many candidates are drawn before demands are said to contradict each other."""
_WITHOUT_ONE = 800
"""How many are drawn to see whether leaving one demand out resolves that."""


def draw_situation(
    seed: int,
    conditions: Conditions,
    sampling: Sampling,
    taken: Collection[str] = (),
    quantile: float | None = None,
) -> Situation:
    """A situation that meets the conditions, the same for the same arguments on any machine.

    `population` follows the published figures, `uniform` draws every key flat over what can hold. `taken` are
    full names that are not given again. `quantile`, in [0, 1), is the position in the joint distribution of
    country, sex and age (in this order); evenly spread positions make a population that follows the figures
    closely. Without it the position comes from the seed.

    Raises `UnknownNameError` for an unknown country or city, and `AnchorError` for values outside their space
    and for conditions that contradict each other, naming them.
    """
    if quantile is not None and not 0 <= quantile < 1:
        raise InputError(f"quantile is {quantile}; it must be at least 0 and less than 1")
    wanted = understand(conditions)
    dice = stream("situation", seed)
    start = dice.random() if quantile is None else quantile
    candidates = _candidates(dice, wanted, sampling, start)
    chosen = _resampled(dice, candidates) if wanted.depends else next(filter(None, candidates), None)
    if chosen is None:
        raise _contradiction(conditions, sampling)
    return _situation(chosen, _name(chosen, wanted, dice, taken))


def _candidates(
    dice: random.Random, wanted: Wanted, sampling: Sampling, start: float, limit: int = _BEFORE_GIVING_UP
) -> Iterator[Draft | None]:
    """`limit` candidates, the first at the position asked for; None for those of weight 0.

    Steps of the golden ratio spread them evenly over country, sex and age.
    """
    for place in range(limit):
        yield draw_draft(dice, wanted, sampling, (start + place * GOLDEN) % 1.0)


def _resampled(dice: random.Random, candidates: Iterable[Draft | None]) -> Draft | None:
    """One of the candidates, by weight, the first whenever that is possible.

    Taking the first, one of many alike, is as good as taking any; it is kept with the chance of its weight
    over the mean, else one heavier than the mean takes its place, by what it has above (the maximal coupling
    of both laws). So positions that are spread evenly stay so where the demands do not depend on them.
    """
    pool: list[Draft] = []
    for drawn, draft in enumerate(candidates):
        if draft is not None:
            pool.append(draft)
        if len(pool) == _CANDIDATES or (pool and drawn >= _ENOUGH):
            break
    if not pool:
        return None
    mean = sum(draft.weight for draft in pool) / len(pool)
    if dice.random() * mean < pool[0].weight * (1 + 1e-9):
        return pool[0]
    return dice.choices(pool, [max(draft.weight - mean, 0.0) for draft in pool])[0]


def _name(draft: Draft, wanted: Wanted, dice: random.Random, taken: Collection[str]) -> str:
    if wanted.names:
        return wanted.names[0] if len(wanted.names) == 1 else dice.choice(wanted.names)
    return draw_name(dice, draft.country.code, draft.sex, taken, draft.faith)


def _situation(draft: Draft, name: str) -> Situation:
    return Situation(
        country=draft.country.code,
        country_name=draft.country.name,
        age=draft.age,
        sex=draft.sex,
        city=draft.city,
        settlement=draft.settlement,
        education=draft.education,
        employment=draft.employment,
        occupation=draft.occupation,
        partnership=draft.partnership,
        parenthood=draft.parenthood,
        household=draft.household,
        income=draft.income,
        faith=draft.faith,
        name=name,
    )


def _contradiction(conditions: Conditions, sampling: Sampling) -> AnchorError:
    """The error that names the demands of which leaving out any one would resolve the contradiction."""
    demanded = [key for key in SITUATION_KEYS if key in conditions.given or key in conditions.allowed]
    if (conditions.min_age, conditions.max_age) != (YOUNGEST, OLDEST) and "age" not in demanded:
        demanded.append("age")
    guilty = [key for key in demanded if _possible(_without(conditions, key), sampling)] or demanded
    named = [_spelled(conditions, key) for key in guilty]
    if len(named) == 1:
        return AnchorError(f"{named[0]} cannot be with the other conditions; change it or leave it out")
    return AnchorError(
        f"{', '.join(named[:-1])} and {named[-1]} contradict each other: nobody has all of them; "
        "change or leave out one"
    )


def _possible(conditions: Conditions, sampling: Sampling) -> bool:
    try:
        wanted = understand(conditions)
    except AnchorError:
        return False
    dice = stream("possible")
    return any(_candidates(dice, wanted, sampling, dice.random(), _WITHOUT_ONE))


def _without(conditions: Conditions, key: str) -> Conditions:
    left = replace(
        conditions,
        given={other: value for other, value in conditions.given.items() if other != key},
        allowed={other: values for other, values in conditions.allowed.items() if other != key},
    )
    return replace(left, min_age=YOUNGEST, max_age=OLDEST) if key == "age" else left


def _spelled(conditions: Conditions, key: str) -> str:
    if key in conditions.given:
        return f"{key} {shorten(repr(conditions.given[key]))}"
    if key in conditions.allowed:
        return f"{key} {' or '.join(map(repr, sorted(conditions.allowed[key])[:4]))}"
    return f"age {conditions.min_age} to {conditions.max_age}"
