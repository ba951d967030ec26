"""No question about who shares what looks through all people, or all attributes, of all the server holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from insight_crowd import FIRST, SECOND, Crowd
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.connection import Graph, Row
from deeppersona_graph.graph.statements import statement

pytestmark = pytest.mark.live

SCANS = ("AllNodesScan", "NodeByLabelScan", "RelationshipTypeScan", "AllRelationshipsScan")

QUESTIONS: Mapping[str, Callable[[DeepPersona, Crowd], object]] = {
    "shared": lambda api, crowd: api.shared([one.id for one in crowd.people[FIRST][:3]]),
    "groups": lambda api, _: api.groups(FIRST, 3, 3),
    "having": lambda api, crowd: api.having(
        ["Diet = vegan", "not Age > 40", 'Music or ~"a room"'], taxonomy=crowd.tree.name, like=0.3
    ),
    "having of a population": lambda api, _: api.having(["Cups < 5 or not Music"], population=SECOND),
    "having an open value": lambda api, crowd: api.having(
        [f'City = "{crowd.everybody[0].situation.city}"'], taxonomy=crowd.tree.name
    ),
    "nearest by attributes": lambda api, crowd: api.nearest(crowd.people[FIRST][0].id, population=SECOND),
    "nearest by embedding": lambda api, crowd: api.nearest(crowd.people[FIRST][0].id, by="embedding"),
    "compare": lambda api, _: api.compare(FIRST, SECOND),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_scans_nothing(
    api: DeepPersona, crowd: Crowd, driver: Driver, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    asked: dict[str, Mapping[str, Any]] = {}
    read = Graph.read

    def noting(graph: Graph, name: str, /, **params: Any) -> list[Row]:
        asked[name] = params
        return read(graph, name, **params)

    api.__dict__.pop("_remembered", None)
    monkeypatch.setattr(Graph, "read", noting)
    QUESTIONS[question](api, crowd)
    ours = {name: params for name, params in asked.items() if name.startswith("insight/")}
    assert ours
    for name, params in ours.items():
        text = statement(name).text.replace("CYPHER 5\n", "CYPHER 5 PROFILE\n", 1)
        plan = driver.execute_query(text, dict(params), database_=api.graph.database).summary.profile
        assert plan is not None
        assert not [one for one in operators(plan) if one.startswith(SCANS)], name


def operators(plan: Mapping[str, Any]) -> Iterator[str]:
    """The operators of a plan, without the name of the planner."""
    yield str(plan["operatorType"]).partition("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)
