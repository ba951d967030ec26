"""Personas out of the graph into files, and runs that are cut off: what is there is whole."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.jars import ensure_jars
from deeppersona_graph.graph.server_files import server_folder
from deeppersona_graph.graph.server_process import processes_of
from deeppersona_graph.model.persona import Persona, shown_value
from deeppersona_graph.model.tree import Tree, shown
from deeppersona_graph.personas.records import COLUMNS
from deeppersona_graph.settings import Settings, load_settings

pytestmark = pytest.mark.live

Cypher = Callable[..., list[dict[str, Any]]]
COMMAND = [sys.executable, "-c", "from deeppersona_graph.cli.main import main; main()", "generate"]
PEOPLE = 200
"""Enough for several batches, so that a run can be cut off between the first and the last."""


@pytest.fixture
def people(api: DeepPersona, small: Tree, population: str) -> list[Persona]:
    """Three people; one given text looks like markup, CSV and JSON at once."""
    anchors = ['Feeding=a,"b"; [red]c[/]\n{d}', "Feared=mice", "Feared=spiders", "Night Pay=3.25"]
    wanted: dict[str, Any] = {"taxonomy": small.name, "depth": 14, "seed": 6, "anchors": anchors}
    return list(api.generate(3, population=population, **wanted))


def test_jsonl_has_a_line_for_each_with_everything(
    api: DeepPersona, people: list[Persona], population: str, tmp_path: Path
) -> None:
    assert api.export(population, tmp_path / "p.jsonl") == 3
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text("utf-8").splitlines()]
    for line, person in zip(lines, people, strict=True):
        assert (line["id"], line["index"], line["seed"]) == (person.id, person.index, 6)
        assert line["situation"]["name"] == person.situation.name
        assert line["inner_core"]["stories"] == list(person.inner.stories)
        assert line["narrative"] == person.narrative
        found = [(tuple(one["path"]), one["value"], one["order"]) for one in line["attributes"]]
        assert found == [
            (t.path, list(t.value) if isinstance(t.value, tuple) else t.value, t.order) for t in person.traits
        ]
        assert {one["attribute"] for one in line["core"]} == {t.attribute for t in person.core}


def test_json_has_the_shape_of_figure_7(
    api: DeepPersona, people: list[Persona], population: str, tmp_path: Path
) -> None:
    assert api.export(population, tmp_path / "p.json") == 3
    for line, person in zip(json.loads((tmp_path / "p.json").read_text("utf-8")), people, strict=True):
        own = person.situation
        assert line["age_info"]["age"] == own.age
        assert line["location"] == {"country": own.country_name, "city": own.city}
        assert line["personal_story"]["key_life_events"] == list(person.inner.stories)
        assert line["interests"]["interests"] == list(person.inner.interests)
        assert line["attributes"]["Animals"]["Keeping"]["Feeding"] == 'a,"b"; [red]c[/]\n{d}'
        assert line["attributes"]["Animals"]["Feared"] == ["spiders", "mice"]
        assert line["attributes"]["Work"]["Night Pay"] == 3.25
        assert line["attributes"]["Demographic Information"]["Age and Life Stage"]["Age"] == own.age


def long_rows(people: Sequence[Persona]) -> list[tuple[str, str, str, str]]:
    return [
        (person.id, shown(one.path), shown_value(one.value), one.stratum or "")
        for person in people
        for one in (*person.core, *person.traits)
    ]


def test_csv_and_parquet_have_a_row_for_each_attribute(
    api: DeepPersona, people: list[Persona], population: str, tmp_path: Path
) -> None:
    assert api.export(population, tmp_path / "p.csv") == api.export(population, tmp_path / "p.parquet") == 3
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(r["persona"], r["path"], r["value"], r["stratum"]) for r in rows] == long_rows(people)
    table = pq.read_table(tmp_path / "p.parquet")
    assert tuple(table.column_names) == COLUMNS
    found = [(r["persona"], r["path"], r["value"], r["stratum"] or "") for r in table.to_pylist()]
    assert found == long_rows(people)
    assert [row["order"] for row in table.to_pylist() if row["order"]] == list(range(1, 15)) * 3


def test_an_export_that_cannot_be_written_leaves_what_was_there(
    api: DeepPersona, people: list[Persona], population: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"cannot write .*choose another file or make its folder"):
        api.export(population, tmp_path / "no" / "folder" / "p.jsonl")
    with pytest.raises(
        InputError, match=r"ends in '\.txt'; expected one of \.jsonl, \.json, \.csv, \.parquet"
    ):
        api.export(population, tmp_path / "p.txt")
    with pytest.raises(InputError, match="ends in 'nothing'"):
        api.export(population, tmp_path / "p")
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        api.export(population, tmp_path / "folder.jsonl")
    (tmp_path / "kept.jsonl").write_text("kept")
    with pytest.raises(UnknownNameError, match=f"nearest: '{population}'"):
        api.export(population + "x", tmp_path / "kept.jsonl")
    assert (tmp_path / "kept.jsonl").read_text() == "kept"
    assert {path.name for path in tmp_path.iterdir()} == {"tree.jsonl", "folder.jsonl", "kept.jsonl"}
    assert people


def test_an_export_takes_the_place_of_the_file_that_was_there(
    api: DeepPersona, people: list[Persona], population: str, tmp_path: Path
) -> None:
    target = tmp_path / "p.JSONL"
    target.write_text("old\n" * 1000)
    assert api.export(population, target) == len(people)
    assert "old\n" not in target.read_text("utf-8")
    assert api.export(population, tmp_path / "other.txt", "csv") == 3


def test_an_empty_population_is_exported_empty(
    api: DeepPersona, people: list[Persona], population: str, tmp_path: Path
) -> None:
    assert api.delete(personas=[person.id for person in people]) == 3
    assert [
        api.export(population, tmp_path / f"p.{form}") for form in ("jsonl", "json", "csv", "parquet")
    ] == [0] * 4
    assert json.loads((tmp_path / "p.json").read_text()) == []
    assert pq.read_table(tmp_path / "p.parquet").num_rows == 0


def test_deleting_a_population_leaves_no_trace(
    api: DeepPersona, people: list[Persona], population: str, cypher: Cypher
) -> None:
    assert api.delete(population=population) == len(people)
    left = cypher(
        "MATCH (n) WHERE n.population = $p OR (n:Population AND n.name = $p) RETURN n", p=population
    )
    assert left == []


def test_unknown_and_ambiguous_people_are_told(
    api: DeepPersona, people: list[Persona], small: Tree, population: str
) -> None:
    with pytest.raises(UnknownNameError, match="no persona is called 'Nobody At All'"):
        api.persona("Nobody At All")
    with pytest.raises(UnknownNameError):
        api.persona("")
    near = people[0].situation.name[:-1] + "§"
    with pytest.raises(UnknownNameError, match="nearest: "):
        api.persona(near)
    before = list(api.personas(population))
    with pytest.raises(UnknownNameError):
        api.delete(personas=[people[0].id, "Nobody At All"])
    assert list(api.personas(population)) == before
    other = population + "-twins"
    list(api.generate(2, population=other, taxonomy=small.name, depth=5, seed=1, anchors=["name=Ann Twin"]))
    try:
        with pytest.raises(InputError, match="'Ann Twin' stands for 2 personas"):
            api.persona("Ann Twin")
    finally:
        api.delete(population=other)


def begun(arguments: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for_people(graph: Graph, population: str, process: subprocess.Popen[str]) -> None:
    """Until the first batch is stored; the run has not ended by then."""
    deadline = time.monotonic() + 120
    while not graph.read("personas/ids", population=population, below=None):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def told(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    """Exit code, and what was said, announcements aside."""
    _, err = process.communicate(timeout=240)
    announced = ("values from the bank", "private Neo4j server", "deeppersona server stop")
    said = [line for line in err.splitlines() if not any(part in line for part in announced)]
    return process.returncode, said


def whole(cypher_rows: list[dict[str, Any]]) -> bool:
    return all(row["has"] == 12 and row["core"] >= 17 for row in cypher_rows)


WHOLE = (
    "MATCH (x:Persona {population: $p}) RETURN COUNT { (x)-[h:HAS]->() WHERE h.order IS NOT NULL } AS has, "
    "COUNT { (x)-[h:HAS]->() WHERE h.order IS NULL } AS core"
)


def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(
    api: DeepPersona, small: Tree, population: str, settings: Settings, cypher: Cypher
) -> None:
    environment = {**os.environ, "DEEPPERSONA_DATA_DIR": str(settings.data_dir)}
    if settings.uri and settings.password:
        environment |= {"NEO4J_URI": settings.uri, "NEO4J_PASSWORD": settings.password.get_secret_value()}
    arguments = ["--population", population, "--taxonomy", small.name, "--seed", "3", "--depth", "12"]
    arguments += ["--count", str(PEOPLE), "--json"]
    process = begun(arguments, environment)
    wait_for_people(api.graph, population, process)
    process.send_signal(signal.SIGINT)
    code, said = told(process)
    assert code == 130
    assert said == [
        "stopping when the next person is finished; press Ctrl-C again to stop at once",
        "interrupted; what was finished is kept, and --seed 3 goes on with it",
    ]
    kept = list(api.personas(population))
    assert 50 <= len(kept) < PEOPLE
    assert whole(cypher(WHOLE, p=population))
    assert told(begun(arguments, environment)) == (0, [])
    assert [person.index for person in api.personas(population)] == list(range(PEOPLE))
    assert list(api.personas(population))[: len(kept)] == kept


def test_a_server_killed_in_the_middle_of_a_run_loses_nothing_and_the_run_goes_on(
    api: DeepPersona,
    small: Tree,
    population: str,
    cache_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NEO4J_URI", "NEO4J_PASSWORD", "NEO4J_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    data = tmp_path / "data"
    data.mkdir()
    (data / "jars").symlink_to(ensure_jars(load_settings(data_dir=cache_folder)).parent)
    (data / "embedding").symlink_to(cache_folder / "embedding")
    own = load_settings(data_dir=data)
    wanted: dict[str, Any] = {"population": population, "taxonomy": small.name, "depth": 12, "seed": 3}
    arguments = [f"--{key}={value}" for key, value in wanted.items()]
    arguments += ["--count", str(PEOPLE), "--data-dir", str(data), "--json"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NEO4J_")}
    try:
        with DeepPersona(own) as mine:
            mine.import_taxonomy(tmp_path / "tree.jsonl", small.name)
            process = begun(arguments, environment)
            wait_for_people(mine.graph, population, process)
        record = server_folder(own).read()
        assert record is not None
        assert record.pid is not None
        psutil.Process(record.pid).kill()
        code, said = told(process)
        assert code == 1
        assert len(said) == 1
        assert "went away; what was finished is kept, run the same command again" in said[0]
        assert told(begun(arguments, environment)) == (0, [])
        with DeepPersona(own) as mine:
            mine.export(population, tmp_path / "disturbed.jsonl")
    finally:
        for one in processes_of(server_folder(own)):
            one.kill()
            one.wait()
    assert len(list(api.generate(PEOPLE, **wanted))) == PEOPLE
    api.export(population, tmp_path / "undisturbed.jsonl")
    first, second = (tmp_path / f"{name}disturbed.jsonl" for name in ("", "un"))
    assert first.read_bytes() == second.read_bytes()
