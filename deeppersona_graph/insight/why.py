"""Why a persona has a value: the edges that say so, with their run, and the part of an answer behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.llm.answers import Unusable, read
from deeppersona_graph.llm.store import Answer
from deeppersona_graph.model.persona import Persona, Trait, TraitValue, value_texts
from deeppersona_graph.model.tree import normal

TABLES: Mapping[str, tuple[str, ...]] = {
    "country": ("population.csv",),
    "age": ("population.csv",),
    "sex": ("population.csv", "assumptions/nonbinary.csv"),
    "city": ("countries.csv",),
    "settlement": ("countries.csv", "assumptions/settlement.csv"),
    "education": ("schooling.csv", "assumptions/schooling_age.csv", "assumptions/region_tilts.csv"),
    "employment": ("countries.csv", "assumptions/employment.csv", "assumptions/employment_education.csv"),
    "occupation": ("occupations.csv", "assumptions/worked.csv"),
    "partnership": ("countries.csv", "assumptions/partnership.csv"),
    "parenthood": ("assumptions/parenthood.csv",),
    "household": ("assumptions/household.csv",),
    "income": ("assumptions/income.csv", "assumptions/income_occupation.csv"),
    "faith": ("faith.csv", "assumptions/faith_stated.csv"),
    "name": ("name_pools.csv", "name_sources.csv"),
}
"""Files of `data/demographics` that say most about a core attribute, by its key; `ORIGIN.md` beside them
tells where the figures come from."""

_SOURCES: Mapping[str, str] = {
    "given": "given by whoever asked for the persona",
    "table": "drawn from the demographic tables",
    "bank": "drawn from the values that the taxonomy admits, by base rate and nearness to the profile",
    "model": "answered by a language model",
    "edit": "set by hand",
}
_INNER = "drawn from the bank of inner cores, to go with the situation"
_READ = "read out of the biography by a language model"


@dataclass(frozen=True, slots=True)
class RunOf:
    """The run in which a value was made; times are ISO 8601 in the server's zone."""

    id: str
    kind: str
    state: str | None
    started: str | None
    finished: str | None
    model: str | None
    via: str | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One edge from the persona to the attribute; `was` is the source of one that a merge superseded."""

    value: TraitValue
    source: str
    was: str | None
    order: int | None
    stratum: str | None
    similarity: float | None
    request: str | None
    version: int | None
    """The taxonomy's version when the value was made."""
    run: RunOf | None

    @property
    def superseded(self) -> bool:
        """Whether it counts no more, since the attribute became one with another that the persona had."""
        return self.source == "superseded"

    @property
    def origin(self) -> str:
        """Where the value came from in the first place."""
        return self.was or "" if self.superseded else self.source


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of a language model, and the part of it that gave the value; `part` is null where the value
    does not stand in it as it was kept."""

    request: str
    prompt: str
    version: int
    asked: str
    """The model that was asked; `model` is the one that answered."""
    model: str
    source: str
    time: float
    """Seconds since 1970 when it arrived."""
    part: Any
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that touched the attribute after the value was made."""

    version: int
    operation: str
    summary: str
    time: str
    undone: bool


def pairs(graph: Graph, persona: str, taxonomy: str, attribute: str) -> list[Pair]:
    """All edges between a persona and an attribute (ids), the one that counts first."""
    rows = graph.read("insight/why", persona=persona, taxonomy=taxonomy, attribute=attribute)
    return [_pair(row) for row in rows]


def in_words(pair: Pair, core: str | None, *, from_biography: bool = False) -> str:
    """Who gave or drew the value; `core` is the key of a core attribute."""
    origin = pair.origin
    said = _SOURCES.get(origin, f"from {origin or 'a source that is not recorded'}")
    if origin == "given" and from_biography:
        said = _READ
    elif origin == "table" and core is not None and core in TABLES:
        said = f"{said} {', '.join(TABLES[core])}"
    elif origin == "bank" and core is not None:
        said = _INNER
    return f"superseded when two attributes became one; before that {said}" if pair.superseded else said


def told(answer: Answer, pair: Pair, name: str, persona: Persona) -> Told:
    """The answer that the value of the attribute `name` came from, and the part that says it."""
    return Told(
        request=answer.key,
        prompt=answer.prompt,
        version=answer.version,
        asked=answer.asked,
        model=answer.raw.model,
        source=answer.source,
        time=answer.time,
        part=_part(answer, pair, name, _together(persona, pair)),
        text=answer.raw.text,
    )


class _Anything(BaseModel):
    """Any JSON object."""

    model_config = ConfigDict(extra="allow")


def _together(persona: Persona, pair: Pair) -> list[int]:
    """The places of all that came from the same request, in order."""
    traits: Sequence[Trait] = (*persona.core, *persona.traits)
    return sorted(one.order for one in traits if one.request == pair.request and one.order is not None)


def _part(answer: Answer, pair: Pair, name: str, together: Sequence[int]) -> Any:
    """What of the answer is about the attribute: of one that lists objects, the one that holds the value;
    else the whole.

    Where all that was asked for was kept, it is the object in the value's own place; else of those with this
    value the one that names the attribute, or the first at or after this place.
    """
    found = read(_Anything, answer.raw)
    if isinstance(found, Unusable):
        return None
    whole = found.model_dump()
    entries = next((one for one in whole.values() if _objects(one)), None)
    if entries is None:
        return whole
    entries = sorted(entries, key=lambda entry: _number(entry) or 0)
    if len(entries) == len(together) and pair.order in together:
        return entries[together.index(pair.order)]
    holding = [one for one in entries if _holds(one, pair.value)]
    named = [one for one in holding if normal(name) in {normal(text) for text in _texts(one)}]
    later = [one for one in holding if (_number(one) or 0) >= (pair.order or 0)]
    return next(iter(named or later or holding), None)


def _objects(member: Any) -> bool:
    return isinstance(member, list) and bool(member) and all(isinstance(one, Mapping) for one in member)


def _number(entry: Mapping[str, Any]) -> int | None:
    """The number that the record of the persona gave to what was asked for."""
    number = entry.get("id")
    return number if isinstance(number, int) else None


def _holds(entry: Any, value: TraitValue) -> bool:
    """Whether every text of the value stands in an entry."""
    said = {normal(text) for text in _texts(entry)}
    return all(normal(text) in said for text in value_texts(value))


def _texts(entry: Any) -> Iterator[str]:
    if isinstance(entry, Mapping):
        for member in entry.values():
            yield from _texts(member)
    elif isinstance(entry, list):
        for member in entry:
            yield from _texts(member)
    elif entry is not None:
        yield str(entry)


def _pair(row: Row) -> Pair:
    spelled, run = dict(row["pair"]), row["run"]
    if isinstance(spelled["value"], list):
        spelled["value"] = tuple(spelled["value"])
    return Pair(**{**spelled, "source": spelled["source"] or ""}, run=None if run is None else RunOf(**run))
