"""The model of the graph for people who write Cypher: what there is, what it means, and how much of it.

What each label, relationship type and property means is written in `data/graph_model.toml`; indexes and
counts are those of the database at hand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from deeppersona_graph.graph.connection import Graph


@dataclass(frozen=True, slots=True)
class Property:
    """A property, the Cypher types its values have, and what it means."""

    name: str
    types: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Label:
    """A kind of node, and how many there are."""

    name: str
    meaning: str
    properties: tuple[Property, ...]
    count: int = 0


@dataclass(frozen=True, slots=True)
class RelationshipType:
    """A kind of relationship, the pairs of labels it leads between, and how many there are."""

    name: str
    meaning: str
    between: tuple[tuple[str, str], ...]
    properties: tuple[Property, ...]
    count: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """What a look-up can start from; `unique` where no two nodes may have the same."""

    name: str
    label: str
    properties: tuple[str, ...]
    unique: bool


@dataclass(frozen=True, slots=True)
class GraphModel:
    """All of it."""

    labels: tuple[Label, ...]
    relationships: tuple[RelationshipType, ...]
    indexes: tuple[Index, ...]


def graph_model(graph: Graph) -> GraphModel:
    """The model, with the counts and indexes of a database."""
    counts = {str(row["name"]): int(row["count"]) for row in graph.read("server/counts")}
    found = _described()
    return GraphModel(
        tuple(
            Label(name, one["meaning"], _properties(one), counts.get(name, 0))
            for name, one in found["labels"].items()
        ),
        tuple(
            RelationshipType(
                name, one["meaning"], _ends(one["between"]), _properties(one), counts.get(name, 0)
            )
            for name, one in found["relationships"].items()
        ),
        tuple(
            Index(row["name"], row["label"], tuple(row["properties"]), bool(row["unique"]))
            for row in graph.read("server/indexes")
        ),
    )


@cache
def _described() -> Mapping[str, Any]:
    source = files("deeppersona_graph").joinpath("data", "graph_model.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _properties(one: Mapping[str, Any]) -> tuple[Property, ...]:
    """A property is written as its types and, last, its meaning."""
    return tuple(
        Property(name, tuple(told[:-1]), told[-1]) for name, told in one.get("properties", {}).items()
    )


def _ends(pairs: list[str]) -> tuple[tuple[str, str], ...]:
    found = [pair.split(" ") for pair in pairs]
    return tuple((start, end) for start, end in found)
