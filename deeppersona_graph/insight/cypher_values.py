"""What a query returns, as JSON and as people read it in a table."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from math import isfinite
from typing import Any

from deeppersona_graph.errors import shorten
from deeppersona_graph.graph.asking import Step
from deeppersona_graph.graph.values import Node, Point, Relationship, Route

LONG_VECTOR = 24
"""Numbers from which a list is shown by its first few."""
LONGEST_CELL = 400
"""Characters of one cell of a table."""


def as_json(value: Any) -> Any:
    """`value` as JSON has it, with nothing lost: what JSON lacks becomes an object or a text.

    Nodes are {element_id, labels, properties}, relationships {element_id, type, start, end, properties},
    paths {nodes, relationships}, points {srid, coordinates}; bytes are {base64}, times and durations ISO 8601
    texts, and the numbers JSON lacks "NaN", "Infinity" and "-Infinity".
    """
    match value:
        case Node():
            return {
                "element_id": value.element_id,
                "labels": list(value.labels),
                "properties": as_json(value.properties),
            }
        case Relationship():
            return {
                "element_id": value.element_id,
                "type": value.type,
                "start": value.start,
                "end": value.end,
                "properties": as_json(value.properties),
            }
        case Route():
            return {"nodes": as_json(value.nodes), "relationships": as_json(value.relationships)}
        case Point():
            return {"srid": value.srid, "coordinates": as_json(value.coordinates)}
        case bytes():
            return {"base64": b64encode(value).decode()}
        case float() if not isfinite(value):
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        case Mapping():
            return {key: as_json(one) for key, one in value.items()}
        case list() | tuple():
            return [as_json(one) for one in value]
        case _:
            return value


def brief(value: Any) -> str:
    """`value` in a cell of a table."""
    return shorten(value, LONGEST_CELL) if isinstance(value, str) else shorten(_brief(value), LONGEST_CELL)


def plan_json(step: Step) -> dict[str, Any]:
    """A plan as nested objects."""
    counts = {"estimated_rows": step.estimated, "rows": step.rows, "db_hits": step.hits}
    return {
        "operator": step.operator,
        "details": step.details,
        **{name: count for name, count in counts.items() if count is not None},
        "below": [plan_json(one) for one in step.below],
    }


def _brief(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.6g}"
        case str():
            return repr(shorten(value, 80))
        case bytes():
            return f"{len(value)} bytes"
        case Node():
            return f"({''.join(f':{label}' for label in value.labels)} {_map(value.properties)})"
        case Relationship():
            return f"[:{value.type} {_map(value.properties)}]"
        case Route():
            return _route(value)
        case Point():
            return f"point({', '.join(f'{one:g}' for one in value.coordinates)})"
        case Mapping():
            return _map(value)
        case list() | tuple():
            return _list(list(value))
        case _:
            return str(value)


def _route(value: Route) -> str:
    text, at = _name(value.nodes[0]), value.nodes[0].element_id
    for edge, node in zip(value.relationships, value.nodes[1:], strict=True):
        arrow = f"-[:{edge.type}]->" if edge.start == at else f"<-[:{edge.type}]-"
        text, at = f"{text}{arrow}{_name(node)}", node.element_id
    return text


def _name(node: Node) -> str:
    label = "".join(f":{label}" for label in node.labels)
    named = next((str(node.properties[key]) for key in ("name", "text", "id") if key in node.properties), "")
    return f"({label} {named})" if named else f"({label})"


def _map(value: Mapping[str, Any]) -> str:
    """What tells most comes first: a name, an id; vectors come last."""
    keys = sorted(value, key=lambda key: (_is_vector(value[key]), key not in ("name", "text", "id"), key))
    return "{" + ", ".join(f"{key}: {_brief(value[key])}" for key in keys) + "}"


def _list(value: list[Any]) -> str:
    if _is_vector(value):
        return f"[{', '.join(f'{one:.3g}' for one in value[:3])}, … {len(value)} numbers]"
    shown = ", ".join(_brief(one) for one in value[:LONG_VECTOR])
    return f"[{shown}{f', … {len(value)} in all' if len(value) > LONG_VECTOR else ''}]"


def _is_vector(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) > LONG_VECTOR
        and all(isinstance(one, float) for one in value[:LONG_VECTOR])
        and all(isinstance(one, (int, float)) for one in value)
    )
