"""Full names in Latin letters that fit country and sex, from Faker's locales and from small pools of our own.

`name_sources.csv` says for each country where its names come from and why; the pools stand in where Faker has
no names, does not tell the sexes apart, or writes in letters that leave out the vowels.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from faker import Factory, Generator

from deeppersona_graph.personas.situation import tables

_PLAIN_TRIES, _LONGER_TRIES = 12, 40
_SPELT = {
    "GREEK": {"oy": "ou", "Oy": "Ou", "ay": "av", "ey": "ef", "Ey": "Ef"},
    "ARMENIAN": {"ow": "u", "Ow": "U"},
}
"""How names of these scripts are usually spelt where a letter-by-letter transcription reads oddly."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where names come from; `families` is how many family names are usual."""

    kind: str
    name: str
    families: int
    faiths: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class _Naming:
    sources: tuple[_Source, ...]
    family_first: bool


def draw_name(
    dice: random.Random, country: str, sex: str, taken: Collection[str] = (), faith: str | None = None
) -> str:
    """A full name without titles that is not among `taken`.

    Where the country's peoples differ in faith and in names, `faith` decides between them.

    Where the usual form gives none after some tries, a second given name is added, then a second family name,
    then more given names until the name is new.
    """
    naming = _namings()[country]
    sources = _fitting(naming.sources, faith)
    source = dice.choices(sources, [source.weight for source in sources])[0]
    tries = 0
    while True:
        kind = sex if sex in ("female", "male") else dice.choice(("female", "male"))
        longer = 0 if tries < _PLAIN_TRIES else 1 if tries < _LONGER_TRIES else tries // _LONGER_TRIES + 1
        given, families = _parts(source, dice, kind, min(1 + longer, 4), source.families + (longer > 1))
        name = " ".join([*families, *given] if naming.family_first else [*given, *families])
        if name not in taken:
            return name
        tries += 1


def sex_of(name: str, country: str | None) -> str | None:
    """The sex that a given name tells in the country's sources or in American ones, if it does."""
    first = anyascii(name.split()[0]).casefold() if name.split() else ""
    for source in (*_namings()[country or "US"].sources, *_namings()["US"].sources[:1]):
        female, male = _given_names(source)
        if (first in female) != (first in male):
            return "female" if first in female else "male"
    return None


def _fitting(sources: tuple[_Source, ...], faith: str | None) -> Sequence[_Source]:
    """The sources for a faith; those for no faith in particular where there are none, or else all."""
    first = faith.split()[0] if faith else ""
    common = [source for source in sources if not source.faiths]
    own = [source for source in sources if first in source.faiths]
    if first in ("Christian", "none"):
        return own + common or sources
    return own or common or sources


def _parts(
    source: _Source, dice: random.Random, sex: str, given: int, families: int
) -> tuple[list[str], list[str]]:
    if source.kind == "pool":
        pool = _pools()[source.name]
        drawn = [dice.choice(pool[sex]) for _ in range(given)]
        named = [_ending(dice.choice(pool["family"]), source.name, sex) for _ in range(families)]
    else:
        faker = _faker(source.name)
        faker.seed_instance(dice.getrandbits(63))
        drawn = [_latin(str(faker.format(f"first_name_{sex}"))) for _ in range(given)]
        named = [_latin(str(faker.format(f"last_name_{sex}"))) for _ in range(families)]
    return _distinct(drawn), _distinct(named, set(drawn))


def _distinct(names: list[str], others: Collection[str] = ()) -> list[str]:
    kept = list(dict.fromkeys(name for name in names if name not in others))
    return kept or names[:1]


def _ending(family: str, pool: str, sex: str) -> str:
    """The form of a family name that a woman bears, where it has one."""
    if sex == "female" and pool == "central_asian" and family.endswith(("ov", "ev")):
        return family + "a"
    if sex == "female" and pool == "lithuanian":
        return re.sub(r"(ius|as|is|us|ys)$", "ienė", family)
    return family


def _latin(name: str) -> str:
    """The name in Latin letters; letters with marks stay as they are."""
    if all(not letter.isalpha() or "LATIN" in unicodedata.name(letter, "") for letter in name):
        return name
    plain = anyascii(name).replace("'", "").replace("`", "")
    script = unicodedata.name(name[0], "").split()[0]
    for letters, usual in _SPELT.get(script, {}).items():
        plain = plain.replace(letters, usual)
    return " ".join("-".join(part.capitalize() for part in word.split("-")) for word in plain.split())


@lru_cache(64)
def _faker(locale: str) -> Generator:
    """A generator of its own with nothing but the provider of persons; seeded anew for every draw."""
    return Factory.create(locale, ["faker.providers.person"])


@lru_cache(256)
def _given_names(source: _Source) -> tuple[frozenset[str], frozenset[str]]:
    if source.kind == "pool":
        pool = _pools()[source.name]
        return _folded(pool["female"]), _folded(pool["male"])
    faker = _faker(source.name)
    faker.seed_instance(0)
    female, male = (
        _folded(str(faker.format(f"first_name_{sex}")) for _ in range(1000)) for sex in ("female", "male")
    )
    return female, male


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(anyascii(name).casefold() for name in names)


@lru_cache(1)
def _pools() -> dict[str, dict[str, tuple[str, ...]]]:
    pools: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in tables.read("name_pools.csv"):
        names = tuple(name.replace("_", " ") for name in row["names"].split())
        pools.setdefault(row["pool"], {})[row["part"]] = names
    return pools


@lru_cache(1)
def _namings() -> dict[str, _Naming]:
    namings = {}
    for row in tables.read("name_sources.csv"):
        naming = _Naming(tuple(_source(text) for text in row["sources"].split()), row["order"] == "family")
        namings.update(dict.fromkeys(row["codes"].split(), naming))
    return namings


def _source(text: str) -> _Source:
    """`kind:name+families@faith/faith*weight`, as in the data file; all after the name may be missing."""
    rest, _, weight = text.partition("*")
    place, _, faiths = rest.partition("@")
    kind, _, name = place.partition(":")
    locale, _, families = name.partition("+")
    bound = tuple(faiths.split("/")) if faiths else ()
    return _Source(kind, locale, int(families or 1), bound, float(weight or 1))
