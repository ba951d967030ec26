"""Cypher that people write themselves, with limits that hold here whatever the server does."""

from __future__ import annotations

import asyncio
import math
from time import perf_counter
from typing import Any

import pytest
from neo4j import Driver

from deeppersona_graph.errors import DeepPersonaError, InputError
from deeppersona_graph.graph.asking import Answer, Limits, Plan, ask
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.values import Node, Point, Relationship, Route

pytestmark = pytest.mark.live


def anything(plan: Plan) -> None:
    """A check that refuses nothing."""


def run(graph: Graph, text: str, *, write: bool = False, **limits: Any) -> Answer:
    parameters = limits.pop("parameters", {})
    return ask(graph, text, parameters, Limits(**limits), anything, write=write)


def test_values_come_as_plain_data(graph: Graph) -> None:
    (row,) = run(
        graph,
        "RETURN 1 AS i, 'é' AS s, [1, null, true] AS l, {a: {b: 1.5}} AS m, 0.0 / 0 AS nan, 1.0 / 0 AS inf, "
        "date('2024-02-29') AS d, duration('P1DT2S') AS u, datetime('2024-01-01T00:00:00.123456789Z') AS t, "
        "point({x: 1, y: 2}) AS p, $bytes AS b",
        parameters={"bytes": b"\x00\xff"},
    ).rows
    assert math.isnan(row["nan"])
    assert {key: value for key, value in row.items() if key != "nan"} == {
        "i": 1, "s": "é", "l": [1, None, True], "m": {"a": {"b": 1.5}}, "inf": math.inf, "d": "2024-02-29",
        "u": "P1DT2S", "t": "2024-01-01T00:00:00.123456789+00:00", "p": Point(7203, (1.0, 2.0)),
        "b": b"\x00\xff",
    }  # fmt: skip


def test_nodes_relationships_and_paths_come_as_plain_data(graph: Graph) -> None:
    (row,) = run(
        graph,
        "MATCH w = (p:Attribute {taxonomy: 'human', depth: 1})-[r:HAS_CHILD]->(c) RETURN p, r, c, w LIMIT 1",
    ).rows
    parent, edge, child, route = row["p"], row["r"], row["c"], row["w"]
    assert isinstance(parent, Node)
    assert isinstance(edge, Relationship)
    assert (parent.labels, parent.properties["path"]) == (("Attribute",), [parent.properties["name"]])
    assert (edge.type, edge.start, edge.end) == ("HAS_CHILD", parent.element_id, child.element_id)
    assert route == Route((parent, child), (edge,))


def test_rows_stop_at_the_limit_and_the_server_is_not_made_to_go_on(graph: Graph) -> None:
    began = perf_counter()
    answer = run(graph, "UNWIND range(1, 1000000000) AS x RETURN x", rows=5)
    assert [row["x"] for row in answer.rows] == [1, 2, 3, 4, 5]
    assert answer.left == "only the first 5 rows are here, there are more"
    assert perf_counter() - began < 5
    assert run(graph, "UNWIND range(1, 5) AS x RETURN x", rows=5).left is None


def test_rows_stop_at_the_budget_of_bytes(graph: Graph) -> None:
    answer = run(
        graph, "UNWIND range(1, 1000000) AS x RETURN 'abcdefghijkl' AS t", rows=10**6, megabytes=0.05
    )
    assert (
        answer.left == f"only the first {len(answer.rows):,} rows are here, the answer is larger than 0.05 MB"
    )
    assert 1000 < len(answer.rows) <= 50_000 / 13 + 1


def test_one_huge_value_is_not_taken(graph: Graph) -> None:
    with pytest.raises(DeepPersonaError, match=r"the first row of the answer is larger than 0\.2 MB"):
        run(graph, "RETURN range(1, 2000000) AS x", megabytes=0.2)


def test_what_the_server_cannot_break_off_is_let_go_at_the_limit(graph: Graph, driver: Driver) -> None:
    began = perf_counter()
    with pytest.raises(DeepPersonaError, match=r"its limit of 1 s and was (let go|stopped)"):
        run(graph, "RETURN reduce(sum = 0, x IN range(0, 500000000) | sum + x) AS n", seconds=1)
    assert perf_counter() - began < 8
    mine = "SHOW TRANSACTIONS YIELD currentQuery, status WHERE currentQuery STARTS WITH 'RETURN reduce'"
    left = driver.execute_query(mine, database_=graph.database).records
    assert all("Terminated" in row["status"] for row in left)


def test_a_query_that_the_server_can_break_off_is_stopped(graph: Graph, driver: Driver) -> None:
    with pytest.raises(DeepPersonaError, match=r"its limit of 0\.5 s and was stopped"):
        run(graph, "UNWIND range(1, 2000000000) AS x RETURN max(x) AS most", seconds=0.5)
    mine = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH 'UNWIND range(1, 2000000000)'"
    assert driver.execute_query(mine, database_=graph.database).records == []


def test_a_write_that_runs_into_its_limit_leaves_nothing(graph: Graph) -> None:
    with pytest.raises(DeepPersonaError, match="was stopped; nothing was changed"):
        run(graph, "UNWIND range(1, 50000000) AS x CREATE (:TestAsking)", write=True, seconds=0.5)
    assert run(graph, "MATCH (n:TestAsking) RETURN count(n) AS n").rows == ({"n": 0},)


def test_a_write_is_done_whole_though_few_rows_are_kept(graph: Graph, driver: Driver) -> None:
    try:
        answer = run(graph, "UNWIND range(1, 5000) AS x CREATE (n:TestAsking) RETURN x", write=True, rows=3)
        assert (len(answer.rows), answer.counters) == (3, {"labels_added": 5000, "nodes_created": 5000})
        assert run(graph, "MATCH (n:TestAsking) RETURN count(n) AS n").rows == ({"n": 5000},)
    finally:
        driver.execute_query("MATCH (n:TestAsking) DELETE n", database_=graph.database)


def test_the_server_itself_refuses_writes_without_leave(graph: Graph) -> None:
    with pytest.raises(InputError, match="nothing was changed; give --write"):
        run(graph, "CREATE (:TestAsking)")


def test_it_can_be_asked_from_asynchronous_code(graph: Graph) -> None:
    async def notebook() -> Answer:
        return run(graph, "RETURN 1 AS one")

    assert asyncio.run(notebook()).rows == ({"one": 1},)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MATCH (n)\nRETURN m", r"line 2, column 8: Variable `m` not defined"),
        ("RETURN foo(", r"line 1, column 11: Invalid input"),
        ("RETURN 1; RETURN 2", r"Expected exactly one statement per query but got: 2$"),
        ("RETURN $x", r"Expected parameter\(s\): x$"),
        ("RETURN 1 / 0", r"/ by zero$"),
        ("RETURN $big AS x", r"cannot be run"),
    ],
)
def test_what_is_wrong_with_a_query_is_said_in_one_line(graph: Graph, text: str, said: str) -> None:
    parameters = {"big": 2**70} if "big" in text else {}
    with pytest.raises(InputError, match=said) as refused:
        run(graph, text, parameters=parameters)
    assert "\n" not in str(refused.value)
