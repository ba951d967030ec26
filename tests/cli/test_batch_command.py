"""`deeppersona batch status | export | import | withdraw` as people type them, around runs of `generate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY
from model_endpoint import Provider

from deeppersona_graph.api import DeepPersona

pytestmark = pytest.mark.live

Command = Callable[..., Any]

WAVES = 12
FIRST = "wave-001-01-gpt-4o-mini.jsonl"


@pytest.fixture
def command(run: Command, apart: dict[str, str]) -> Command:
    """Runs a command with a data folder of its own, a model that is only named, and a key."""
    environment = {**apart, "DEEPPERSONA_MODEL": "gpt-4o-mini", "OPENAI_API_KEY": KEY, "COLUMNS": "200"}
    return lambda *arguments: run(*arguments, **environment)


@pytest.fixture
def generate(command: Command, wanted: list[str]) -> Command:
    """Runs `deeppersona generate -n 3 --via batch` for the test's own population."""
    return lambda *arguments: command("generate", "-n", "3", *wanted, "--via", "batch", *arguments)


@pytest.fixture
def kept(apart: dict[str, str]) -> Path:
    """Where the batch files are."""
    return Path(apart["DEEPPERSONA_DATA_DIR"]) / "batches"


@pytest.fixture
def answers(bare: Path) -> Path:
    return bare / "answers.jsonl"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def write(file: Path, responses: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(one) + "\n" for one in responses), "utf-8")


def counts(command: Command) -> list[tuple[int, int, int, int]]:
    """Requests, answered, failed and pending of each file."""
    told = command("batch", "status", "--json").data
    return [(one["requests"], one["answered"], one["failed"], one["pending"]) for one in told]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_people_come_wave_by_wave_and_only_files_that_wait_are_exported(
    generate: Command, command: Command, answers: Path, api: DeepPersona, population: str
) -> None:
    for wave in range(1, WAVES):
        ended = generate()
        assert ended.code == 0, ended.err
        if "people wait for answers" not in ended.err:
            break
        sent = command("batch", "export", f"to-send-{wave}", "--json").data
        assert [Path(file).name for file in sent] == [f"wave-{wave:03d}-01-gpt-4o-mini.jsonl"]
        assert [file.name for file in Path(f"to-send-{wave}").iterdir()] == [Path(sent[0]).name]
        Provider().answer(Path(sent[0]), answers)
        taken = command("batch", "import", str(answers))
        assert (taken.code, taken.out) == (0, "")
        assert taken.err == (
            f"{answers}: {len(lines(answers))} answers, 0 known before, 0 failures, "
            "0 to requests that are not ours\n"
        )
    assert wave >= 5
    assert [person.index for person in api.personas(population)] == [0, 1, 2]
    assert {pending for *_, pending in counts(command)} == {0}
    ended = command("batch", "export", "to-send")
    assert ended.code == 2
    assert "no batch file waits for answers" in ended.refusal
    assert not Path("to-send").exists()


def test_answers_are_taken_in_twice_and_in_any_order(
    generate: Command, command: Command, kept: Path, answers: Path, bare: Path
) -> None:
    generate()
    Provider().answer(kept / FIRST, answers)
    responses = lines(answers)
    write(answers, responses[1:])
    rest = bare / "rest.jsonl"
    write(rest, [responses[2], responses[0]])
    told = command("batch", "import", str(answers), str(rest), "--json").data
    assert [(one["answered"], one["already"]) for one in told.values()] == [(2, 0), (1, 1)]
    again = command("batch", "import", str(rest))
    assert (again.code, again.err.split(": ", 1)[1].split(" failures")[0]) == (
        0,
        "0 answers, 2 known before, 0",
    )
    assert counts(command) == [(3, 3, 0, 0)]


def test_failed_and_malformed_lines_are_told_and_the_rest_is_taken_in(
    generate: Command, command: Command, kept: Path, answers: Path
) -> None:
    generate()
    (failed,) = Provider().answer(kept / FIRST, answers, failing=1)
    good = answers.read_text("utf-8")
    answers.write_text('{"no\n' + good + "[]\n" * 6, "utf-8")
    ended = command("batch", "import", str(answers))
    assert (ended.code, ended.out) == (2, "")
    said = ended.err.splitlines()
    assert said[0].endswith("2 answers, 0 known before, 1 failures, 0 to requests that are not ours")
    assert [line.split(": ")[0] for line in said[1:6]] == [f"{answers}, line {n}" for n in (1, 5, 6, 7, 8)]
    assert said[6] == f"{answers}: 2 more lines like these"
    assert said[7].startswith(f"request {failed[:12]} failed: ")
    assert said[-1].startswith("deeppersona: some lines are no responses and were passed over")
    assert counts(command) == [(3, 2, 1, 0)]
    assert "people wait for answers" in generate().err
    assert failed in {line["custom_id"] for line in lines(next(kept.glob("wave-002-*")))}


def test_the_file_of_requests_is_no_file_of_responses(
    generate: Command, command: Command, kept: Path
) -> None:
    generate()
    ended = command("batch", "import", str(kept / FIRST))
    assert ended.code == 2
    assert ended.err.count("is it the file of requests?") == 3
    assert counts(command) == [(3, 0, 0, 3)]


def test_a_file_that_does_not_exist_is_one_clear_line(command: Command) -> None:
    ended = command("batch", "import", "nowhere.jsonl")
    assert ended.code == 2
    assert ended.refusal == "the responses in nowhere.jsonl cannot be read: No such file or directory"


def test_status_is_a_table_or_json(generate: Command, command: Command, kept: Path, answers: Path) -> None:
    ended = command("batch", "status")
    assert (ended.code, ended.out) == (0, "")
    assert "no batch file was written yet" in ended.err
    assert command("batch", "status", "--json").data == []
    generate()
    Provider().answer(kept / FIRST, answers, failing=1)
    write(answers, sorted(lines(answers), key=lambda one: one["error"] is None)[:2])
    command("batch", "import", str(answers))
    (told,) = command("batch", "status", "--json").data
    head, row = command("batch", "status").out.splitlines()
    assert head.split() == ["file", *list(told)[1:]]
    assert row.split() == [str(value) for value in told.values()]
    assert told["requests"] == told["answered"] + told["failed"] + told["pending"] == 3
    assert (told["answered"], told["failed"], told["pending"]) == (1, 1, 1)


def test_a_file_that_is_withdrawn_goes_out_again(
    generate: Command, command: Command, kept: Path, answers: Path
) -> None:
    generate()
    asked = {line["custom_id"] for line in lines(kept / FIRST)}
    Provider().answer(kept / FIRST, answers)
    write(answers, lines(answers)[:1])
    command("batch", "import", str(answers))
    ended = command("batch", "withdraw", FIRST)
    assert (ended.code, ended.out) == (0, "")
    assert f"2 requests of {FIRST} go out again with the next wave" in ended.err
    assert counts(command) == [(1, 1, 0, 0)]
    generate()
    again = {line["custom_id"] for line in lines(next(kept.glob("wave-002-*")))}
    assert len(again & asked) == 2
    ended = command("batch", "withdraw", FIRST)
    assert (ended.code, ended.err) == (0, f"nothing in {FIRST} was open\n")
    assert command("batch", "withdraw", FIRST, "--json").data == {"file": FIRST, "withdrawn": 0}
    assert counts(command)[1][-1] == len(again)


def test_only_a_file_that_there_is_can_be_withdrawn(generate: Command, command: Command) -> None:
    generate()
    ended = command("batch", "withdraw", "wave-01-gpt-4o.jsonl")
    assert ended.code == 2
    assert ended.refusal == (
        f"no batch file is called 'wave-01-gpt-4o.jsonl'; nearest: {FIRST!r}; "
        "`deeppersona batch status` shows all"
    )
    assert counts(command) == [(3, 0, 0, 3)]


def test_a_file_that_is_gone_is_named_and_nothing_is_copied(
    generate: Command, command: Command, wanted: list[str], kept: Path
) -> None:
    generate()
    command("generate", "-n", "4", *wanted, "--via", "batch")
    (kept / "wave-002-01-gpt-4o-mini.jsonl").unlink()
    ended = command("batch", "export", "to-send")
    assert ended.code == 2
    assert "the batch file wave-002-01-gpt-4o-mini.jsonl is gone" in ended.refusal
    assert "`deeppersona batch withdraw wave-002-01-gpt-4o-mini.jsonl`" in ended.refusal
    assert not Path("to-send").exists()
    command("batch", "withdraw", "wave-002-01-gpt-4o-mini.jsonl")
    assert [Path(file).name for file in command("batch", "export", "to-send", "--json").data] == [FIRST]


def test_a_key_that_a_provider_quotes_is_nowhere_afterwards(
    generate: Command, command: Command, kept: Path, answers: Path
) -> None:
    generate()
    asked = [line["custom_id"] for line in lines(kept / FIRST)]
    quoting = {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}
    bodies = [
        {"error": quoting},
        {"response": {"status_code": 401, "body": {"error": quoting}}},
        {"response": {"status_code": 400, "body": f"<html>{KEY}</html>"}},
    ]
    write(answers, [{"custom_id": key, **body} for key, body in zip(asked, bodies, strict=True)])
    with answers.open("a", encoding="utf-8") as out:
        out.write(json.dumps([KEY]) + "\n" + json.dumps({"custom_id": f"not ours {KEY}", "error": quoting}))
    told = [command("batch", "import", str(answers), *form) for form in ((), ("--json",))]
    told += [command("batch", "status"), generate()]
    assert "[key]" in told[0].err
    assert [one for one in told if KEY in one.out + one.err] == []
    assert [name for name, content in contents(kept.parent).items() if KEY.encode() in content] == []
