"""What the README shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.live


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_example_runs_twice(
    api: DeepPersona, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEEPPERSONA_DATA_DIR", str(settings.data_dir))
    if settings.uri and settings.password:
        monkeypatch.setenv("NEO4J_URI", settings.uri)
        monkeypatch.setenv("NEO4J_PASSWORD", settings.password.get_secret_value())
    (example,) = blocks("python")
    for _ in range(2):
        names: dict[str, object] = {}
        exec(example, names)
        run = names["run"]
    shown = capsys.readouterr().out
    assert "My name is" in shown or " is my name." in shown or "I am " in shown
    assert "200" in shown
    api.delete(population=run.population)  # type: ignore[attr-defined]


def test_the_edit_by_hand_is_taken_in(api: DeepPersona, driver: Driver) -> None:
    edit, _ = blocks("cypher")
    driver.execute_query(edit, database_=api.graph.database)
    try:
        report = api.sync("human")
        assert [path[-1] for path in report.added] == ["Afternoon Nap"]
    finally:
        driver.execute_query(
            "MATCH (a:Attribute {taxonomy: 'human', name: 'Afternoon Nap'}) "
            "OPTIONAL MATCH (a)-[:ADMITS]->(v) DETACH DELETE a, v",
            database_=api.graph.database,
        )
        api.sync("human")


def test_the_question_to_the_graph_has_an_answer(api: DeepPersona, driver: Driver, population: str) -> None:
    _, question = blocks("cypher")
    list(api.generate(5, seed=1, population=population))
    found = driver.execute_query(
        question.replace("'survey'", f"'{population}'"), database_=api.graph.database
    ).records
    assert len(found) == 4
    assert all(row["shared"] >= len(row["examples"]) > 0 for row in found)
