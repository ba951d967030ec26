"""Personas as plain data: a core profile, and attribute-value pairs in order of arrival (DeepPersona §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import Path

Stratum = Literal["near", "middle", "far"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)

Source = Literal["given", "table", "bank", "model"]

TraitValue = str | int | float | tuple[str, ...]
"""Text, a number, or the members of a list."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One attribute-value pair ⟨a, v⟩ of a persona.

    Core attributes have neither `order` nor `stratum`; the others are numbered from 1 as they were filled.
    """

    attribute: str
    path: Path
    value: TraitValue
    source: Source
    order: int | None = None
    stratum: Stratum | None = None
    similarity: float | None = None
    """Cosine of the attribute's path and the profile."""
    request: str | None = None
    """Key of the request to a language model whose answer the value comes from."""


@dataclass(frozen=True, slots=True)
class InnerCore:
    """The inner core of the profile, each part inferred from those before (DeepPersona §3.2)."""

    orientation: str
    """positive, neutral or negative; `given` where the user gave the values."""
    values: str
    attitude: str
    attitude_details: str
    coping_mechanism: str
    stories: tuple[str, ...]
    interests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Persona:
    """One synthetic person of a population."""

    id: str
    population: str
    index: int
    seed: int
    depth: int
    taxonomy: str
    taxonomy_version: int
    situation: Situation
    inner: InnerCore
    core: tuple[Trait, ...]
    """The core attributes as attribute-value pairs, not counted in `depth`."""
    traits: tuple[Trait, ...]
    """Exactly `depth` pairs, in the order in which they were filled."""
    narrative: str
    biography: str | None = None
    origin: str | None = None
    """File and line that the biography comes from."""
    read: tuple[str, ...] = ()
    """Anchors that a language model read out of the biography, as `Attribute=value`."""
    unread: tuple[str, ...] = ()
    """What it read and what cannot hold beside the rest, as `Attribute=value: reason`."""
    narrative_requests: tuple[str, ...] = ()
    """Keys of the requests to a language model that the narrative comes from."""


def persona_id(population: str, seed: int, index: int) -> str:
    """The id of a persona: 16 hexadecimal digits of a hash of population, seed and index."""
    return digest("persona", population, seed, index).hex()[:16]


def plain(value: Any) -> Any:
    """A value as JSON and the graph have it: the members of a list as a list."""
    return list(value) if isinstance(value, tuple) else value


def value_texts(value: TraitValue) -> tuple[str, ...]:
    """The value as texts: one, or one for each member of a list."""
    return value if isinstance(value, tuple) else (f"{value:g}" if isinstance(value, float) else str(value),)


def shown_value(value: TraitValue) -> str:
    """The value as people read it."""
    return "; ".join(value_texts(value))
