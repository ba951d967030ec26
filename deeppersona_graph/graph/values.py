"""Values of the graph as plain data: what a query returns, with nothing of the driver left in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neo4j.graph import Node as DriverNode
from neo4j.graph import Path as DriverPath
from neo4j.graph import Relationship as DriverRelationship
from neo4j.spatial import Point as DriverPoint
from neo4j.time import Date, DateTime, Duration, Time


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its labels and properties."""

    element_id: str
    labels: tuple[str, ...]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship; `start` and `end` are the element ids of the nodes it leads from and to."""

    element_id: str
    type: str
    start: str
    end: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """A path: nodes, and the relationships between them."""

    nodes: tuple[Node, ...]
    relationships: tuple[Relationship, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A point in a coordinate system, by its number (`srid`)."""

    srid: int | None
    coordinates: tuple[float, ...]


def plain(value: Any) -> Any:
    """`value` without the driver: times and durations as ISO 8601 text, the rest as it is or as our own."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes() | bytearray():
            return bytes(value)
        case DriverNode():
            return Node(value.element_id, tuple(sorted(value.labels)), _properties(value))
        case DriverRelationship():
            start, end = (one.element_id if one is not None else "" for one in value.nodes)
            return Relationship(value.element_id, value.type, start, end, _properties(value))
        case DriverPath():
            return Route(
                tuple(plain(one) for one in value.nodes), tuple(plain(one) for one in value.relationships)
            )
        case DriverPoint():
            return Point(value.srid, tuple(value))
        case Date() | DateTime() | Time() | Duration():
            return value.iso_format()
        case Mapping():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return plain(value.to_native()) if hasattr(value, "to_native") else str(value)


def _properties(entity: DriverNode | DriverRelationship) -> dict[str, Any]:
    return {key: plain(value) for key, value in sorted(entity.items())}
