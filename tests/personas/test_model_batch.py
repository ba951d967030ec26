"""The batch route to its end, and replay: the same answers make the same people, whichever way they came."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Endpoint, Reply
from model_endpoint import Provider, person_script
from whole_people import faults_of

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]
PEOPLE, DEPTH = 12, 14
WAVES = 25
"""More are not needed: four of the core profile, the fills with what is asked again, the portrait, and what
failed once more."""


def _wanted(small: Tree, population: str) -> dict[str, Any]:
    return {"population": population, "taxonomy": small.name, "depth": DEPTH, "seed": 31, "chunk": 6}


def test_through_files_come_the_people_that_come_online_and_replay_brings_them_again(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint, tmp_path: Path
) -> None:
    """Wave for wave, with failed lines, a malformed one, and every file of responses imported twice."""
    wanted, provider, batch = _wanted(small, population), Provider(), asking("batch")
    files: list[Path] = []
    for wave in range(WAVES):
        run = batch.generate(PEOPLE, via="batch", **wanted)
        finished = list(run)
        assert run.failed == []
        assert run.parked + len(finished) == run.missing
        if not run.parked:
            break
        files += run.files
        for file in run.files:
            responses = tmp_path / "responses.jsonl"
            failed = provider.answer(file, responses, failing=2 if wave % 3 == 1 else 0)
            with responses.open("a", encoding="utf-8") as out:
                out.write('{"custom_id": "broken off')
            first, second = batch.batch_import(responses), batch.batch_import(responses)
            assert sorted(key for key, _ in first.failed) == sorted(failed)
            assert [len(report.malformed) for report in (first, second)] == [1, 1]
            assert (first.already, second.answered, second.already) == (0, 0, first.answered)
    assert provider.failed
    assert {one.pending for one in batch.batch_status()} == {0}
    assert endpoint.calls == []
    people = list(batch.personas(population))
    assert [faults_of(person, small, DEPTH) for person in people] == [[]] * PEOPLE

    batch.delete(population=population)
    replayed = batch.generate(PEOPLE, via="replay", **wanted)
    assert sorted(replayed, key=lambda person: person.index) == people
    assert (replayed.report.tokens.sent, endpoint.calls) == (0, [])

    batch.delete(population=population)
    online = asking("online").generate(PEOPLE, **wanted)
    assert sorted(online, key=lambda person: person.index) == people
    asked = {json.dumps(call.body, sort_keys=True) for call in endpoint.calls}
    in_files = [json.loads(line)["body"] for file in files for line in file.read_text("utf-8").splitlines()]
    assert asked == {json.dumps(body, sort_keys=True) for body in in_files}


def test_replay_names_those_whose_answers_were_never_recorded(
    asking: Asking, small: Tree, population: str, endpoint: Endpoint
) -> None:
    wanted, dp = _wanted(small, population), asking()
    made = list(dp.generate(3, **wanted))
    dp.delete(population=population)
    before = len(endpoint.calls)
    replayed = dp.generate(5, via="replay", **wanted)
    assert sorted(replayed, key=lambda person: person.index) == sorted(made, key=lambda person: person.index)
    assert [name for name, _ in replayed.failed] == ["#3", "#4"]
    assert all("no answer is recorded for core-values/" in reason for _, reason in replayed.failed)
    assert len(endpoint.calls) == before


def test_an_answer_of_no_use_in_a_batch_is_mended_in_the_next_wave(
    asking: Asking, small: Tree, population: str, tmp_path: Path
) -> None:
    """What is asked again for its content goes into a file as what is repaired for its form does."""

    def wordy(call: Call) -> Reply:
        reply = person_script(call)
        again = any("This cannot stand" in one["content"] for one in call.body["messages"])
        return reply if again else Reply(content=reply.content.replace(b"I was ", b"Well, " * 200))

    wanted, dp, responses = _wanted(small, population), asking(), tmp_path / "responses.jsonl"
    for _ in range(WAVES):
        run = dp.generate(2, via="batch", **wanted)
        list(run)
        for file in run.files:
            Provider(wordy).answer(file, responses)
            dp.batch_import(responses)
        if not run.parked:
            break
    assert dp.batch_status()[-1].wave >= 7
    assert [faults_of(person, small, DEPTH) for person in dp.personas(population)] == [[], []]
