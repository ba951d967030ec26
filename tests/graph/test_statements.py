"""Every statement of the product keeps its contract, on paper and before a real server."""

from __future__ import annotations

import pytest
from neo4j import Driver

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.statements import Statement, StatementError, parse, statement, statements

ALL = list(statements())
HEADER = "// What it does.\n// access: read\n// params: name\n// returns: found\n"


def test_there_are_statements_for_every_topic() -> None:
    assert {one.name.split("/")[0] for one in ALL} == {
        "insight",
        "interop",
        "log",
        "mining",
        "personas",
        "record",
        "schema",
        "server",
        "taxonomy",
    }


@pytest.mark.live
@pytest.mark.parametrize("one", [s for s in ALL if s.access != "schema"], ids=lambda s: s.name)
def test_a_statement_compiles_and_returns_what_it_declares(driver: Driver, one: Statement) -> None:
    text = one.text.replace("CYPHER 5\n", "CYPHER 5 EXPLAIN\n", 1)
    assert tuple(driver.execute_query(text, dict.fromkeys(one.params)).keys) == one.returns


def test_an_undeclared_parameter_is_refused() -> None:
    with pytest.raises(StatementError, match="uses \\['other'\\] undeclared"):
        parse("topic/file", HEADER + "CYPHER 5\nMATCH (n {name: $name, x: $other}) RETURN n AS found")


def test_an_unused_parameter_is_refused() -> None:
    with pytest.raises(StatementError, match="declares \\['name'\\] without use"):
        parse("topic/file", HEADER + "CYPHER 5\nMATCH (n) RETURN n AS found")


def test_a_dollar_in_text_or_comment_is_no_parameter() -> None:
    source = HEADER + "CYPHER 5\n// about $money\nMATCH (n {name: $name}) WHERE n.x <> '$y' RETURN n AS found"
    assert parse("topic/file", source).params == {"name"}


@pytest.mark.parametrize("line", ["access: read", "params: name", "returns: found"])
def test_a_header_that_lacks_a_line_is_refused(line: str) -> None:
    source = HEADER.replace(f"// {line}\n", "") + "CYPHER 5\nMATCH (n {name: $name}) RETURN n AS found"
    with pytest.raises(StatementError, match=f"lacks {line.split(':')[0]}"):
        parse("topic/file", source)


def test_an_unknown_statement_is_refused() -> None:
    with pytest.raises(StatementError, match="no statement 'personas/nothing'"):
        statement("personas/nothing")


@pytest.mark.live
def test_wrong_parameters_are_refused_before_they_are_sent(graph: Graph) -> None:
    with pytest.raises(StatementError, match="takes \\['taxonomy'\\], was given \\['name'\\]"):
        graph.read("taxonomy/state", name="x")
