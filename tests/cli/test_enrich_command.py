"""`deeppersona enrich` and `generate --bios` as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.cli.cards import card
from deeppersona_graph.cli.output import out
from deeppersona_graph.model.persona import Persona

pytestmark = pytest.mark.live

Command = Callable[..., Any]


@pytest.fixture
def file(bare: Path) -> Path:
    return bare / "bios.jsonl"


@pytest.fixture
def command(run: Command, server: tuple[str, ...], wanted: list[str]) -> Command:
    """Runs a command for the test's own population and tree, with seed 4, depth 5 and biographies unread."""
    return lambda *arguments: run(*arguments, *wanted, "--bio-unread", *server, COLUMNS="200")


def write(file: Path, *biographies: str) -> None:
    file.write_text("".join(json.dumps({"id": "x", "bio": one}) + "\n" for one in biographies))


def test_few_are_shown_as_cards_and_spoiled_lines_are_told_at_the_end(
    command: Command, file: Path, api: DeepPersona, population: str
) -> None:
    file.write_text('{"bio": "Likes [red]fog."}\n' + '{"no\n' * 7 + '{"bio": "Fears mice."}\n')
    ended = command("enrich", str(file), "--out", "deep.jsonl")
    assert ended.code == 1
    people = list(api.personas(population))
    assert [(one.index, one.origin) for one in people] == [(0, "bios.jsonl:1"), (8, "bios.jsonl:9")]
    assert all(f"{one.id} · {population} #{one.index}" in ended.out for one in people)
    assert "Likes [red]fog." in ended.out
    said = ended.err.splitlines()
    assert [line.split(" is no JSON")[0] for line in said[-6:-1]] == [f"line {n}" for n in range(2, 7)]
    assert said[-1].startswith("7 lines were of no use; mend them where they stand and run this again")
    records = [json.loads(line) for line in (file.parent / "deep.jsonl").read_text("utf-8").splitlines()]
    assert [one["origin"] for one in records] == ["bios.jsonl:1", "bios.jsonl:9"]


def test_generate_takes_the_same_file_and_goes_on_with_it(
    command: Command, file: Path, api: DeepPersona, population: str
) -> None:
    write(file, *(f"Number {n}." for n in range(25)))
    first = command("generate", "--bios", str(file), "-n", "2", "--json")
    assert (first.code, first.data["count"], first.data["there"]) == (0, 2, 0)
    assert first.data["made"] == [one.id for one in api.personas(population)]
    rest = command("enrich", str(file))
    assert rest.code == 0
    assert "2 of 25 lines there already" in rest.err
    assert f"… and 3 more: deeppersona list --population {population}" in rest.out
    assert [one.biography for one in api.personas(population)] == [f"Number {n}." for n in range(25)]
    again = command("generate", "--bios", str(file), "--field", "bio")
    assert (again.code, again.out) == (0, "")
    assert f"the population {population} has 25 people of the file; nothing was left to do" in again.err


def test_json_tells_of_spoiled_lines(command: Command, file: Path) -> None:
    file.write_text('{"bio": "One."}\n{"bio": 7}\n')
    ended = command("enrich", str(file), "--json")
    assert (ended.code, len(ended.data["made"])) == (1, 1)
    assert ended.data["malformed"] == {
        "count": 1, "first": [{"line": 2, "reason": "is of no use: the field 'bio' is no text but 7"}]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["enrich", "nowhere.jsonl"], "cannot read nowhere.jsonl: No such file or directory"),
        (["enrich", "."], "is a folder; expected a biography a line"),
        (["enrich", "bios.jsonl", "--field", "who"], "line 1 has no field 'who'; it has 'id', 'bio'"),
        (["enrich", "bios.jsonl", "--limit", "0"], "a limit of 0"),
        (["enrich", "bios.jsonl", "--out", "people.txt"], "ends in '.txt'"),
        (["enrich", "bios.jsonl", "--country", "Cananda"], "nearest: 'Canada'"),
        (["generate", "--bios", "bios.jsonl", "--bio", "One."], "give --bio or --bios, not both"),
        (["generate", "--field", "bio"], "--field names a field of the file of --bios, and none is given"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(
    command: Command, file: Path, api: DeepPersona, population: str, arguments: list[str], says: str
) -> None:
    write(file, "One.")
    ended = command(*arguments)
    assert ended.code == 2
    assert says in ended.refusal
    assert population not in {row["name"] for row in api.populations()}


def test_a_card_shows_what_a_model_read_and_what_was_left_out(
    command: Command, file: Path, api: DeepPersona, population: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(file, "One.")
    command("enrich", str(file))
    (person,) = api.personas(population)
    told = {
        "read": ("age=34", '["Alpha", "Alpha \\"1\\" = x"]=high'),
        "unread": ("country=Narnia: no country is called 'Narnia'",),
    }
    fields = {name: getattr(person, name) for name in person.__dataclass_fields__}
    capsys.readouterr()
    out.print(card(Persona(**{**fields, **told})), soft_wrap=False)
    shown = capsys.readouterr().out
    assert 'Alpha > Alpha "1" = x=high' in shown
    lines = {line.strip("│ ").partition("  ")[0]: line for line in shown.splitlines()}
    assert "age=34" in lines["read"]
    assert "country=Narnia: no country is called 'Narnia'" in lines["left out"]
