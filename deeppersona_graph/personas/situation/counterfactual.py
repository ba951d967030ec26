"""The situation somebody would have, were some of it otherwise: what the tables condition on that follows.

Whoever somebody is stays: country, age and sex follow from nothing. Each later key is drawn by the maximal
coupling of its chances before and after (Thorisson 2000, §1.4): the value stays with the chance
min(1, after / before), else it is one that the change made likelier. So it follows the tables as they are for
the new situation, and where these say the same as before, nothing changes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deeppersona_graph.errors import AnchorError, shorten
from deeppersona_graph.model.seeds import stream
from deeppersona_graph.model.situation import Conditions, Sampling, Situation
from deeppersona_graph.personas.situation import chances, cities
from deeppersona_graph.personas.situation.cities import Place
from deeppersona_graph.personas.situation.countries import countries
from deeppersona_graph.personas.situation.drafts import SIDE_WORK_UNTIL
from deeppersona_graph.personas.situation.draw import draw_situation
from deeppersona_graph.personas.situation.names import draw_name
from deeppersona_graph.personas.situation.occupations import Worker, recognise, shares, state_of
from deeppersona_graph.personas.situation.tables import Weights
from deeppersona_graph.personas.situation.wanted import understand

NEVER_WORKED = ""
"""Stands for no occupation among chances."""

GROUNDS: Mapping[str, tuple[str, ...]] = {
    "settlement": ("country",),
    "city": ("country", "settlement"),
    "education": ("country", "age"),
    "employment": ("country", "age", "sex", "education"),
    "occupation": ("country", "age", "sex", "settlement", "education", "employment"),
    "partnership": ("country", "age", "sex", "employment", "occupation"),
    "parenthood": ("country", "age", "sex", "partnership", "employment", "occupation"),
    "household": ("country", "age", "partnership", "parenthood", "employment"),
    "income": ("education", "employment", "occupation"),
    "faith": ("country", "occupation"),
}
"""What the tables condition each key on, in the order in which they are drawn."""


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A counterfactual situation; `grounds` names for each key that changed by itself what it hangs on."""

    situation: Situation
    grounds: Mapping[str, tuple[str, ...]]


def counterfactual(
    seed: int,
    situation: Situation,
    changes: Mapping[str, str | int],
    fixed: Collection[str],
    sampling: Sampling,
) -> Otherwise:
    """The situation with `changes` (country as a code), `fixed` keys staying as they are.

    Raises `AnchorError` where what is set or fixed cannot be with the rest, naming what.
    """
    changed: dict[str, Any] = {key: value for key, value in changes.items() if key != "country"}
    now = replace(situation, **changed)
    if "country" in changes:
        country = countries()[str(changes["country"])]
        now = replace(now, country=country.code, country_name=country.name)
    place = _place(now) if "city" in changes else None
    grounds: dict[str, tuple[str, ...]] = {}
    for key, above in GROUNDS.items():
        before, after = chances_of(key, situation, sampling), chances_of(key, now, sampling)
        if key == "settlement" and place is not None:
            after = _near(place, now)
        value = str(now.value(key) or NEVER_WORKED)
        if key == "settlement" and place is not None:
            above = (*above, "city")
        moved = tuple(one for one in above if now.value(one) != situation.value(one))
        if key in changes or key in fixed:
            if (moved or key in changes) and not _can_be(key, value, now, after):
                raise _contradiction(key, value, now, sampling)
        elif before != after:
            drawn = coupled(stream("twin", seed, key), value, before, after)
            if drawn is None:
                raise _contradiction(key, value, now, sampling)
            if drawn != value:
                drawn_now: dict[str, Any] = {key: drawn or None}
                now = replace(now, **drawn_now)
                grounds[key] = moved
    moved = tuple(key for key in ("country", "sex") if now.value(key) != situation.value(key))
    if moved and "name" not in changes and "name" not in fixed:
        name = draw_name(stream("twin", seed, "name"), now.country, now.sex, (situation.name,), now.faith)
        now, grounds["name"] = replace(now, name=name), moved
    return Otherwise(now, grounds)


def chances_of(key: str, situation: Situation, sampling: Sampling) -> Weights:
    """The chances of each value of a key for somebody in this situation, given all keys before it."""
    weights = _CHANCES[key](situation, sampling)
    if sampling == "uniform" and key not in ("city", "occupation"):
        return {value: 1.0 for value, weight in weights.items() if weight > 0}
    total = sum(weights.values())
    return {value: weight / total for value, weight in weights.items() if weight > 0}


def coupled(dice: random.Random, value: str, before: Weights, after: Weights) -> str | None:
    """A value with the chances `after`, the one drawn with those of `before` wherever that is possible; None
    where nothing has a chance."""
    if not after:
        return None
    kept = after.get(value, 0.0)
    if dice.random() * before.get(value, kept) < kept:
        return value
    gained = {one: max(weight - before.get(one, 0.0), 0.0) for one, weight in after.items() if one != value}
    if not any(gained.values()):
        gained = dict(after)
    return dice.choices(list(gained), list(gained.values()))[0]


def _can_be(key: str, value: str, now: Situation, after: Weights) -> bool:
    """Whether the value is possible at all; of places and work somebody may have unusual ones."""
    if key == "city":
        return True
    if key != "occupation":
        return value in after
    state, known = state_of(value), recognise(value)
    if state is not None:
        return state == now.employment
    old_enough = known is None or known.least_age <= now.age
    return value == NEVER_WORKED or (old_enough and chances.worked(now.employment, now.age) > 0)


def _place(now: Situation) -> Place:
    """The place that is set; raises `AnchorError` where it lies elsewhere."""
    wanted = understand(Conditions(given={"city": now.city, "country": now.country}))
    return wanted.places[now.country][0]


def _contradiction(key: str, value: str, now: Situation, sampling: Sampling) -> AnchorError:
    """The error that names what a value cannot be with."""
    above = {one: now.country if one == "country" else now.value(one) for one in GROUNDS[key]}
    given = {one: held for one, held in {**above, key: value}.items() if held}
    try:
        draw_situation(0, Conditions(given=given), sampling)
    except AnchorError as error:
        return AnchorError(f"{error} (set more, or keep less)")
    held = ", ".join(f"{one} {shorten(repr(with_), 40)}" for one, with_ in given.items() if one != key)
    return AnchorError(f"{key} {shorten(value)!r} cannot be with {held}; set more, or keep less")


def _settlement(situation: Situation, _: Sampling) -> Weights:
    return cities.settlement_weights(situation.country)


def _near(place: Place, situation: Situation) -> Weights:
    """The chances of each settlement for somebody who lives in or near a place; hardly ever is never."""
    weights = cities.settlement_weights(situation.country)
    near = {kind: weight * cities.place_chance(place, kind) for kind, weight in weights.items()}
    total, most = sum(near.values()), max(near.values())
    return {kind: weight / total for kind, weight in near.items() if weight > most / 1000}


def _city(situation: Situation, sampling: Sampling) -> Weights:
    return cities.place_weights(situation.country, situation.settlement, sampling)


def _education(situation: Situation, _: Sampling) -> Weights:
    return chances.education(countries()[situation.country], situation.age)


def _employment(situation: Situation, _: Sampling) -> Weights:
    country = countries()[situation.country]
    return chances.employment(country, situation.age, situation.sex, situation.education)


def _occupation(situation: Situation, sampling: Sampling) -> Weights:
    having = chances.worked(situation.employment, situation.age)
    if sampling == "uniform" and 0 < having < 1:
        having = 0.5
    worker = Worker(
        situation.country,
        situation.sex,
        situation.settlement,
        situation.education,
        situation.employment,
        situation.employment == "student" and situation.age < SIDE_WORK_UNTIL,
    )
    weights = shares(worker, situation.age, sampling)
    total = sum(weights.values())
    having = having if total else 0.0
    found = {title: having * share / total for title, share in weights.items()} if total else {}
    return {**found, NEVER_WORKED: 1.0 - having}


def _partnership(situation: Situation, _: Sampling) -> Weights:
    country = countries()[situation.country]
    weights = chances.partnership(country, situation.age, situation.sex, situation.employment)
    return _of_the_celibate(weights, situation, "single")


def _parenthood(situation: Situation, _: Sampling) -> Weights:
    country = countries()[situation.country]
    weights = chances.parenthood(
        country, situation.age, situation.sex, situation.partnership, situation.employment
    )
    return _of_the_celibate(weights, situation, "no children")


def _of_the_celibate(weights: Weights, situation: Situation, only: str) -> Weights:
    work = recognise(situation.occupation or "")
    if work is None or not work.celibate:
        return weights
    return {value: weight if value == only else 0.0 for value, weight in weights.items()}


def _household(situation: Situation, _: Sampling) -> Weights:
    return chances.household(
        countries()[situation.country],
        situation.age,
        situation.partnership,
        situation.parenthood,
        situation.employment,
    )


def _income(situation: Situation, _: Sampling) -> Weights:
    work = recognise(situation.occupation or "")
    return chances.income(situation.education, situation.employment, work)


def _faith(situation: Situation, _: Sampling) -> Weights:
    return chances.faith(countries()[situation.country], recognise(situation.occupation or ""))


_CHANCES: Mapping[str, Callable[[Situation, Sampling], Weights]] = {
    "settlement": _settlement,
    "city": _city,
    "education": _education,
    "employment": _employment,
    "occupation": _occupation,
    "partnership": _partnership,
    "parenthood": _parenthood,
    "household": _household,
    "income": _income,
    "faith": _faith,
}
