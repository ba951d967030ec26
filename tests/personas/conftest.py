"""A small tree that has everything, and a plain driver to look at and edit the graph with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from endpoint import Endpoint, serving
from model_endpoint import person_script
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree

Rows = list[dict[str, Any]]

FREQUENCY = {
    "value_type": "ordinal",
    "values": ["never", "at times", "often"],
    "weights": [30, 50, 20],
}


def small_tree() -> list[str]:
    """Lines of a tree file: 4 roots, 46 attributes, every kind of value and of constraint."""
    records: list[dict[str, Any]] = [
        {"path": ["Animals", "Keeping", "Pet"], "value_type": "categorical", "values": ["none", "dog", "cat"],
         "weights": [50, 30, 20]},
        {"path": ["Animals", "Keeping", "Feeding"], "value_type": "text", "values": ["scraps", "tins"],
         "applies": {"requires": [{"path": ["Animals", "Keeping", "Pet"], "values": ["dog", "cat"]}]}},
        {"path": ["Animals", "Keeping", "Walks"], "value_type": "number",
         "values": {"min": 0, "max": 6, "unit": "a day", "typical": [1, 3]},
         "applies": {"requires": [{"path": ["Animals", "Keeping", "Pet"], "values": ["dog"]}]}},
        {"path": ["Animals", "Feared"], "value_type": "list", "values": ["none", "spiders", "dogs", "mice"],
         "weights": [40, 35, 15, 30], "alone": ["none"],
         "conflicts": [{"if": "dogs", "path": ["Animals", "Keeping", "Pet"], "not": ["dog"]}]},
        {"path": ["Work", "Ladder"], **FREQUENCY, "needs": {"employment": ["employed"]}},
        {"path": ["Work", "Rest"], "value_type": "categorical", "values": ["garden", "bench"],
         "needs": {"employment": ["retired"]}},
        {"path": ["Work", "Years"], "value_type": "number",
         "values": {"min": 0, "max": 70, "unit": "years", "typical": [5, 30]}, "at_most": "age-15"},
        {"path": ["Work", "Nights"], **FREQUENCY,
         "conflicts": [{"if": "often", "path": ["Work", "Sleep"], "not": {"min": 7}},
                       {"if": "never", "path": ["Work", "Night Pay"], "not": "*"}]},
        {"path": ["Work", "Sleep"], "value_type": "number",
         "values": {"min": 3, "max": 12, "unit": "hours", "typical": [6, 8]}},
        {"path": ["Work", "Night Pay"], "value_type": "number",
         "values": {"min": 0.5, "max": 9.5, "unit": "coins", "typical": [2.5, 4.0]}},
        {"path": ["Home", "Snow"], "value_type": "categorical", "values": ["shovel", "plough", "no snow"],
         "weights": [40, 20, 40], "places": {"plough": ["CA", "FI"]}},
        {"path": ["Home", "Toys"], **FREQUENCY, "needs": {"parenthood": ["children at home"]}},
        {"path": ["Home", "Pension"], **FREQUENCY, "needs": {"min_age": 60}},
        {"path": ["Home", "First Flat"], **FREQUENCY, "needs": {"max_age": 40}},
    ]  # fmt: skip
    for room in ("Kitchen", "Cellar", "Loft", "Porch"):
        things = ("Light", "Smell", "Sound", "Mess")
        records += [{"path": ["Home", room, thing], **FREQUENCY} for thing in things]
    for art in ("Song", "Dance", "Paint", "Verse"):
        records.append({"path": ["Art", art], **FREQUENCY})
        records += [
            {"path": ["Art", "Deep", art, step], **FREQUENCY} for step in ("Learned", "Shown", "Sold")
        ]
    return [json.dumps(record) for record in records]


@pytest.fixture
def small(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    """The small tree, in the graph under the test's own name."""
    return imported(small_tree())


@pytest.fixture(scope="session")
def cypher(api: DeepPersona, driver: Driver) -> Callable[..., Rows]:
    """Runs a query of the test's own and gives its rows."""

    def run(query: str, **parameters: Any) -> Rows:
        found = driver.execute_query(query, parameters, database_=api.graph.database)
        return [record.data() for record in found.records]

    return run


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A language model that answers well; tests put another script in its place."""
    with serving(person_script) as server:
        yield server
