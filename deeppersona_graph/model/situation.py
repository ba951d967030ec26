"""The situation: the part of the core profile that is given or drawn from tables, never a model's.

DeepPersona §3.2, "bias-free value assignment".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

YOUNGEST, OLDEST = 16, 100
"""Ages a persona can have."""

PRESENT = 2025
"""The year in which people have their age: that of the tables of age and sex."""

Sampling = Literal["population", "uniform"]


@dataclass(frozen=True, slots=True)
class Situation:
    """Who a person is before anything else is known; every field but `occupation` is always filled.

    The values are those of the core attributes of every taxonomy; `country` is an ISO 3166 alpha-2
    code and `country_name` its name in English.
    """

    country: str
    country_name: str
    age: int
    sex: str
    city: str
    settlement: str
    education: str
    employment: str
    occupation: str | None
    """The last one held for those out of work; None for somebody who never worked."""
    partnership: str
    parenthood: str
    household: str
    income: str
    faith: str
    name: str

    def value(self, key: str) -> str | int | None:
        """The value of the core attribute `key`, as the taxonomy writes it (countries by name)."""
        if key == "country":
            return self.country_name
        found: str | int | None = getattr(self, key)
        return found


SITUATION_KEYS: tuple[str, ...] = tuple(f.name for f in fields(Situation) if f.name != "country_name")
"""The keys in the order in which they are drawn, each conditioned on those before it."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the user and the given anchors demand of a situation.

    `allowed` maps a key to the values it may have (country: codes); a key that is missing is free.
    `given` are values to keep to the letter, of keys whose value space is open (city, occupation, name)
    or closed alike. Ages lie between `min_age` and `max_age`, both included. With `unlisted`, a given city
    need not be among those that are known, as long as its country is.
    """

    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    given: Mapping[str, str | int] = field(default_factory=dict)
    min_age: int = YOUNGEST
    max_age: int = OLDEST
    unlisted: bool = False
