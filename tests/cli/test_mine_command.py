"""`deeppersona mine`, `taxonomy why` and `taxonomy consolidate` as people type them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY, Call, Endpoint, Reply, serving
from mining_model import HEALTH, HOBBIES, MiningModel, dialogue
from model_endpoint import Provider

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.taxonomy.export.records import export_records
from deeppersona_graph.taxonomy.store import erase_tree, taxonomy_state

pytestmark = pytest.mark.live

Command = Callable[..., Any]

SCREEN = 40
"""Lines that a window shows at once."""

SLEEP = f"{HEALTH} / Sleep / Sleep Quality"
LINES = [
    dialogue(f"{SLEEP} = poor", about="How do you sleep?"),
    dialogue(f"{HEALTH} / Sleep / Nightly Sleep Quality = restless", about="And last night?"),
    dialogue(f"{HOBBIES} / Music Taste / Preferred Genre = jazz", about="What do you listen to?"),
    dialogue("the capital is Lima", about="What is the capital of Peru?"),
]
WAVES = 20


@pytest.fixture
def model() -> MiningModel:
    """What the language model thinks of names; a test sets it."""
    return MiningModel(same=[{"Sleep Quality", "Nightly Sleep Quality"}])


@pytest.fixture
def endpoint(model: MiningModel) -> Iterator[Endpoint]:
    with serving(model) as server:
        yield server


@pytest.fixture
def surroundings(apart: dict[str, str], endpoint: Endpoint) -> dict[str, str]:
    """Variables that lead a command to the server of the tests and to the endpoint; no model is named."""
    return {**apart, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": endpoint.url, "COLUMNS": "200"}


@pytest.fixture
def command(run: Command, surroundings: dict[str, str]) -> Command:
    """Runs a command with a model named and a data folder of its own."""
    return lambda *arguments: run(*arguments, **surroundings, DEEPPERSONA_MODEL="gpt-4o-mini")


@pytest.fixture
def file(bare: Path) -> Path:
    """A file of four dialogues."""
    return write(bare / "dialogues.jsonl", LINES)


@pytest.fixture
def mine(command: Command, file: Path, taxonomy: str) -> Command:
    """Runs `deeppersona mine` on the file, into the test's own taxonomy."""
    return lambda *arguments: command("mine", str(file), "--taxonomy", taxonomy, *arguments)


@pytest.fixture
def records(api: DeepPersona, taxonomy: str) -> Callable[[], list[str]]:
    """The test's own taxonomy as it is exported, ids included."""
    return lambda: list(export_records(api.tree(taxonomy)))


@pytest.fixture
def nodes(graph: Graph, driver: Any, taxonomy: str) -> Callable[[], int]:
    """Counts all that is in the database of the test's own taxonomy."""

    def count() -> int:
        cypher = "MATCH (n) WHERE n.taxonomy = $name OR n:Taxonomy AND n.name = $name RETURN count(n) AS n"
        found = driver.execute_query(cypher, name=taxonomy, database_=graph.database)
        return int(found.records[0]["n"])

    return count


def write(file: Path, lines: list[str]) -> Path:
    file.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return file


def paths(records: list[str]) -> set[str]:
    """Paths of a tree file, each on one line."""
    return {" > ".join(json.loads(record)["path"]) for record in records}


def of_a_run(said: str, shown: str = "") -> list[str]:
    """What a command said, as lines; with what it showed it fits on a screen, and no code is shown."""
    assert len((said + shown).splitlines()) <= SCREEN
    assert "Traceback" not in said
    return said.splitlines()


def test_a_run_tells_on_one_screen_what_became_of_the_dialogues(mine: Command, taxonomy: str) -> None:
    ended = mine()
    assert ended.code == 0
    said = of_a_run(ended.err, ended.out)
    assert said[0].startswith("4 exchanges, 4 of them new, will take about ")
    assert said[0].endswith(" USD")
    assert said[1:3] == [
        "4 exchanges, 4 of them new: 1 Non-personalizable, 0 Partially Personalizable, 3 Personalizable",
        "3 mentions of 3 paths: 3 kept, 0 rewritten, 0 pruned, 0 dropped",
    ]
    assert said[3].startswith("merging: 1 names became one with another, 1 pairs compared; second filter: ")
    assert said[4] == (
        "4 attributes: 4 new, 0 renamed, 0 gone; "
        f"the taxonomy {taxonomy} has version 2 now"
    )  # fmt: skip
    assert " requests, 0 answers from the store; " in said[5]
    assert said[6:] == []
    assert ended.out.startswith(f"taxonomy {taxonomy}, version 2\n")
    assert "3 exchanges evidence 6 nodes; 0 proposed without evidence\n" in ended.out


def test_the_same_again_asks_nothing_and_says_so(mine: Command, endpoint: Endpoint) -> None:
    mine()
    asked = len(endpoint.calls)
    ended = mine()
    assert (ended.code, len(endpoint.calls)) == (0, asked)
    said = of_a_run(ended.err)
    assert said[0].startswith("4 exchanges, 0 of them new")
    assert "nothing new follows from these dialogues; the tree is as it was" in said


def test_json_is_all_there_is_on_stdout(mine: Command, file: Path, taxonomy: str, endpoint: Endpoint) -> None:
    write(file, [*LINES, LINES[0], '{"no', dialogue("x = y", about="Mail me at ada@example.org")])
    ended = mine("--json")
    assert ended.code == 0
    told = ended.data
    assert (told["taxonomy"], told["state"], told["version"]) == (taxonomy, "finished", 2)
    assert (told["exchanges"], told["new"], told["duplicates"], told["masked"]) == (5, 5, 1, 1)
    assert (told["attributes"], told["created"], told["merged"], told["failed"]) == (4, 4, 1, {})
    assert told["malformed"][str(file)]["count"] == 1
    assert [one["line"] for one in told["malformed"][str(file)]["first"]] == [6]
    assert sum(one["requests"] for one in told["report"]["usage"]) == len(endpoint.calls)
    assert KEY not in ended.out + ended.err


def test_spoiled_lines_duplicates_and_masking_are_told(mine: Command, file: Path) -> None:
    write(file, [*LINES, LINES[0], *['{"no'] * 7, dialogue("x = y", about="Mail me at ada@example.org")])
    ended = mine()
    assert ended.code == 0
    said = of_a_run(ended.err)
    assert "1 duplicates left out; in 1 exchanges data was masked" in said
    assert [line for line in said if ", line " in line] == [
        f"{file}, line {number} is no JSON (Unterminated string starting at, column 2)"
        for number in range(6, 11)
    ]
    assert said[-1] == f"{file}: 7 lines were of no use; the rest was read"


def test_a_dry_run_asks_nothing_and_writes_nothing(
    mine: Command, endpoint: Endpoint, nodes: Callable[[], int], graph: Graph, taxonomy: str
) -> None:
    ended = mine("--dry-run")
    assert (ended.code, ended.out) == (0, "")
    said = of_a_run(ended.err)
    assert said[0].startswith("4 exchanges, 4 of them new, will take about ")
    assert said[1:] == ["nothing was asked and nothing spent"]
    told = mine("--dry-run", "--json").data
    assert (told["exchanges"], told["new"]) == (4, 4)
    assert told["requests"] > 2
    assert 0 < told["cost"] < 1
    assert (endpoint.calls, nodes(), taxonomy_state(graph, taxonomy)) == ([], 0, None)


def test_a_dry_run_over_what_is_mined_expects_nothing(mine: Command, records: Any) -> None:
    mine()
    before = records()
    told = mine("--dry-run", "--json").data
    assert (told["new"], told["requests"], told["cost"]) == (0, 0, 0.0)
    assert records() == before


def test_a_budget_ends_the_run_and_the_next_one_goes_on(
    mine: Command, endpoint: Endpoint, records: Callable[[], list[str]], model: MiningModel
) -> None:
    ended = mine("--budget", "0.0000001")
    assert (ended.code, ended.out, endpoint.calls) == (1, "", [])
    said = of_a_run(ended.err)
    assert said[-1].startswith("deeppersona: ")
    assert "raise --budget, or run again, to go on" in said[-1]
    assert not [path for path in paths(records()) if "Sleep" in path]
    half = mine("--budget", "0.0012")
    assert (half.code, bool(endpoint.calls)) == (1, True)
    assert not [path for path in paths(records()) if "Sleep Quality" in path]
    asked = list(model.asked)
    assert mine().code == 0
    assert f"{HEALTH} > Sleep > Sleep Quality" in paths(records())
    assert not set(asked) & set(model.asked[len(asked) :])


def test_without_a_model_nothing_begins(
    run: Command, surroundings: dict[str, str], file: Path, taxonomy: str, nodes: Callable[[], int]
) -> None:
    ended = run("mine", str(file), "--taxonomy", taxonomy, **surroundings)
    assert ended.code == 3
    assert ended.refusal == (
        "mining needs a language model, and none is named; name one with --model or DEEPPERSONA_MODEL"
    )
    assert nodes() == 0


def test_through_batch_files_the_same_command_goes_on_after_each_import(
    mine: Command,
    command: Command,
    bare: Path,
    model: MiningModel,
    endpoint: Endpoint,
    records: Callable[[], list[str]],
    graph: Graph,
    taxonomy: str,
) -> None:
    answers = bare / "answers.jsonl"
    untouched: list[str] = []
    for wave in range(1, WAVES):
        ended = mine("--via", "batch")
        assert ended.code == 0, ended.err
        said = of_a_run(ended.err)
        if "wait for answers" not in ended.err:
            break
        assert ended.out == ""
        assert said[-1].endswith("`deeppersona batch import`, and run the same command again")
        untouched = untouched or records()
        assert records() == untouched
        again = mine("--via", "batch")
        assert "wait for answers to the requests in files written before" in again.err
        (sent,) = command("batch", "export", f"to-send-{wave}", "--json").data
        Provider(model).answer(Path(sent), answers)
        assert command("batch", "import", str(answers)).code == 0
    assert wave > 4
    assert endpoint.calls == []
    through_files = records()
    assert through_files != untouched
    assert command("batch", "status", "--json").data[-1]["pending"] == 0
    erase_tree(graph, taxonomy)
    other = mine("--json")
    assert (other.code, endpoint.calls) == (0, [])  # the batch answered what would have been asked
    assert records() == through_files


def test_a_replay_comes_to_the_same_tree_and_asks_nothing(
    mine: Command, endpoint: Endpoint, records: Callable[[], list[str]], graph: Graph, taxonomy: str
) -> None:
    mine()
    mined, asked = records(), len(endpoint.calls)
    erase_tree(graph, taxonomy)
    ended = mine("--via", "replay")
    assert (ended.code, len(endpoint.calls)) == (0, asked)
    assert of_a_run(ended.err)
    assert records() == mined


def test_a_replay_names_what_was_never_answered(
    mine: Command, endpoint: Endpoint, records: Callable[[], list[str]]
) -> None:
    ended = mine("--via", "replay")
    assert (ended.code, ended.out, endpoint.calls) == (1, "", [])
    said = of_a_run(ended.err)
    assert [line[:38] for line in said[-5:-1]] == ["no usable answer to classify-exchanges"] * 4
    assert "no answer is recorded for classify-exchanges/1" in ended.err
    assert said[-1] == "4 questions found no usable answer; run the same command again to ask anew"
    assert not [path for path in paths(records()) if "Sleep" in path]


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def _utf_16(path: Path) -> None:
    path.write_text("\n".join(LINES), encoding="utf-16")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_empty, "{} is empty; expected dialogues in UTF-8"),
        (_binary, "{} is no"),
        (_utf_16, "{} is UTF-16; save it as UTF-8"),
        (Path.unlink, "cannot read {}: No such file or directory; give a file of dialogues"),
        (lambda path: (path.unlink(), path.mkdir()), "{} is a folder; expected dialogues in UTF-8"),
        (lambda path: path.write_text('{"a": 1}\n'), "no line can be used in {}; line 1 has no question"),
    ],
    ids=["empty", "binary", "UTF-16", "missing", "a folder", "no dialogue"],
)
def test_a_file_that_cannot_be_mined_is_one_line_and_leaves_nothing_behind(
    mine: Command,
    file: Path,
    endpoint: Endpoint,
    nodes: Callable[[], int],
    spoil: Callable[[Path], object],
    complaint: str,
) -> None:
    spoil(file)
    ended = mine()
    assert ended.code == 2
    assert ended.refusal.startswith(complaint.format(file))
    assert (nodes(), endpoint.calls) == (0, [])


def test_one_bad_file_among_good_ones_stops_all_of_it(
    mine: Command, bare: Path, nodes: Callable[[], int], endpoint: Endpoint
) -> None:
    ended = mine(str(bare / "nowhere.jsonl"))
    assert ended.code == 2
    assert "nowhere.jsonl: No such file" in ended.refusal
    assert (nodes(), endpoint.calls) == (0, [])


@pytest.mark.parametrize("name", ["", "  ", "x" * 5000])
def test_a_name_that_no_taxonomy_can_have_is_refused(
    command: Command, file: Path, endpoint: Endpoint, name: str
) -> None:
    ended = command("mine", str(file), "--taxonomy", name)
    assert (ended.code, endpoint.calls) == (2, [])
    assert "is no name for a taxonomy" in ended.refusal
    assert len(ended.refusal) < 300


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--expand", "-1"], "--expand -1: expected 0 or more branches"),
        (["--budget", "0"], "a budget of 0 USD: expected a number above 0"),
        (["--via", "batch", "--budget", "3"], "--budget holds live requests"),
        (["--model", " "], "setting 'model' is ' ': Value error, it is empty"),
    ],
)
def test_flags_that_cannot_be_heeded_are_refused(
    mine: Command, nodes: Callable[[], int], endpoint: Endpoint, flags: list[str], complaint: str
) -> None:
    ended = mine(*flags)
    assert ended.code == 2
    assert complaint in ended.refusal
    assert (nodes(), endpoint.calls) == (0, [])


def test_a_line_of_fifty_megabytes_is_told_by_number_and_the_rest_is_mined(
    mine: Command, file: Path, records: Callable[[], list[str]]
) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(LINES[0] + '\n{"question": "long?", "answer": "')
        for _ in range(50):
            out.write("x" * (1 << 20))
        out.write('"}\n' + LINES[2] + "\n")
    ended = mine()
    assert ended.code == 0
    said = of_a_run(ended.err)
    assert f"{file}, line 2 is longer than 4,194,304 bytes" in said
    assert said[-1] == f"{file}: 1 lines were of no use; the rest was read"
    assert paths(records()) >= {
        f"{HEALTH} > Sleep > Sleep Quality",
        f"{HOBBIES} > Music Taste > Preferred Genre",
    }


def test_dialogues_that_reveal_nothing_leave_the_tree_as_it_was(
    mine: Command, file: Path, model: MiningModel, records: Callable[[], list[str]]
) -> None:
    model.extra = {HOBBIES: ["Collecting"], HEALTH: ["Sleep Quality"]}
    write(file, [dialogue("144", about="12 times 12?"), dialogue("Lima", about="The capital of Peru?")])
    first = mine()
    assert (first.code, first.out) == (0, "")
    said = of_a_run(first.err)
    assert "2 exchanges, 2 of them new: 2 Non-personalizable, 0 Partially Personalizable, " in first.err
    assert "no dialogue reveals anything about a person; the tree is as it was" in said
    roots = records()
    assert not [path for path in paths(roots) if "Sleep" in path or "Collecting" in path]
    write(file, LINES)
    mine()
    mined = records()
    write(file, [dialogue("7", about="How many days has a week?")])
    again = mine("--json")
    assert (again.code, again.data["state"], again.data["new"]) == (0, "unchanged", 1)
    assert records() == mined


def test_roots_of_the_models_own_invention_never_become_roots(
    mine: Command, file: Path, model: MiningModel, records: Callable[[], list[str]]
) -> None:
    model.roots = {"Wellness": HEALTH, "Stars": "A Domain That Is None"}
    invented = [
        dialogue("Wellness / Sleep / Nap Length = long"),
        dialogue("Narnia / Sleep / Snow Sleep = deep"),
        dialogue("Stars / Sleep / Moon Sleep = short"),
    ]
    write(file, [*LINES, *invented])
    ended = mine()
    assert ended.code == 0
    assert of_a_run(ended.err)
    found = paths(records())
    assert f"{HEALTH} > Sleep > Nap Length" in found
    assert not [path for path in found if "Snow" in path or "Moon" in path or "Narnia" in path]
    roots = {path for path in found if " > " not in path}
    assert len(roots) == 12
    assert {"Narnia", "Stars", "Wellness"} & roots == set()


def test_questions_without_an_answer_end_with_code_1_and_are_asked_again(
    mine: Command, model: MiningModel, records: Callable[[], list[str]]
) -> None:
    model.twist = lambda kind, answers: answers.clear() if kind == "Descriptions" else None
    ended = mine()
    assert ended.code == 1
    assert "4 questions found no usable answer; run the same command again to ask anew" in of_a_run(ended.err)
    model.twist = lambda _kind, _answers: None
    again = mine("--json")
    assert (again.code, again.data["failed"], again.data["described"]) == (0, {}, 4)
    assert any('"description": "What of sleep quality?"' in record for record in records())


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(
    mine: Command,
    surroundings: dict[str, str],
    file: Path,
    bare: Path,
    taxonomy: str,
    endpoint: Endpoint,
    model: MiningModel,
    records: Callable[[], list[str]],
) -> None:
    reached, pressed = threading.Event(), threading.Event()

    def held(call: Call) -> Reply:
        """The first question after the classification is answered when the key is pressed."""
        if call.body["response_format"]["json_schema"]["name"] == "Extractions":
            reached.set()
            assert pressed.wait(60)
        return model(call)

    endpoint.script = held
    line = [sys.executable, "-m", "deeppersona_graph.cli.main", "mine", str(file), "--taxonomy", taxonomy]
    environment = {**os.environ, **surroundings, "DEEPPERSONA_MODEL": "gpt-4o-mini"}
    with subprocess.Popen(
        line, cwd=bare, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert reached.wait(60)
        running.send_signal(signal.SIGINT)
        pressed.set()
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, ""), err
    said = of_a_run(err)
    assert "interrupted; what was answered is kept, and the same command goes on with it" in said
    assert not [path for path in paths(records()) if "Sleep" in path]
    endpoint.script = model
    asked = list(model.asked)
    ended = mine()
    assert ended.code == 0
    assert f"{HEALTH} > Sleep > Sleep Quality" in paths(records())
    assert not set(asked) & set(model.asked[len(asked) :])


def test_why_shows_the_exchange_the_value_and_the_reason(
    mine: Command, command: Command, taxonomy: str
) -> None:
    mine()
    ended = command("taxonomy", "why", "Sleep Quality", "--taxonomy", taxonomy)
    assert (ended.code, ended.err) == (0, "")
    shown = of_a_run(ended.out)
    assert shown[:3] == [
        f"{HEALTH} > Sleep > Sleep Quality",
        "  What of sleep quality?",
        "  2 exchanges at or below it, 2 of its own",
    ]
    assert f"  {HEALTH} > Sleep > Sleep Quality = poor" in shown
    assert "    Q How do you sleep?" in shown
    assert f"    A {SLEEP} = poor" in shown
    assert "    dialogues.jsonl · Personalizable · test: as it says" in shown
    assert any("compare-attributes" in line and line.endswith(" same: compared") for line in shown)
    told = command("taxonomy", "why", "Sleep Quality", "--taxonomy", taxonomy, "--limit", "1", "--json").data
    assert (told["exchanges"], len(told["evidence"])) == (2, 1)
    assert {decision["step"] for decision in told["decisions"]} >= {"compare-attributes", "review-places"}
    above = command("taxonomy", "why", "Sleep", "--taxonomy", taxonomy, "--json").data
    assert {one["value"] for one in above["evidence"]} == {"poor", "restless"}


def test_why_of_what_no_dialogue_speaks_of_says_so(mine: Command, command: Command, taxonomy: str) -> None:
    mine()
    ended = command("taxonomy", "why", "Settlement", "--taxonomy", taxonomy)
    assert (ended.code, ended.err) == (0, "no dialogue stands behind it\n")
    unknown = command("taxonomy", "why", "Sleep Qualty", "--taxonomy", taxonomy)
    assert unknown.code == 2
    assert "nearest: 'Sleep Quality'" in unknown.refusal


@pytest.fixture
def overlapping(command: Command, bare: Path, taxonomy: str) -> None:
    """A tree from two hands, with siblings that are nearly one."""
    named = [[HEALTH, "Sleep", "Sleep Quality"], [HEALTH, "Sleep", "Nightly Sleep Quality"],
             [HEALTH, "Sleep", "Bedtime"]]  # fmt: skip
    lines = [json.dumps({"path": path, "value_type": "ordinal", "values": ["low", "high"]}) for path in named]
    tree = write(bare / "tree.jsonl", lines)
    assert command("taxonomy", "import", str(tree), "--taxonomy", taxonomy).code == 0


@pytest.mark.usefixtures("overlapping")
def test_consolidate_asks_the_model_where_likeness_leaves_a_doubt(
    command: Command, taxonomy: str, endpoint: Endpoint, records: Callable[[], list[str]]
) -> None:
    ended = command("taxonomy", "consolidate", "--taxonomy", taxonomy, "--json")
    assert ended.code == 0
    assert (len(ended.data["merged"]["into"]), ended.data["version"]) == (1, 2)
    assert endpoint.calls
    assert {path for path in paths(records()) if "Sleep" in path} == {
        f"{HEALTH} > Sleep", f"{HEALTH} > Sleep > Sleep Quality", f"{HEALTH} > Sleep > Bedtime",
    }  # fmt: skip
    asked = len(endpoint.calls)
    again = command("taxonomy", "consolidate", "--taxonomy", taxonomy)
    assert (again.code, again.out) == (0, "")
    assert again.err.startswith("no two siblings are one; the tree is as it was\n0 requests, 0 answers")
    assert len(endpoint.calls) == asked


@pytest.mark.usefixtures("overlapping")
def test_consolidate_without_a_model_merges_only_what_is_sure(
    run: Command,
    surroundings: dict[str, str],
    taxonomy: str,
    endpoint: Endpoint,
    records: Callable[[], list[str]],
) -> None:
    before = records()
    ended = run("taxonomy", "consolidate", "--taxonomy", taxonomy, **surroundings)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "no two siblings are one; the tree is as it was\n"
    assert (records(), endpoint.calls) == (before, [])
    ended = run("taxonomy", "consolidate", "--taxonomy", taxonomy, "--sure", "0.7", **surroundings)
    assert ended.code == 0
    assert "attributes became one with another" in ended.err
    assert endpoint.calls == []
    assert len([path for path in paths(records()) if "Sleep Quality" in path]) == 1


def test_consolidate_of_no_taxonomy_is_one_line(command: Command) -> None:
    ended = command("taxonomy", "consolidate", "--taxonomy", "nowhere-at-all")
    assert ended.code == 2
    assert "nowhere-at-all" in ended.refusal
