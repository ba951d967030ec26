"""Personas as records: JSONL lines, the nested JSON of the paper's Figure 7, and long tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from deeppersona_graph.model.persona import Persona, Trait, plain, shown_value
from deeppersona_graph.model.tree import shown

COLUMNS = (
    "persona", "name", "population", "index", "order", "domain", "path", "attribute", "value", "source",
    "stratum", "similarity", "request",
)  # fmt: skip
"""Columns of the long table: one row an attribute-value pair."""

_TOLD = ("biography", "origin", "read", "unread")
"""What a record has only where there is something to say."""

OWN_VALUE = "(itself)"
"""Key of the value of an attribute that has others below it, in nested attributes."""


def record(persona: Persona) -> dict[str, Any]:
    """Everything about one persona, as JSON has it; the same persona gives the same record."""
    return {
        "id": persona.id,
        "population": persona.population,
        "index": persona.index,
        "seed": persona.seed,
        "depth": persona.depth,
        "taxonomy": {"name": persona.taxonomy, "version": persona.taxonomy_version},
        **{key: plain(value) for key in _TOLD if (value := getattr(persona, key))},
        "situation": asdict(persona.situation),
        "inner_core": {key: plain(value) for key, value in asdict(persona.inner).items()},
        "narrative": persona.narrative,
        **({"narrative_requests": list(told)} if (told := persona.narrative_requests) else {}),
        "core": [_pair(trait) for trait in persona.core],
        "attributes": [_pair(trait) for trait in persona.traits],
    }


def figure_7(persona: Persona) -> dict[str, Any]:
    """The profile in the shape of the paper's Figure 7, with all attributes nested by path below it."""
    situation, inner = persona.situation, persona.inner
    return {
        "id": persona.id,
        "name": situation.name,
        "age_info": {"age": situation.age, "age_group": age_group(situation.age)},
        "gender": situation.sex,
        "location": {"country": situation.country_name, "city": situation.city},
        "career_info": {"status": situation.occupation or situation.employment},
        "personal_values": {"values_orientation": inner.values},
        "life_attitude": {
            "attitude": inner.attitude,
            "attitude_details": inner.attitude_details,
            "coping_mechanism": inner.coping_mechanism,
        },
        "personal_story": {
            "personal_story": "\n\n".join(inner.stories),
            "key_life_events": list(inner.stories),
        },
        "interests": {"interests": list(inner.interests)},
        "narrative": persona.narrative,
        "attributes": nested(trait for trait in (*persona.core, *persona.traits)),
    }


def age_group(age: int) -> str:
    """The age group that Figure 7 asks for, in the usual ten-year bands."""
    if age < 20:
        return "16-19"
    return f"{age // 10 * 10}-{age // 10 * 10 + 9}" if age < 90 else "90+"


def nested(traits: Iterable[Trait]) -> dict[str, Any]:
    """Values nested by the names on their paths."""
    root: dict[str, Any] = {}
    for trait in traits:
        here = root
        for name in trait.path[:-1]:
            below = here.setdefault(name, {})
            if not isinstance(below, dict):
                below = here[name] = {OWN_VALUE: below}
            here = below
        last = here.get(trait.path[-1])
        if isinstance(last, dict):
            last[OWN_VALUE] = plain(trait.value)
        else:
            here[trait.path[-1]] = plain(trait.value)
    return root


def rows(persona: Persona) -> Iterator[dict[str, Any]]:
    """The long table of one persona: core attributes first, then the others in order."""
    for trait in (*persona.core, *persona.traits):
        yield {
            "persona": persona.id,
            "name": persona.situation.name,
            "population": persona.population,
            "index": persona.index,
            "order": trait.order,
            "domain": trait.path[0],
            "path": shown(trait.path),
            "attribute": trait.attribute,
            "value": shown_value(trait.value),
            "source": trait.source,
            "stratum": trait.stratum,
            "similarity": trait.similarity,
            "request": trait.request,
        }


def _pair(trait: Trait) -> Mapping[str, Any]:
    pair = {
        "path": list(trait.path),
        "value": plain(trait.value),
        "source": trait.source,
        "order": trait.order,
        "stratum": trait.stratum,
        "similarity": trait.similarity,
        "attribute": trait.attribute,
        "request": trait.request,
    }
    return {key: value for key, value in pair.items() if value is not None}
