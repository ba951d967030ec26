"""Two populations of a small tree whose names and values are hard to tell from an expression's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from deeppersona_graph.model.persona import Persona, TraitValue, value_texts
from deeppersona_graph.model.tree import Tree, normal

CROWD = "test-insight-crowd"
FIRST, SECOND = "test-insight-first", "test-insight-second"
SIZES = {FIRST: 60, SECOND: 45}
DEPTH = 14

ORDINAL = {"value_type": "ordinal", "values": ["never", "at times", "often", "always"]}

Trait = tuple[str, str]
"""An attribute's id and a normalised value."""


def crowd_tree() -> list[str]:
    """Lines of a tree file."""
    records: list[dict[str, Any]] = [
        {"path": ["Food", "Diet"], "value_type": "categorical",
         "values": ["vegan", "plain", "black and white", "x or y", "not (much)"]},
        {"path": ["Food", "Salt and Pepper"], **ORDINAL},
        {"path": ["Food", "Salt"], **ORDINAL},
        {"path": ["Food", "Cups"], "value_type": "number", "values": {"min": 0, "max": 9, "unit": "a day"}},
        {"path": ["Food", "Litres"], "value_type": "number", "values": {"min": 0.5, "max": 3.5, "unit": "l"}},
        {"path": ["Food", "Spices"], "value_type": "list", "values": ["mint", "dill", "clove", "sage"]},
        {"path": ["Odd", "a = b"], **ORDINAL},
        {"path": ["Odd", "Say \"hi\" or 'ho'"], **ORDINAL},
        {"path": ["Odd", "(in brackets)"], **ORDINAL},
        {"path": ["Odd", "not here"], **ORDINAL},
        {"path": ["Odd", "Deep > Down"], **ORDINAL},
        {"path": ["Odd", "Deep", "Well"], **ORDINAL},
        {"path": ["Odd", "ünïcode ☂"], **ORDINAL},
        {"path": ["Music", "Playing", "Instrument Played"], "value_type": "categorical",
         "values": ["violin", "piano", "none whatever"]},
        {"path": ["Music", "Playing", "Hours"], "value_type": "number", "values": {"min": 0, "max": 20}},
        {"path": ["Music", "Taste", "Loud"], **ORDINAL},
        {"path": ["Music", "Taste", "Same"], **ORDINAL},
        {"path": ["Food", "Taste", "Same"], **ORDINAL},
        *({"path": ["Home", room, "Mess"], **ORDINAL} for room in ("Loft", "Porch", "Cellar", "Shed")),
    ]  # fmt: skip
    return [json.dumps(record) for record in records]


@dataclass(frozen=True)
class Crowd:
    """The tree and the people of both populations, as they come out of the API."""

    tree: Tree
    people: Mapping[str, Sequence[Persona]]

    @property
    def everybody(self) -> list[Persona]:
        return [*self.people[FIRST], *self.people[SECOND]]


def values(persona: Persona) -> dict[str, TraitValue]:
    """A person's values by attribute."""
    return {trait.attribute: trait.value for trait in (*persona.core, *persona.traits)}


def traits(persona: Persona) -> set[Trait]:
    """A person's traits, each member of a list one of its own."""
    return {
        (attribute, normal(text))
        for attribute, value in values(persona).items()
        for text in value_texts(value)
    }


def weights(people: Sequence[Persona]) -> dict[Trait, float]:
    """What each trait weighs among these people."""
    found = [traits(persona) for persona in people]
    every = set[Trait]().union(*found)
    return {trait: -log2(sum(trait in of_one for of_one in found) / len(people)) for trait in every}
