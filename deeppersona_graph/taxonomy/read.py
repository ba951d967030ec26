"""Reading a tree out of the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from deeppersona_graph.errors import UnknownNameError
from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.tree import Attribute, Exclusion, Requirement, Tree, Value

_STATEMENTS = (
    "taxonomy/read_implications",
    "taxonomy/read_requirements",
    "taxonomy/read_exclusions",
    "taxonomy/read_values",
    "taxonomy/read_attributes",
)


def load_tree(graph: Graph, name: str) -> Tree:
    """The taxonomy `name` as it stands in the graph; raises `UnknownNameError` where there is none."""
    rows = graph.read("taxonomy/read_taxonomy", taxonomy=name)
    if not rows:
        known = [str(row["name"]) for row in graph.read("taxonomy/names")]
        raise UnknownNameError(
            "taxonomy", name, nearest(name, known), hint="`deeppersona taxonomy import FILE` makes one"
        )
    implies_rows, requires_rows, excludes_rows, values_rows, attribute_rows = _read_together(graph, name)
    requires, implies = _requirements(requires_rows), _requirements(implies_rows)
    excludes = {
        row["owner"]: tuple(Exclusion(*one) for one in sorted(row["exclusions"], key=str))
        for row in excludes_rows
    }
    spaces = {
        row["attribute"]: tuple(_value(one, requires, excludes, implies) for one in row["values"])
        for row in values_rows
    }
    attributes = (_attribute(row["attribute"], spaces, requires) for row in attribute_rows)
    return Tree(name=name, attributes=tuple(sorted(attributes, key=lambda a: a.path)), **rows[0])


def _read_together(graph: Graph, name: str) -> list[list[Row]]:
    """The rows of the five statements, asked at once, which a server that has just started answers sooner."""
    with ThreadPoolExecutor(len(_STATEMENTS)) as at_once:
        return list(at_once.map(lambda statement: graph.read(statement, taxonomy=name), _STATEMENTS))


def _requirements(rows: Sequence[Row]) -> Mapping[str, tuple[Requirement, ...]]:
    found: dict[str, list[Requirement]] = {}
    for row in rows:
        found.setdefault(row["owner"], []).append(Requirement(row["attribute"], frozenset(row["values"])))
    return {owner: tuple(sorted(all_of, key=lambda r: r.attribute)) for owner, all_of in found.items()}


def _value(
    spelled: Sequence[Any],
    requires: Mapping[str, tuple[Requirement, ...]],
    excludes: Mapping[str, tuple[Exclusion, ...]],
    implies: Mapping[str, tuple[Requirement, ...]],
) -> Value:
    identity, text, rank, weight, alone, min_age, max_age, countries = spelled
    return Value(
        id=identity,
        text=text,
        rank=rank,
        weight=weight,
        alone=bool(alone),
        min_age=min_age,
        max_age=max_age,
        countries=tuple(countries or ()),
        requires=requires.get(identity, ()),
        excludes=excludes.get(identity, ()),
        implies=implies.get(identity, ()),
    )


def _attribute(
    spelled: Mapping[str, Any],
    spaces: Mapping[str, tuple[Value, ...]],
    requires: Mapping[str, tuple[Requirement, ...]],
) -> Attribute:
    typical = spelled["typical"]
    return Attribute(
        id=spelled["id"],
        path=tuple(spelled["path"]),
        description=spelled["description"] or "",
        value_type=spelled["value_type"],
        values=spaces.get(spelled["id"], ()),
        minimum=spelled["minimum"],
        maximum=spelled["maximum"],
        typical=(typical[0], typical[1]) if typical else None,
        unit=spelled["unit"],
        at_most=spelled["at_most"],
        at_least=spelled["at_least"],
        min_age=spelled["min_age"],
        max_age=spelled["max_age"],
        core=spelled["core"],
        requires=requires.get(spelled["id"], ()),
        support=spelled["support"] or 0,
        retired=bool(spelled["retired"]),
        generic=bool(spelled["generic"]),
        proposed=bool(spelled["proposed"]),
        aliases=tuple(spelled["aliases"] or ()),
        bias=spelled["bias"],
    )
