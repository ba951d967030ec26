"""Occupation titles from ISCO-08 and the US Bureau of Labor Statistics, turned into readable names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

COLUMNS = (
    "title", "code", "level", "weight", "self_employed", "women", "least_age", "faith", "celibate", "origin",
)  # fmt: skip
LEVELS = {"n": "none or primary", "s": "secondary", "v": "vocational", "u": "university"}

_ENTRY = {
    "No formal educational credential": "none or primary",
    "High school diploma or equivalent": "secondary",
    "Some college, no degree": "secondary",
    "Postsecondary nondegree award": "vocational",
    "Associate's degree": "vocational",
    "Bachelor's degree": "university",
    "Master's degree": "university",
    "Doctoral or professional degree": "university",
}


def occupations(
    choice: Path, index: Iterable[Mapping[str, str]], outlook: Iterable[Mapping[str, str]]
) -> Iterator[tuple[object, ...]]:
    """Rows of `COLUMNS`: the chosen titles with shares of their group's weight, then those only recognised.

    The first title of a group counts twice. `origin` is ISCO where the index has the title, or a longer or
    shorter form of it, under this code, else own. Titles of the US outlook have no weight: they are never
    drawn, but known when a user gives them.
    """
    codes: dict[str, list[set[str]]] = {}
    for row in index:
        codes.setdefault(row["isco08"], []).append(set(readable(row["title"]).lower().split()))
    chosen = set()
    for line in choice.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, level, weight, independent, women, age, titles = line.split("|")
        names = titles.split(";")
        for place, name in enumerate(names):
            title, _, bound = name.strip().partition("=")
            faith, _, celibate = bound.partition("+")
            share = float(weight) * (2 if place == 0 else 1) / (len(names) + 1)
            words = set(title.lower().split())
            indexed = any(words <= known or known <= words for known in codes.get(code, ()))
            origin = "ISCO-08" if indexed else "own, in an ISCO-08 group"
            chosen.add(title)
            yield title, code, LEVELS[level], f"{share:.4g}", independent, women, age, faith, celibate, origin
    for row in outlook:
        found = singular(row["title"])
        if found and found not in chosen and row["entry_education"] in _ENTRY:
            yield found, "", _ENTRY[row["entry_education"]], 0, 1, 50, 18, "", "", "US BLS"


def readable(title: str) -> str:
    """The index writes "Driver, bus: motor"; people say "motor bus driver"."""
    plain = re.sub(r"\s*\([^)]*\)", "", title)
    head, _, rest = plain.partition(",")
    qualifiers = [part.strip() for part in re.split(r"[:,]", rest) if part.strip()]
    return " ".join([*reversed(qualifiers), head[:1].lower() + head[1:].strip()])


def singular(title: str) -> str | None:
    """One person's title from a plural one; None for lists and for what has no simple singular."""
    if re.search(r",|\band\b|/|including", title) or not title.endswith("s"):
        return None
    name = title[:1].lower() + title[1:]
    if name.startswith("eMT") or name.endswith("ss"):
        return None
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name[:-1]
