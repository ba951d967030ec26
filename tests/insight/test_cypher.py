"""What of the Cypher that people type may run, by its plan."""

from __future__ import annotations

from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import DeepPersonaError, InputError
from deeppersona_graph.graph.asking import Plan, Step
from deeppersona_graph.graph.values import Node, Point, Relationship, Route
from deeppersona_graph.insight.cypher import _checking
from deeppersona_graph.insight.cypher_values import as_json, brief

live = pytest.mark.live

REFUSED = {
    "LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row": "beyond the graph",
    "RETURN collect { LOAD CSV FROM 'https://example.org' AS row RETURN row } AS rows": "beyond the graph",
    "RETURN 1 AS x UNION LOAD CSV FROM 'x' AS x RETURN x": "beyond the graph",
    "SHOW TRANSACTIONS": "other people's transactions",
    "SHOW TRANSACTIONS YIELD transactionId AS id TERMINATE TRANSACTIONS id YIELD message RETURN message":
        "transactions",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1'": "ends transactions",
    "MATCH (p:Persona) CALL (p) { RETURN 1 AS x } IN TRANSACTIONS RETURN x": "transactions of its own",
    "MATCH (p:Persona) CALL (p) { SET p.x = 1 } IN TRANSACTIONS": "transactions of its own",
    "SHOW SETTINGS": "looks at the server",
    "SHOW USERS": "administers the server",
    "SHOW DATABASES": "administers the server",
    "CREATE USER ann SET PASSWORD 'test-password'": "administers the server",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'": "administers the server",
    "CREATE INDEX test_asking FOR (n:TestAsking) ON (n.x)": "about the schema",
    "DROP INDEX persona_name": "about the schema",
    "CALL db.clearQueryCaches()": "calls db.clearQueryCaches,",
    "CALL dbms.killConnection('bolt-1')": "calls dbms.killConnection,",
    "CALL dbms.listConfig() YIELD name RETURN name": "calls dbms.listConfig,",
    "RETURN EXISTS { CALL dbms.listConnections() YIELD connectionId RETURN connectionId } AS x":
        "calls dbms.listConnections,",
    "CALL db.stats.collect('QUERIES')": "calls db.stats.collect,",
    "CALL tx.setMetaData({mark: 'x'})": "calls tx.setMetaData,",
}  # fmt: skip
"""Refused with leave to write, too."""

WRITES = [
    "CREATE (:TestAsking)",
    "MATCH (p:Persona) SET p.name = 'x' RETURN p",
    "MATCH (p:Persona) DETACH DELETE p",
    "MERGE (:TestAsking {a: 1})",
    "MATCH (p:Persona) REMOVE p.name",
    "FOREACH (x IN [1] | CREATE (:TestAsking))",
    "MATCH (p:Persona) CALL db.create.setNodeVectorProperty(p, 'embedding', [1.0]) RETURN 1 AS x",
    "CALL db.createLabel('TestAsking')",
    "PROFILE CREATE (:TestAsking)",
    "RETURN COUNT { MATCH (n:Persona) RETURN n } AS n UNION CREATE (x:TestAsking) RETURN 1 AS n",
]


@live
@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
@pytest.mark.parametrize("text", REFUSED)
def test_what_reaches_beyond_the_graph_is_refused(api: DeepPersona, text: str, write: bool) -> None:
    ask: Any = api.write_cypher if write else api.cypher
    with pytest.raises(InputError, match="refused, and nothing was changed") as refused:
        ask(text)
    assert REFUSED[text] in str(refused.value)


@live
@pytest.mark.parametrize("text", WRITES)
def test_a_write_without_leave_is_refused_and_changes_nothing(api: DeepPersona, text: str) -> None:
    before = api.graph.moment()
    with pytest.raises(InputError, match=r"refused, and nothing was changed: .*give --write to let it"):
        api.cypher(text)
    assert api.graph.moment() == before


@live
@pytest.mark.parametrize(
    "text",
    [
        "CALL db.labels()",
        "CALL db.index.fulltext.listAvailableAnalyzers() YIELD analyzer RETURN analyzer",
        "SHOW INDEXES YIELD name RETURN name",
        "SHOW CONSTRAINTS",
        "USE neo4j RETURN 1 AS one;",
        "CYPHER 5 RETURN 'CREATE (n) DELETE n LOAD CSV SET' AS words",
        "MATCH (a:Attribute {taxonomy: 'human'}) RETURN a.name AS `SHOW TRANSACTIONS` LIMIT 1",
    ],
)
def test_what_only_reads_is_let_through_whatever_words_it_has(api: DeepPersona, text: str) -> None:
    if text.startswith("USE") and api.graph.database != "neo4j":
        pytest.skip("the tests use another database")
    assert api.cypher(text).rows


@live
@pytest.mark.parametrize("text", ["EXPLAIN {}", "explain {}", "// EXPLAIN\n /* x */ EXPLAIN {}"])
def test_a_query_that_is_explained_is_not_run(api: DeepPersona, text: str) -> None:
    answer = api.cypher(text.format("MATCH (p:Persona) DETACH DELETE p"))
    assert answer.plan is not None
    assert (answer.plan.kind, answer.rows) == ("w", ())
    assert "DetachDelete" in {step.operator for step in answer.plan.root.walk()}


@live
def test_a_profile_counts_what_was_read(api: DeepPersona) -> None:
    answer = api.cypher("PROFILE UNWIND range(1, 7) AS x RETURN x")
    assert answer.plan is not None
    assert answer.plan.root.rows == 7


@live
def test_lists_beyond_the_servers_memory_are_refused_in_a_line(api: DeepPersona) -> None:
    text = (
        "UNWIND range(1, 60) AS x UNWIND range(1, 1000000) AS y RETURN collect([x, y, [x], [y], [x, y]]) AS n"
    )
    with pytest.raises(DeepPersonaError, match=r"more memory than the server|its limit of") as refused:
        api.cypher(text, timeout=20)
    assert "\n" not in str(refused.value)


@live
@pytest.mark.parametrize(("name", "value"), [("limit", 0), ("timeout", -1.0), ("megabytes", 0.0)])
def test_a_limit_of_nothing_is_refused(api: DeepPersona, name: str, value: float) -> None:
    limit: Any = {name: value}
    with pytest.raises(InputError, match=f"^{name} .*expected a number above 0"):
        api.cypher("RETURN 1", **limit)


@live
def test_an_empty_query_is_refused(api: DeepPersona) -> None:
    with pytest.raises(InputError, match="the query is empty"):
        api.cypher(" \n")


def plan(operator: str, details: str = "", database: str = "neo4j", kind: str = "r") -> Plan:
    return Plan(kind, Step("ProduceResults", database, "", None, None, None, (
        Step(operator, database, details, None, None, None, ()),)))  # fmt: skip


def test_functions_of_plug_ins_are_refused_but_not_their_names_in_a_text() -> None:
    check = _checking("neo4j", frozenset({"genai.vector.encode"}), False)
    check(plan("Projection", "'genai.vector.encode(1)' AS x"))
    check(plan("Projection", "my.genai.vector.encode(x) AS x"))
    with pytest.raises(InputError, match=r"uses genai\.vector\.encode"):
        check(plan("Projection", "genai.vector.encode($autostring_0) AS x"))


def test_another_database_is_refused() -> None:
    with pytest.raises(InputError, match="asks another database, other"):
        _checking("neo4j", frozenset(), False)(plan("AllNodesScan", "n", "other"))


def test_json_loses_nothing() -> None:
    one, two = Node("4:a", ("A", "B"), {"labels": 1}), Node("4:b", (), {})
    edge = Relationship("5:a", "R", "4:a", "4:b", {"x": float("nan")})
    node = {"element_id": "4:a", "labels": ["A", "B"], "properties": {"labels": 1}}
    shown = {"element_id": "5:a", "type": "R", "start": "4:a", "end": "4:b", "properties": {"x": "NaN"}}
    assert as_json(one) == node
    assert as_json(Route((one, two), (edge,))) == {
        "nodes": [node, {"element_id": "4:b", "labels": [], "properties": {}}],
        "relationships": [shown],
    }
    assert as_json([b"\x00\x01", float("-inf"), Point(4326, (1.0, 2.0)), {"a": None}]) == [
        {"base64": "AAE="}, "-Infinity", {"srid": 4326, "coordinates": [1.0, 2.0]}, {"a": None},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        ("plain text", "plain text"),
        ([0.25] * 384, "[0.25, 0.25, 0.25, … 384 numbers]"),
        (Node("1", ("Persona",), {"age": 4, "embedding": [0.5] * 30, "name": "Ann"}),
         "(:Persona {name: 'Ann', age: 4, embedding: [0.5, 0.5, 0.5, … 30 numbers]})"),
        (Route((Node("1", ("P",), {"name": "Ann"}), Node("2", ("A",), {})),
               (Relationship("3", "HAS", "2", "1", {}),)), "(:P Ann)<-[:HAS]-(:A)"),
        (b"abc", "3 bytes"),
        ("x" * 1000, "x" * 399 + "…"),
    ],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_a_cell_is_brief(value: Any, text: str) -> None:
    assert brief(value) == text
