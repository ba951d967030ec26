"""`deeppersona generate` as people type it: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.settings import Settings

pytestmark = pytest.mark.live


Command = Callable[..., Any]

LINES = [
    json.dumps({"path": [root, f"{root} {n}"], "value_type": "ordinal", "values": ["[red]low[/red]", "high"]})
    for root in ("Alpha", "Beta [b]x[/b]", "Gamma")
    for n in range(8)
]


@pytest.fixture
def tree(imported: Callable[[Sequence[str]], Tree]) -> Tree:
    return imported(LINES)


@pytest.fixture
def command(run: Command, server: tuple[str, ...]) -> Command:
    """Runs `deeppersona …` in this process, on the server of the tests, with room for long names."""
    return lambda *arguments: run(*arguments, *server, COLUMNS="200")


@pytest.fixture
def generate(command: Command, tree: Tree, population: str) -> Command:
    """Runs `generate` for the test's own population and tree, three people of depth 6 with seed 4."""
    wanted = {"--population": population, "--taxonomy": tree.name, "--seed": "4", "--depth": "6", "-n": "3"}

    def run(*arguments: str) -> Any:
        others = [part for key, value in wanted.items() if key not in arguments for part in (key, value)]
        return command("generate", *others, *arguments)

    return run


@pytest.fixture
def mortal(
    settings: Settings,
    server: tuple[str, ...],  # noqa: ARG001
    bare: Path,  # noqa: ARG001
) -> Iterator[tuple[dict[str, str], Callable[[], None]]]:
    """The environment that leads to the server of the tests through a relay, and what ends the relay."""
    endpoint = ensure_running(settings)
    host, _, port = endpoint.uri.rpartition("/")[2].rpartition(":")
    listening = socket.create_server(("127.0.0.1", 0))
    links: list[socket.socket] = [listening]

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                target.sendall(part)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, far = listening.accept()[0], socket.create_connection((host, int(port)))
                links.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    def die() -> None:
        for link in links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    address = f"bolt://127.0.0.1:{listening.getsockname()[1]}"
    own = {"NEO4J_URI": address, "NEO4J_USERNAME": endpoint.username, "NEO4J_PASSWORD": endpoint.password}
    yield {**os.environ, **own}, die
    die()
    accepting.join(10)
    for link in links:
        link.close()


def one_line(ended: Any) -> str:
    """What a command that failed said: one line on stderr, nothing on stdout."""
    assert ended.out == ""
    said = [line for line in ended.err.splitlines() if "values from the bank" not in line]
    assert len(said) == 1, ended.err
    assert said[0].startswith("deeppersona: ")
    return str(said[0])


def test_people_are_shown_as_cards_and_messages_go_to_stderr(
    generate: Command, api: DeepPersona, population: str
) -> None:
    ended = generate()
    assert ended.code == 0
    people = list(api.personas(population))
    assert len(people) == 3
    for person in people:
        assert person.situation.name in ended.out
        assert f"{person.id} · {population} #{person.index} · 6 attributes" in ended.out
    assert ended.out.count("[red]low[/red]") == sum(
        one.value == "[red]low[/red]" for person in people for one in person.traits
    )
    assert f"population {population}, seed 4: values from the bank" in ended.err
    assert f"deeppersona show {people[0].id}" in ended.err


def test_many_people_are_listed(generate: Command, api: DeepPersona, population: str) -> None:
    ended = generate("-n", "23")
    assert ended.code == 0
    people = list(api.personas(population))
    assert [person.id in ended.out for person in people] == [True] * 20 + [False] * 3
    assert f"… and 3 more: deeppersona list --population {population}" in ended.out


@pytest.mark.parametrize("name", ["[/closing] :smile: [bold]", "a'b\"c; DROP {x}", "🫖 名"])
def test_a_population_may_have_any_name(
    generate: Command, command: Command, name: str, api: DeepPersona
) -> None:
    try:
        ended = generate("--population", name, "-n", "21")
        assert ended.code == 0
        assert f"deeppersona list --population {shlex.quote(name)}" in ended.out
        assert f"{name}  21 people, seed 4" in command("list").out
        assert len(json.loads(command("list", "--population", name, "--json").out)) == 21
    finally:
        api.delete(population=name)


def test_json_on_stdout_names_who_was_made(generate: Command, api: DeepPersona, population: str) -> None:
    ended = generate("--json")
    ids = [person.id for person in api.personas(population)]
    assert json.loads(ended.out) == {
        "population": population, "seed": 4, "count": 3, "made": ids, "there_already": [],
        "model": None, "failed": [], "waiting": 0, "files": [], "report": None,
    }  # fmt: skip
    again = generate("-n", "5", "--json")
    made = [person.id for person in api.personas(population)][3:]
    assert json.loads(again.out)["made"] == made
    assert json.loads(again.out)["there_already"] == ids
    assert "3 of 5 people there already" in again.err


def test_a_finished_population_is_shown_again(generate: Command, population: str) -> None:
    first = generate()
    again = generate()
    assert (again.code, again.out) == (0, first.out)
    assert f"the population {population} has its 3 people already; nothing was left to do" in again.err


def test_a_finished_population_of_many_names_the_commands_that_show_it(
    generate: Command, api: DeepPersona, population: str
) -> None:
    generate("-n", "4")
    again = generate("-n", "4")
    assert (again.code, again.out) == (0, "")
    assert f"the population {population} has its 4 people already; nothing was left to do" in again.err
    someone = next(iter(api.personas(population))).id
    shown = f"deeppersona list --population {population}; see one with: deeppersona show {someone}"
    assert shown in again.err


def test_a_server_that_goes_away_leaves_one_line_with_the_seed_that_goes_on(
    mortal: tuple[dict[str, str], Callable[[], None]],
    command: Command,
    tree: Tree,
    population: str,
    api: DeepPersona,
    bare: Path,
) -> None:
    environment, die = mortal
    wanted = ["generate", "--taxonomy", tree.name, "--population", population, "--depth", "6"]
    line = [sys.executable, "-m", "deeppersona_graph.cli.main", *wanted, "-n", "5000"]
    with subprocess.Popen(
        line, cwd=bare, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        announced = running.stderr.readline()
        deadline = time.monotonic() + 60
        while not {population: 0, **{row["name"]: row["size"] for row in api.populations()}}[population]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        die()
        out, said = running.communicate(timeout=120)
    assert (running.returncode, out, said.count("\n")) == (1, "", 1)
    found = re.search(r"deeppersona: .* went away; what was finished is kept, .*--seed (\d+)", said)
    assert found is not None, said
    assert f"seed {found[1]}:" in announced
    there = len(list(api.personas(population)))
    again = command(*wanted, "-n", str(there + 1), "--seed", found[1], "--json")
    assert there > 0
    assert (len(again.data["made"]), len(again.data["there_already"])) == (1, there)


def test_without_a_seed_one_is_drawn_and_told(
    command: Command, tree: Tree, population: str, api: DeepPersona
) -> None:
    ended = command("generate", "--population", population, "--taxonomy", tree.name, "--depth", "5", "--json")
    seed = json.loads(ended.out)["seed"]
    assert f"population {population}, seed {seed}:" in ended.err
    (person,) = api.personas(population)
    assert person.seed == seed


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet"])
def test_out_writes_the_whole_population(generate: Command, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"people.{ending}"
    ended = generate("--out", str(file))
    assert ended.code == 0
    assert f"3 personas written to {file}" in ended.err
    assert file.stat().st_size > 100
    file.unlink()
    assert generate("-n", "4", "--out", str(file)).code == 0
    if ending == "jsonl":
        assert len(file.read_text("utf-8").splitlines()) == 4


def test_every_option_reaches_the_people(generate: Command, api: DeepPersona, population: str) -> None:
    ended = generate(
        "--country", "Kenya", "--country", "JP", "--age", "30:35", "--gender", "woman",
        "--sampling", "uniform",
        "--anchor", "Alpha 3=HIGH", "--anchor", "occupation=night porter", "--strata", "1:1:1",
        "--bias", "Gamma=0", "--alpha", "0", "--beta", "1", "--bio", "Likes fog.", "--bio-unread",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    for person in api.personas(population):
        own = person.situation
        assert own.country in ("KE", "JP")
        assert 30 <= own.age <= 35
        assert (own.sex, own.occupation, person.biography) == ("female", "night porter", "Likes fog.")
        assert {one.path[0] for one in person.traits} <= {"Alpha", "Beta [b]x[/b]"}
        assert [one.value for one in person.traits if one.source == "given"] == ["high"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-n", "0"], "a count of 0: expected 1 to 1000000 people"),
        (["-n", "-2"], "a count of -2"),
        (["--depth", "0"], "a depth of 0"),
        (["--depth", "25"], "only 24 attributes apply"),
        (["--country", "Cananda"], "no country is called 'Cananda'; nearest: 'Canada'"),
        (["--anchor", "city=Nairobbi"], "'Nairobi'"),
        (["--anchor", "Alfa 3=high"], "'Alpha 3'"),
        (["--anchor", "Alpha 3=higher"], "'higher' is no value of 'Alpha > Alpha 3'; expected one of "),
        (["--anchor", "Alpha 3"], "has no '='"),
        (["--bias", "Delta=2"], "no attribute is called 'Delta'"),
        (["--bias", "Alpha"], "--bias is 'Alpha'; expected Branch=factor"),
        (["--bias", "Alpha=much"], "expected Branch=factor"),
        (["--bias", "Alpha=2", "--bias", "Beta [b]x[/b]=1", "--bias", " alpha = 3"],
         "--bias is given twice for 'alpha'"),
        (["--bias", "Alpha=nan"], "expected a factor from 0 to 1000"),
        (["--strata", "5:3"], "--strata is '5:3'"),
        (["--strata", "²:1:1"], "--strata is '²:1:1'"),
        (["--strata", "-1:1:1"], "--strata is '-1:1:1'"),
        (["--strata", "0:0:0"], "strata 0:0:0"),
        (["--age", "old"], "the age is 'old'"),
        (["--age", "45:30"], "ages 45 to 30"),
        (["--age", "7"], "ages 7 to 7"),
        (["--gender", "robot"], "'robot' is no value of"),
        (["--alpha", "nan"], "alpha is nan"),
        (["--seed", "-5"], "the seed -5 is out of range"),
        (["--seed", str(2**63)], "is out of range"),
        (["--bio", "A farmer."], "must be given beside it"),
        (["--out", "people.txt"], "ends in '.txt'; expected one of"),
        (["--taxonomy", "nowhere to be found"], "no taxonomy is called"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line_and_exit_code_2(
    generate: Command, api: DeepPersona, population: str, arguments: list[str], says: str
) -> None:
    ended = generate(*arguments)
    assert says in one_line(ended)
    assert ended.code == 2
    assert population not in {row["name"] for row in api.populations()}


@pytest.mark.parametrize(
    "arguments", [["--sampling", "luck"], ["-n", "many"], ["--depth", "2.5"], ["--nothing"]]
)
def test_wrong_usage_is_exit_code_2(generate: Command, arguments: list[str]) -> None:
    ended = generate(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert arguments[0] in ended.err


def test_a_model_that_is_not_there_is_a_missing_prerequisite(generate: Command) -> None:
    ended = generate("--values", "model")
    assert ended.code == 3
    assert "no language model is named; name one with --model" in one_line(ended)


def test_a_tree_of_bare_names_is_a_missing_prerequisite(
    command: Command, imported: Callable[[Sequence[str]], Tree], population: str
) -> None:
    tree = imported(['{"Sport": {"Ball": {}}}'])
    ended = command("generate", "--taxonomy", tree.name, "--population", population, "--depth", "1")
    assert ended.code == 3
    line = one_line(ended)
    assert "deeppersona taxonomy describe" in line
    assert "--values model" in line


def test_another_specification_is_refused_and_changes_nothing(
    generate: Command, api: DeepPersona, population: str
) -> None:
    generate()
    before = list(api.personas(population))
    ended = generate("-n", "5", "--depth", "7")
    assert ended.code == 2
    assert f"the population {population!r} was made with depth 6, now 7" in one_line(ended)
    assert list(api.personas(population)) == before


def test_a_file_that_cannot_be_written_is_told_before_anybody_is_made(
    generate: Command, api: DeepPersona, population: str, tmp_path: Path
) -> None:
    ended = generate("--out", str(tmp_path / "no folder" / "people.csv"))
    assert ended.code == 2
    assert "cannot write" in one_line(ended)
    assert population not in {row["name"] for row in api.populations()}
