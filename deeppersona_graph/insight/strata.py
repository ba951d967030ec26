"""The strata of one persona: what was near, middle and far of it (DeepPersona §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deeppersona_graph.model.persona import STRATA, Persona, Stratum, Trait
from deeppersona_graph.model.tree import Tree


@dataclass(frozen=True, slots=True)
class Layer:
    """One stratum of a persona, or what belongs to none: its attributes in order of filling."""

    stratum: Stratum | None
    traits: tuple[Trait, ...]
    lowest: float | None
    """The least similarity of them to the profile, and the greatest."""
    highest: float | None


def layers(persona: Persona) -> tuple[Layer, ...]:
    """The strata from near to far; last what was in none, such as given anchors that were no candidates."""
    parts: Sequence[Stratum | None] = (*STRATA, None)
    found = (_layer(persona, part) for part in parts)
    return tuple(layer for layer in found if layer.stratum is not None or layer.traits)


def retired_since(persona: Persona, tree: Tree) -> tuple[Trait, ...]:
    """What the persona has though it, or its branch, is retired now."""
    retired = {attribute.path for attribute in tree.attributes if attribute.retired}
    return tuple(
        trait
        for trait in persona.traits
        if any(trait.path[:length] in retired for length in range(1, len(trait.path) + 1))
    )


def _layer(persona: Persona, stratum: Stratum | None) -> Layer:
    traits = sorted((t for t in persona.traits if t.stratum == stratum), key=lambda t: t.order or 0)
    known = [trait.similarity for trait in traits if trait.similarity is not None]
    return Layer(stratum, tuple(traits), min(known, default=None), max(known, default=None))
