"""Edits of the tree by command: each is one change, and undoing it gives the identical graph back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.taxonomy.editing.perform import Edit
from deeppersona_graph.taxonomy.editing.spaces import Space

pytestmark = pytest.mark.live

Look = Callable[[], dict[str, list[str]]]

RECORDS = [
    json.dumps(record)
    for record in (
        {"path": ["Food", "Diet"], "value_type": "categorical", "values": ["vegan", "mixed", "meat"],
         "weights": [10, 60, 30],
         "conflicts": [{"if": "vegan", "path": ["Food", "Dinner"], "not": ["steak"]},
                       {"if": "vegan", "path": ["Food", "Meat Days"], "not": {"min": 2}}],
         "implies": [{"if": "meat", "path": ["Food", "Dinner"], "then": ["steak", "soup"]}]},
        {"path": ["Food", "Dinner"], "value_type": "categorical", "values": ["steak", "soup", "salad"]},
        {"path": ["Food", "Meat Days"], "value_type": "number", "values": {"min": 0, "max": 7}},
        {"path": ["Food", "Drinks", "Tea"], "value_type": "list", "values": ["green", "black", "mint"]},
        {"path": ["Food", "Drinks", "Brew"], "value_type": "categorical", "values": ["Green", "oolong"]},
        {"path": ["Home", "Pet"], "value_type": "categorical", "values": ["none", "dog", "cat"]},
        {"path": ["Home", "Pet Food"], "value_type": "categorical", "values": ["dry", "fresh"],
         "applies": {"requires": [{"path": ["Home", "Pet"], "values": ["dog", "cat"]}]}},
        {"path": ["Home", "Garden"], "value_type": "ordinal", "values": ["small", "large"]},
        {"path": ["Home", "Garden", "Roses"], "value_type": "categorical", "values": ["red", "white"]},
    )
]  # fmt: skip


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    return imported(RECORDS)


@pytest.fixture
def people(api: DeepPersona, taxonomy: str, population: str, tree: Tree) -> int:  # noqa: ARG001
    """People of the test's own taxonomy."""
    return sum(1 for _ in api.generate(6, population=population, seed=4, taxonomy=taxonomy, depth=8))


@pytest.fixture
def look(taxonomy: str, tree: Tree, graph: Graph, driver: Driver) -> Look:  # noqa: ARG001
    """All that an undone edit must give back: nodes with every property, vectors included, and edges."""
    queries = {
        "nodes": "MATCH (n:Attribute|Value {taxonomy: $t}) RETURN labels(n) AS kind, properties(n) AS p",
        "edges": "MATCH (a:Attribute|Value|Exchange {taxonomy: $t})-[r]->(b) "
        "RETURN a.id, type(r), b.id, properties(r) AS p",
        "held": "MATCH (p:Persona)-[r:HAS]->(a:Attribute {taxonomy: $t}) "
        "RETURN p.id, p.depth, p.taxonomy_version, a.id, properties(r) AS p",
    }

    def run() -> dict[str, list[str]]:
        return {
            what: sorted(
                json.dumps(row.data(), sort_keys=True, default=str)
                for row in driver.execute_query(query, t=taxonomy, database_=graph.database).records
            )
            for what, query in queries.items()
        }

    return run


EDITS: dict[str, Callable[[DeepPersona, str], Edit]] = {
    "add": lambda api, t: api.add(
        "Bread", under="Food", space=Space(values=(("rye", 70.0), ("wheat", None))), taxonomy=t),
    "add bare": lambda api, t: api.add("Ritual", under="Drinks", taxonomy=t),
    "add a root": lambda api, t: api.add("Faith in Fate", taxonomy=t),
    "rename": lambda api, t: api.rename("Drinks", "Beverages", taxonomy=t),
    "rename a leaf": lambda api, t: api.rename("Diet", "Way of Eating", taxonomy=t),
    "move": lambda api, t: api.move("Drinks", "Home", taxonomy=t),
    "move to the roots": lambda api, t: api.move("Garden", None, taxonomy=t),
    "merge": lambda api, t: api.merge("Tea", ["Brew"], name="Hot Drinks", taxonomy=t),
    "merge across branches": lambda api, t: api.merge("Diet", ["Dinner", "Garden"], taxonomy=t),
    "split": lambda api, t: api.split("Pet", [("Furry Pet", ["dog", "cat"])], taxonomy=t),
    "split all, below": lambda api, t: api.split(
        "Garden", [("Low", ["small"]), ("High", ["large"])], below=True, taxonomy=t),
    "split a list": lambda api, t: api.split("Tea", [("Herbal Tea", ["mint"])], taxonomy=t),
    "retire": lambda api, t: api.retire(["Drinks", "Garden"], taxonomy=t),
    "describe": lambda api, t: api.describe(
        "Dinner",
        Space("What is eaten at night", add=(("pie", 5.0),), drop=("soup",), rename=(("salad", "Salads"),)),
        taxonomy=t),
    "describe anew": lambda api, t: api.describe(
        "Diet", Space(values=(("vegan", 5.0), ("paleo", None))), taxonomy=t),
    "another type": lambda api, t: api.describe(
        "Garden", Space(value_type="number", minimum=0, maximum=9, unit="m"), taxonomy=t),
    "numbers": lambda api, t: api.describe("Meat Days", Space(maximum=6, typical=(1, 3)), taxonomy=t),
    "excludes": lambda api, t: api.constrain("Pet=dog", "excludes", ["Garden=small"], taxonomy=t),
    "excludes all": lambda api, t: api.constrain("Pet=none", "excludes", ["Roses"], taxonomy=t),
    "a bound": lambda api, t: api.constrain("Diet=mixed", "excludes", ["Meat Days>=5"], taxonomy=t),
    "requires": lambda api, t: api.constrain(
        "Roses", "requires", ["Garden=small", "Garden=large"], taxonomy=t),
    "an age": lambda api, t: api.constrain("Pet=dog", "requires", ["Age>=18"], taxonomy=t),
    "implies": lambda api, t: api.constrain("Diet=vegan", "implies", ["Dinner=salad"], taxonomy=t),
    "constrain no more": lambda api, t: api.constrain(
        "Diet=vegan", "excludes", ["Dinner=steak"], remove=True, taxonomy=t),
    "bias": lambda api, t: api.bias("Drinks", 3, taxonomy=t),
}  # fmt: skip


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("name", EDITS)
def test_an_edit_undone_is_the_identical_graph(
    api: DeepPersona, taxonomy: str, look: Look, name: str
) -> None:
    before = look()
    done = EDITS[name](api, taxonomy)
    after = look()
    assert (done.version, done.dry) == (2, False)
    assert after != before
    assert done.changes
    back = api.undo(taxonomy=taxonomy)
    assert (back.version, look()) == (3, before)
    again = api.undo(3, taxonomy=taxonomy)
    assert (again.version, look()) == (4, after)


@pytest.mark.usefixtures("people")
def test_a_tried_edit_tells_the_same_and_changes_nothing(api: DeepPersona, taxonomy: str, look: Look) -> None:
    before = look()
    tried = api.merge("Tea", ["Brew"], name="Hot Drinks", taxonomy=taxonomy, dry=True)
    assert look() == before
    assert api.tree(taxonomy).version == 1
    done = api.merge("Tea", ["Brew"], name="Hot Drinks", taxonomy=taxonomy)
    assert replace(tried, dry=False, personas=done.personas, edges=done.edges) == done
    assert tried.personas > 0


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(names=st.lists(st.sampled_from(sorted(EDITS)), min_size=2, max_size=5))
@pytest.mark.usefixtures("people")
def test_edits_in_any_order_undone_in_reverse_are_the_identical_graph(
    api: DeepPersona, taxonomy: str, look: Look, names: list[str]
) -> None:
    states = [look()]
    for name in names:
        try:
            EDITS[name](api, taxonomy)
        except InputError:  # what an earlier edit took away
            continue
        states.append(look())
    while len(states) > 1:
        states.pop()
        api.undo(taxonomy=taxonomy)
        assert look() == states[-1]
