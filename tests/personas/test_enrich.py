"""Deep personas from files of biographies, in bank mode and with a model, on a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Endpoint, Reply, said
from model_endpoint import person_script, schema_name

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import InputError
from deeppersona_graph.generation import Generation
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas import runs
from deeppersona_graph.personas.records import record
from deeppersona_graph.settings import Settings

pytestmark = pytest.mark.live

Rows = list[dict[str, Any]]
Enrich = Callable[..., Generation]
Asking = Callable[..., DeepPersona]

HUB = Path(__file__).parents[3] / "shared" / "data" / "baselines" / "personahub_4000.jsonl"
DEPTH = 8
THERE = (
    "MATCH (:Population {name: $p})-[:CONTAINS]->(x:Persona) "
    "RETURN x.index AS index, x.origin AS origin, x.biography AS biography ORDER BY index"
)


def write(file: Path, *biographies: str) -> None:
    file.write_text("".join(json.dumps({"id": "x", "bio": one}) + "\n" for one in biographies))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bios.jsonl"


@pytest.fixture
def wanted(small: Tree, population: str) -> dict[str, Any]:
    return {"population": population, "taxonomy": small.name, "depth": DEPTH, "seed": 3}


@pytest.fixture
def enrich(api: DeepPersona, file: Path, wanted: dict[str, Any]) -> Enrich:
    """Opens a run in bank mode on the test's own file, tree and population."""
    return lambda **changes: api.enrich(
        changes.pop("file", file), **{**wanted, "biography_unread": True, **changes}
    )


def everybody(api: DeepPersona, population: str) -> list[dict[str, Any]]:
    """All of a population as records."""
    return [record(person) for person in api.personas(population)]


def test_each_biography_becomes_a_persona_that_names_its_line(
    enrich: Enrich, file: Path, population: str, cypher: Callable[..., Rows]
) -> None:
    file.write_text('{"bio": "Likes fog."}\n\n{broken\n{"bio": "Fears mice."}\n')
    run = enrich()
    assert (run.count, run.there, run.missing) == (4, 0, 4)
    assert {person.biography for person in run} == {"Likes fog.", "Fears mice."}
    assert cypher(THERE, p=population) == [
        {"index": 0, "origin": "bios.jsonl:1", "biography": "Likes fog."},
        {"index": 3, "origin": "bios.jsonl:4", "biography": "Fears mice."},
    ]
    assert (run.malformed.count, run.failed) == (1, [])
    assert run.malformed.first[0][0] == 3


def test_a_mended_line_is_taken_in_at_its_place(
    enrich: Enrich, file: Path, population: str, cypher: Callable[..., Rows]
) -> None:
    write(file, "One.", " ", "Three.")
    assert len(list(enrich())) == 2
    write(file, "One.", "Two.", "Three.")
    run = enrich()
    assert [(person.index, person.biography) for person in run] == [(1, "Two.")]
    assert run.malformed.count == 0
    assert [row["biography"] for row in cypher(THERE, p=population)] == ["One.", "Two.", "Three."]


def test_stopped_in_the_middle_and_run_again_nobody_is_lost_or_doubled(
    enrich: Enrich, api: DeepPersona, file: Path, population: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over blocks that are looked up one by one, and the same people as without a stop, bytes and all."""
    monkeypatch.setattr(runs, "LOOKED_UP", 7)
    write(file, *(f"Person number {n} likes the sea." for n in range(160)))
    stopped = iter(enrich())
    for _ in range(31):
        next(stopped)
    stopped.close()  # type: ignore[attr-defined]
    there = len(everybody(api, population))
    assert 31 <= there < 160
    again = enrich()
    assert (again.there, again.missing) == (there, 160 - there)
    assert len(list(again)) == 160 - there
    found = everybody(api, population)
    assert [one["index"] for one in found] == list(range(160))
    assert [one["origin"] for one in found] == [f"bios.jsonl:{n}" for n in range(1, 161)]
    assert list(enrich()) == []
    api.delete(population=population)
    list(enrich())
    assert everybody(api, population) == found


def test_a_file_that_grew_at_its_end_goes_on(
    enrich: Enrich, api: DeepPersona, file: Path, population: str
) -> None:
    write(file, "One.", "Two.")
    list(enrich())
    before = everybody(api, population)
    write(file, "One.", "Two.", "Three.", "Four.")
    assert [person.index for person in enrich(limit=3)] == [2]
    assert [person.index for person in enrich()] == [3]
    assert everybody(api, population)[:2] == before


def test_another_file_is_refused_and_changes_nothing(
    enrich: Enrich, api: DeepPersona, file: Path, tmp_path: Path, population: str
) -> None:
    write(file, "One.", "Two.")
    list(enrich())
    before = everybody(api, population)
    other = tmp_path / "others.jsonl"
    write(other, "One.", "Two.", "Three.")
    with pytest.raises(InputError, match=r"was made with sketches 'bios.jsonl .*now 'others.jsonl"):
        enrich(file=other)
    write(file, "Another.", "Two.", "Three.")
    with pytest.raises(InputError, match="was made with sketches"):
        enrich()
    with pytest.raises(InputError, match="was made with sketches"):
        enrich(field="id")
    with pytest.raises(InputError, match=r"was made with sketches 'bios.jsonl .*, now None"):
        api.generate(3, population=population, taxonomy=before[0]["taxonomy"]["name"], depth=DEPTH, seed=3,
                     biography_unread=True)  # fmt: skip
    assert everybody(api, population) == before


def test_what_all_biographies_lack_is_told_before_anybody_is_made(
    enrich: Enrich, api: DeepPersona, file: Path, population: str
) -> None:
    write(file, "One.")
    with pytest.raises(InputError, match=r"country, age, sex, employment must be given beside it"):
        enrich(biography_unread=False)
    assert population not in {row["name"] for row in api.populations()}
    beside = {"country": "Kenya", "age": 34, "gender": "woman", "anchors": {"employment": "employed"}}
    (person,) = enrich(biography_unread=False, **beside)
    assert (person.situation.country, person.situation.age, person.biography) == ("KE", 34, "One.")


def test_one_biography_for_all_and_a_file_of_them_exclude_each_other(enrich: Enrich, file: Path) -> None:
    write(file, "One.")
    with pytest.raises(InputError, match="give --bio or --bios, not both"):
        enrich(bio="Somebody.")


def test_persona_hub_is_enriched_line_by_line(
    enrich: Enrich, api: DeepPersona, population: str, tmp_path: Path
) -> None:
    if not HUB.is_file():
        pytest.skip(f"there is no {HUB}")
    said = [json.loads(line)["persona"] for line in HUB.read_text("utf-8").splitlines()[:60]]
    run = enrich(file=HUB, limit=60)
    people = list(run)
    assert (run.count, len(people), run.failed) == (60, 60, [])
    assert {len(person.traits) for person in people} == {DEPTH}
    target = tmp_path / "deep.jsonl"
    assert api.export(population, target) == 60
    records = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [one["biography"] for one in records] == [text.strip() for text in said]
    assert [one["origin"] for one in records] == [f"{HUB.name}:{n}" for n in range(1, 61)]
    assert [person.index for person in enrich(file=HUB, limit=61)] == [60]


def test_a_model_reads_each_biography_and_what_cannot_hold_is_told(
    asking: Asking, file: Path, wanted: dict[str, Any], endpoint: Endpoint
) -> None:
    write(file, "country=Kenya; age=34; Pet=dog", "country=Narnia; occupation=nurse; interests=chess", "Fog.")
    api = asking()
    run = api.enrich(file, **wanted)
    people = {person.index: person for person in run}
    assert (sorted(people), run.failed) == ([0, 1, 2], [])
    first, second, third = people[0], people[1], people[2]
    assert (first.situation.country, first.situation.age) == ("KE", 34)
    assert {(one.path[-1], one.value) for one in first.traits if one.source == "given"} == {("Pet", "dog")}
    assert first.read == ("country=Kenya", "age=34", '["Animals", "Keeping", "Pet"]=dog')
    assert first.unread == third.read == third.unread == ()
    assert (second.situation.occupation, second.inner.interests) == ("nurse", ("chess",))
    assert second.read == ("occupation=nurse", "interests=chess")
    (left_out,) = second.unread
    assert left_out.startswith("country=Narnia: no country is called 'Narnia'")
    kept = {person.index: person for person in api.personas(wanted["population"])}
    assert {n: (p.read, p.unread, p.origin) for n, p in kept.items()} == {
        n: (p.read, p.unread, p.origin) for n, p in people.items()
    }
    sent = len(endpoint.calls)
    assert list(api.enrich(file, **wanted)) == []
    assert len(endpoint.calls) == sent


def test_a_biography_that_comes_to_nothing_stops_no_other_and_is_tried_again(
    asking: Asking, file: Path, wanted: dict[str, Any], endpoint: Endpoint
) -> None:
    def refusing(call: Call) -> Reply:
        if schema_name(call) == "ReadBiography" and "Spoiled" in call.text:
            return said(None, refusal="I cannot read this.")
        return person_script(call)

    endpoint.script = refusing
    write(file, "age=34", "Spoiled.", "age=50")
    api = asking()
    run = api.enrich(file, **wanted)
    assert {person.index for person in run} == {0, 2}
    assert [name for name, _ in run.failed] == ["#1 (bios.jsonl:2)"]
    endpoint.script = person_script
    assert [person.index for person in api.enrich(file, **wanted)] == [1]


def test_through_batch_files_everybody_waits_and_is_made_with_the_answers(
    asking: Asking, file: Path, wanted: dict[str, Any], endpoint: Endpoint
) -> None:
    file.write_text('{"bio": "age=34"}\n{broken\n{"bio": "age=50"}\n')
    api = asking()
    waiting = api.enrich(file, via="batch", **wanted)
    assert list(waiting) == []
    assert (waiting.parked, len(waiting.files), waiting.malformed.count) == (2, 1, 1)
    assert endpoint.calls == []
    assert {person.index for person in api.enrich(file, **wanted)} == {0, 2}


def test_where_uses_are_counted_people_come_in_batches_and_all_come(
    enrich: Enrich, api: DeepPersona, file: Path, population: str
) -> None:
    write(file, *(f"Person number {n}." for n in range(70)))
    assert len(list(enrich(beta=1.0, limit=60))) == 60
    stepwise = [person.index for person in enrich(beta=1.0)]
    assert sorted(stepwise) == list(range(60, 70))
    found = everybody(api, population)
    api.delete(population=population)
    list(enrich(beta=1.0))
    assert everybody(api, population) == found


def test_a_run_that_nobody_iterates_to_its_end_leaves_what_was_finished_or_nothing(
    file: Path, wanted: dict[str, Any], settings: Settings, population: str, cypher: Callable[..., Rows]
) -> None:
    write(file, *(f"Person number {n}." for n in range(120)))
    states = "MATCH (r:Run {population: $p}) RETURN r.state AS state, r.count AS count"
    with DeepPersona(settings) as mine:
        mine.enrich(file, biography_unread=True, **wanted)
    assert cypher(states, p=population) == []
    with DeepPersona(settings) as mine:
        next(iter(mine.enrich(file, biography_unread=True, **wanted)))
    assert cypher(states, p=population) == [{"state": "interrupted", "count": 120}]
    assert 1 <= len(cypher(THERE, p=population)) < 120
