"""`deeppersona query cypher | schema` as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live

Command = Callable[..., Any]

LINES = [
    json.dumps({"path": ["Own [i]root[/i]", f"N{n}"], "value_type": "ordinal", "values": ["[x]", "[/y]"]})
    for n in range(3)
]


@pytest.fixture
def ask(run: Command, server: tuple[str, ...]) -> Command:
    """Runs `deeppersona query cypher …` in this process, on the server of the tests."""
    return lambda *arguments: run("query", "cypher", *arguments, *server, COLUMNS="200")


@pytest.fixture
def by_hand(driver: Driver, api: DeepPersona) -> Iterator[Callable[..., list[Any]]]:
    """Runs Cypher through a plain driver; what tests made is removed afterwards."""

    def look(text: str, **parameters: Any) -> list[Any]:
        return [
            tuple(row.values())
            for row in driver.execute_query(text, parameters, database_=api.graph.database).records
        ]

    yield look
    look("MATCH (n:TestQuery) DETACH DELETE n")


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    """A tiny tree of the test's own."""
    return imported(LINES)


def test_rows_come_as_a_table_with_names_as_they_are(ask: Command, tree: Tree) -> None:
    ended = ask(
        "MATCH (a:Attribute {taxonomy: $taxonomy}) WHERE a.core IS NULL AND a.depth = 2 "
        "AND a.path[0] STARTS WITH 'Own' RETURN a.name AS name, a.path AS path, a ORDER BY name",
        "--param", f"taxonomy={tree.name}",
    )  # fmt: skip
    assert ended.code == 0
    assert "Own [i]root[/i]" in ended.out
    assert "(:Attribute {id: " in ended.out
    assert "3 rows in" in ended.err


def test_rows_come_as_json(ask: Command) -> None:
    text = (
        "UNWIND [1, 2] AS x RETURN x, $who AS who, $many AS many, date('2024-05-06') AS day, 0.0 / 0 AS none"
    )
    ended = ask(text, "--param", "who=Ann Lee", "--param", 'many={"a": [1, null]}', "--json")
    assert (ended.code, ended.err) == (0, "")
    rest = {"who": "Ann Lee", "many": {"a": [1, None]}, "day": "2024-05-06", "none": "NaN"}
    assert ended.data == [{"x": 1, **rest}, {"x": 2, **rest}]


def test_more_rows_than_the_limit_are_announced_beside_the_json(ask: Command) -> None:
    ended = ask("UNWIND range(1, 1000000000) AS x RETURN x", "--limit", "2", "--json")
    assert ended.data == [{"x": 1}, {"x": 2}]
    assert ended.err == (
        "only the first 2 rows are here, there are more; --limit and --megabytes say how many\n"
    )


def test_a_write_is_refused_and_changes_nothing(ask: Command, by_hand: Command) -> None:
    ended = ask("CREATE (:TestQuery)")
    assert ended.code == 2
    assert ended.refusal == (
        "refused, and nothing was changed: the query writes (Create); give --write to let it"
    )
    assert by_hand("MATCH (n:TestQuery) RETURN n") == []


def test_a_query_that_would_run_for_minutes_is_stopped(ask: Command) -> None:
    ended = ask("UNWIND range(1, 2000000000) AS x RETURN max(x) AS most", "--timeout", "0.5")
    assert ended.code == 1
    assert ended.refusal.startswith("the query ran into its limit of 0.5 s and was stopped")


def test_a_fault_in_the_query_shows_its_place(ask: Command) -> None:
    ended = ask("MATCH (p:Persona)\nRETURN q.name")
    assert ended.code == 2
    assert ended.refusal == "the query cannot be run: line 2, column 8: Variable `q` not defined"


@pytest.mark.parametrize("given", ["age", "=4", "a=1|a=2"])
def test_a_parameter_without_name_or_value_is_refused(ask: Command, given: str) -> None:
    flags = [word for one in given.split("|") for word in ("--param", one)]
    ended = ask("RETURN 1", *flags)
    assert ended.code == 2
    assert ended.refusal.endswith("such as --param age=40")


def test_a_write_is_taken_in(ask: Command, tree: Tree, api: DeepPersona) -> None:
    ended = ask(
        "MATCH (a:Attribute {taxonomy: $taxonomy, name: 'Own [i]root[/i]'}) "
        "CREATE (a)-[:HAS_CHILD]->(n:Attribute {name: 'Tea Ritual'}) RETURN n.name AS made",
        "--param", f"taxonomy={tree.name}", "--write", "--json",
    )  # fmt: skip
    assert ended.code == 0
    assert ended.data["rows"] == [{"made": "Tea Ritual"}]
    assert ended.data["counters"]["nodes_created"] == 1
    assert ended.data["sync"][tree.name]["added"] == [["Own [i]root[/i]", "Tea Ritual"]]
    assert f"taxonomy {tree.name}: edited by hand: 1 added" in ended.err
    (made,) = (one for one in api.tree(tree.name).attributes if one.name == "Tea Ritual")
    assert made.generic


def test_a_write_that_leaves_no_tree_says_how_to_go_back(ask: Command, tree: Tree, by_hand: Command) -> None:
    ended = ask(
        "MATCH (a:Attribute {taxonomy: $taxonomy, name: 'N0'}) "
        "MATCH (b:Attribute {taxonomy: $taxonomy, name: 'N1'}) CREATE (a)-[:HAS_CHILD]->(b)",
        "--param", f"taxonomy={tree.name}", "--write",
    )  # fmt: skip
    assert ended.code == 2
    assert ended.refusal.startswith(
        f"the write is done, but the taxonomy '{tree.name}' is no tree any more: "
    )
    assert "N1" in ended.refusal
    assert f"deeppersona taxonomy undo --by-hand --taxonomy {tree.name}" in ended.refusal
    assert by_hand(
        "MATCH (a:Attribute {taxonomy: $name, name: 'N0'})-[:HAS_CHILD]->(b) RETURN b.name", name=tree.name
    ) == [("N1",)]


def test_a_write_that_fails_half_way_leaves_nothing(ask: Command, by_hand: Command) -> None:
    ended = ask("UNWIND [2, 1, 0] AS x CREATE (:TestQuery {x: 1 / x})", "--write")
    assert ended.code == 2
    assert ended.refusal == "the query cannot be run; nothing was changed: / by zero"
    assert by_hand("MATCH (n:TestQuery) RETURN n") == []


def test_explain_shows_the_plan(ask: Command) -> None:
    ended = ask("EXPLAIN MATCH (p:Population {name: 'x'}) RETURN p.seed")
    assert (ended.code, ended.err) == (0, "")
    assert "NodeUniqueIndexSeek" in ended.out
    plan = ask("PROFILE UNWIND [1, 2] AS x RETURN x", "--json").data
    assert (plan["kind"], plan["plan"]["operator"], plan["plan"]["rows"]) == ("r", "ProduceResults", 2)


def test_the_schema_is_shown_and_given_as_json(run: Command, server: tuple[str, ...]) -> None:
    ended = run("query", "schema", *server, COLUMNS="200")
    assert (ended.code, ended.err) == (0, "")
    for text in (
        "(:Persona)  ",
        "    narrative: STRING  the self-portrait",
        "(:Persona)-[:HAS]->(:Attribute)  ",
        "unique  Persona(id)",
    ):
        assert text in ended.out
    found = run("query", "schema", "--json", *server).data
    assert {one["name"] for one in found["labels"]} >= {"Persona", "Attribute", "Value", "Taxonomy"}
    assert set(found) == {"labels", "relationships", "indexes"}
