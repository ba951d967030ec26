"""Waves of batch files, and what providers send back: partial, failed, broken, twice, in any order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Reply, completion, usual
from programs import ASKER, PROMPTS, StillClock, Word, chain, tasks

from deeppersona_graph.errors import (
    MissingAnswerError,
    ModelAnswerError,
    ModelUnavailableError,
    ResponseFileError,
)
from deeppersona_graph.llm.executors.batch import BatchExecutor, batch_status
from deeppersona_graph.llm.executors.drive import Failed, Finished, Parked, Task
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.executors.replay import ReplayExecutor
from deeppersona_graph.llm.executors.responses import import_responses
from deeppersona_graph.llm.outbox import Outbox
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.providers import OpenAIProvider
from deeppersona_graph.llm.recordings import export_answers, import_answers
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.request import Asker
from deeppersona_graph.llm.store import AnswerStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "batches"


@pytest.fixture
def batch(store: AnswerStore, folder: Path, report: Report) -> BatchExecutor:
    return BatchExecutor(store, folder, report)


def _requests(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _response(request: dict[str, Any], reply: Reply | None = None) -> dict[str, Any]:
    """The provider's line for a request."""
    reply = reply or usual(Call(request["body"], 1, ""))
    return {
        "id": "batch_req_1",
        "custom_id": request["custom_id"],
        "response": {"status_code": reply.status, "request_id": "r", "body": json.loads(reply.content)},
        "error": None,
    }


def _write(file: Path, lines: Iterable[Any]) -> Path:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def _answer_all(batch: BatchExecutor, store: AnswerStore, tmp_path: Path) -> None:
    for file in batch.files:
        answers = [_response(request) for request in _requests(file)]
        import_responses(_write(tmp_path / "answers.jsonl", reversed(answers)), store)


def test_waves_lead_to_what_an_online_run_leads_to(
    batch: BatchExecutor,
    store: AnswerStore,
    tmp_path: Path,
    provider: OpenAIProvider,
    clock: StillClock,
) -> None:
    waves = 0
    while True:
        outcomes = list(batch.run(tasks(5, 3)))
        if not batch.files:
            break
        assert all(isinstance(outcome, Parked) for outcome in outcomes)
        waves += 1
        _answer_all(batch, store, tmp_path)
    assert waves == 3
    with AnswerStore(tmp_path / "online.sqlite") as other:
        online = OnlineExecutor(provider, other, Report(Prices.load()), clock=clock)
        assert {o.name: o for o in online.run(tasks(5, 3))} == {o.name: o for o in outcomes}
    assert {status.pending for status in batch_status(store)} == {0}


def test_a_line_is_a_chat_completion_under_its_key(batch: BatchExecutor) -> None:
    list(batch.run(tasks(1, 1)))
    (file,) = batch.files
    (line,) = _requests(file)
    request = ASKER.request("next-word", Word, name="person 0", step=0, before="")
    assert file.name == "wave-001-01-gpt-4o-mini.jsonl"
    assert (line["custom_id"], line["method"], line["url"]) == (request.key, "POST", "/v1/chat/completions")
    assert line["body"]["response_format"]["type"] == "json_schema"


def test_what_is_out_does_not_go_out_again_and_a_lost_file_can_be_withdrawn(
    batch: BatchExecutor, store: AnswerStore
) -> None:
    list(batch.run(tasks(3, 1)))
    (first,) = batch.files
    list(batch.run(tasks(4, 1)))
    (second,) = batch.files
    assert (len(_requests(first)), len(_requests(second))) == (3, 1)
    assert list(batch.run(tasks(4, 1))) != []
    assert not any(batch.files)
    assert Outbox(store.database).withdraw(first.name) == 3
    list(batch.run(tasks(4, 1)))
    assert len(_requests(batch.files[0])) == 3


def test_files_are_split_by_model_and_at_the_limits(store: AnswerStore, folder: Path, report: Report) -> None:
    other = Asker(PROMPTS, "vendor/other:7b")
    both = [*tasks(5, 1), *(Task(f"o{n}", chain(f"o{n}", 1, other)) for n in range(2))]
    by_count = BatchExecutor(store, folder, report, most_requests=2)
    list(by_count.run(both))
    assert sorted(len(_requests(file)) for file in by_count.files) == [1, 2, 2, 2]
    assert {len({line["body"]["model"] for line in _requests(file)}) for file in by_count.files} == {1}
    for file in by_count.files:
        Outbox(store.database).withdraw(file.name)
    size = max(file.stat().st_size for file in by_count.files)
    by_size = BatchExecutor(store, folder, report, most_bytes=size)
    list(by_size.run(tasks(5, 1)))
    assert all(file.stat().st_size <= size for file in by_size.files)
    assert sum(len(_requests(file)) for file in by_size.files) == 5


def test_equal_questions_are_one_line(batch: BatchExecutor) -> None:
    list(batch.run(Task(f"twin {number}", chain("same", 1)) for number in range(5)))
    assert len(_requests(batch.files[0])) == 1


def test_a_run_that_is_left_early_leaves_no_file(
    batch: BatchExecutor, folder: Path, store: AnswerStore
) -> None:
    running = batch.run(tasks(5, 1))
    next(running)
    running.close()
    assert list(folder.iterdir()) == []
    assert batch_status(store) == []


def test_partial_failed_broken_and_foreign_lines_are_reported_and_the_rest_is_kept(
    batch: BatchExecutor, store: AnswerStore, tmp_path: Path
) -> None:
    list(batch.run(tasks(6, 1)))
    requests = _requests(batch.files[0])
    file = tmp_path / "mixed.jsonl"
    lines = [
        json.dumps(_response(requests[4])),
        "",
        json.dumps({**_response(requests[0]), "custom_id": "somebody-else"}),
        json.dumps(
            {
                "custom_id": requests[1]["custom_id"],
                "response": None,
                "error": {"code": "batch_expired", "message": "expired"},
            }
        ),
        json.dumps(_response(requests[2], Reply(500, b'{"error": {"message": "crashed"}}'))),
        json.dumps(requests[3]),
        "[1]",
        json.dumps(_response(requests[5], Reply(content=b'{"choices": []}'))),
        json.dumps(_response(requests[0]))[:70],
    ]
    file.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    found = import_responses(file, store)
    assert (found.answered, found.already, found.unknown) == (1, 0, ["somebody-else"])
    assert {key for key, _ in found.failed} == {requests[n]["custom_id"] for n in (1, 2, 5)}
    assert [number for number, _ in found.malformed] == [6, 7, 9]
    (status,) = batch_status(store)
    assert (status.requests, status.answered, status.failed, status.pending) == (6, 1, 3, 2)
    list(batch.run(tasks(6, 1)))
    again = {request["custom_id"] for request in _requests(batch.files[0])}
    assert again == {requests[n]["custom_id"] for n in (1, 2, 5)}


def test_importing_twice_is_harmless(batch: BatchExecutor, store: AnswerStore, tmp_path: Path) -> None:
    list(batch.run(tasks(3, 1)))
    requests = _requests(batch.files[0])
    answers = [
        _response(requests[0]),
        _response(requests[1]),
        _response(requests[2], Reply(503, b'{"error": {}}')),
    ]
    file = _write(tmp_path / "answers.jsonl", [*answers, answers[0]])
    spent = Report(Prices.load(), batch=True)
    first = import_responses(file, store, spent)
    before = list(store.answers())
    second = import_responses(file, store, spent)
    assert (first.answered, first.already, len(first.failed)) == (2, 1, 1)
    assert (second.answered, second.already, len(second.failed)) == (0, 3, 1)
    assert list(store.answers()) == before
    assert spent.cost == pytest.approx(2 * (100 * 0.15 + 20 * 0.6) / 1e6 / 2)


def test_an_answer_to_what_failed_before_is_taken(
    batch: BatchExecutor, store: AnswerStore, tmp_path: Path
) -> None:
    list(batch.run(tasks(1, 1)))
    (request,) = _requests(batch.files[0])
    import_responses(_write(tmp_path / "a", [_response(request, Reply(500, b'{"error": {}}'))]), store)
    assert import_responses(_write(tmp_path / "b", [_response(request)]), store).answered == 1
    assert [type(outcome) for outcome in batch.run(tasks(1, 1))] == [Finished]


def test_an_answer_of_no_use_is_repaired_in_the_next_wave_and_then_given_up(
    batch: BatchExecutor, store: AnswerStore, tmp_path: Path
) -> None:
    wrong = Reply(content=json.dumps(completion('{"word": 1}')).encode())
    for wave in range(2):
        (outcome,) = batch.run(tasks(1, 1))
        assert isinstance(outcome, Parked)
        (request,) = _requests(batch.files[0])
        assert len(request["body"]["messages"]) == 2 + 2 * wave
        import_responses(_write(tmp_path / "answers.jsonl", [_response(request, wrong)]), store)
    (outcome,) = batch.run(tasks(1, 1))
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, ModelAnswerError)
    list(batch.run(tasks(1, 1)))
    assert len(_requests(batch.files[0])) == 1  # the run after asks anew


def test_a_parameter_refused_in_one_wave_is_left_away_in_all_later_ones(
    batch: BatchExecutor, store: AnswerStore, tmp_path: Path
) -> None:
    for name in ("temperature", "seed"):
        list(batch.run(tasks(2, 2)))
        refusal = Reply(400, json.dumps({"error": {"message": f"Unsupported parameter: {name}"}}).encode())
        lines = [_response(request, refusal) for request in _requests(batch.files[0])]
        import_responses(_write(tmp_path / "answers.jsonl", lines), store)
    for _ in range(2):
        list(batch.run(tasks(2, 2)))
        for request in _requests(batch.files[0]):
            assert not {"temperature", "seed"} & request["body"].keys()
        _answer_all(batch, store, tmp_path)
    assert all(isinstance(outcome, Finished) for outcome in batch.run(tasks(2, 2)))


def test_a_request_that_is_rejected_for_good_fails_its_program_by_name(
    batch: BatchExecutor, store: AnswerStore, tmp_path: Path
) -> None:
    list(batch.run(tasks(2, 1)))
    first, second = _requests(batch.files[0])
    too_long = Reply(400, b'{"error": {"message": "too long", "code": "context_length_exceeded"}}')
    import_responses(_write(tmp_path / "a", [_response(first, too_long), _response(second)]), store)
    failed, finished = batch.run(tasks(2, 1))
    assert isinstance(failed, Failed)
    assert isinstance(finished, Finished)
    assert isinstance(failed.error, ModelUnavailableError)
    assert "too long" in str(failed.error)


def test_a_filtered_request_is_a_refusal_and_asked_once_more(
    batch: BatchExecutor, store: AnswerStore, tmp_path: Path
) -> None:
    list(batch.run(tasks(1, 1)))
    (request,) = _requests(batch.files[0])
    filtered = Reply(400, b'{"error": {"message": "filtered", "code": "content_filter"}}')
    assert import_responses(_write(tmp_path / "a", [_response(request, filtered)]), store).answered == 1
    list(batch.run(tasks(1, 1)))
    (again,) = _requests(batch.files[0])
    assert again["custom_id"] != request["custom_id"]
    assert again["body"]["messages"] == request["body"]["messages"]


def test_a_file_that_cannot_be_read_is_named(store: AnswerStore, tmp_path: Path) -> None:
    with pytest.raises(ResponseFileError, match=r"absent\.jsonl cannot be read: No such file"):
        import_responses(tmp_path / "absent.jsonl", store)


def test_replay_needs_what_was_recorded_and_nothing_else(
    executor: Callable[..., OnlineExecutor], store: AnswerStore, tmp_path: Path, report: Report
) -> None:
    online = {outcome.name: outcome for outcome in executor().run(tasks(4, 3))}
    recorded = tmp_path / "recorded.jsonl"
    export_answers(store, recorded)
    with AnswerStore(tmp_path / "replayed.sqlite") as replayed:
        import_answers(recorded, replayed)
        again = list(ReplayExecutor(replayed, report).run(tasks(4, 3)))
        assert [outcome.name for outcome in again] == [f"person {number}" for number in range(4)]
        assert {outcome.name: outcome for outcome in again} == online
        missing, *_ = ReplayExecutor(replayed, report).run(tasks(1, 4))
    assert isinstance(missing, Failed)
    assert isinstance(missing.error, MissingAnswerError)
    assert "next-word/1, key " in str(missing.error)
