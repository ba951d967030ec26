"""`deeppersona show | list | export | delete` as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live


Command = Callable[..., Any]

NAME = "Ann [bold]O'Markup[/bold] :smile:"
LINES = [
    json.dumps({"path": ["Own [i]root[/i]", f"N{n}"], "value_type": "ordinal", "values": ["[x]", "[/y]"]})
    for n in range(8)
]


@pytest.fixture
def command(run: Command, server: tuple[str, ...]) -> Command:
    """Runs `deeppersona …` in this process, on the server of the tests, with room for long names."""
    return lambda *arguments: run(*arguments, *server, COLUMNS="200")


@pytest.fixture
def people(api: DeepPersona, imported: Callable[[Sequence[str]], Tree], population: str) -> list[Persona]:
    """Three people of one name, full of brackets."""
    tree = imported(LINES)
    wanted: dict[str, Any] = {"taxonomy": tree.name, "depth": 5, "seed": 2}
    return list(
        api.generate(3, population=population, anchors={"name": NAME, "values": "[u]care[/u]"}, **wanted)
    )


def test_show_prints_a_card_with_names_as_they_are(command: Command, people: list[Persona]) -> None:
    ended = command("show", people[1].id)
    assert (ended.code, ended.err) == (0, "")
    for text in (NAME, "[u]care[/u]", "Own [i]root[/i] (5)", people[1].id, people[1].situation.city):
        assert text in ended.out
    shown = {one.value for one in people[1].traits}
    assert all(str(value) in ended.out for value in shown)


def test_show_takes_the_beginning_of_an_id_and_gives_json(command: Command, people: list[Persona]) -> None:
    ended = command("show", people[0].id[:10], "--json")
    found = json.loads(ended.out)
    assert (found["id"], found["situation"]["name"]) == (people[0].id, NAME)
    assert len(found["attributes"]) == 5


def test_show_of_a_name_that_several_bear_lists_their_ids(command: Command, people: list[Persona]) -> None:
    ended = command("show", NAME)
    assert ended.code == 2
    assert all(person.id in ended.refusal for person in people)


def test_show_of_nobody_is_told(command: Command, people: list[Persona]) -> None:
    ended = command("show", "Nobody Here")
    assert ended.code == 2
    assert "no persona is called 'Nobody Here'" in ended.refusal
    assert people


def test_list_shows_populations_and_people(command: Command, people: list[Persona], population: str) -> None:
    every = command("list", "--json")
    assert population in {row["name"] for row in json.loads(every.out)["populations"]}
    assert f"{population}  3 people, seed 2" in command("list").out
    own = command("list", "--population", population)
    assert own.out.count(NAME) == 3
    some = json.loads(
        command("list", "--population", population, "--limit", "1", "--skip", "1", "--json").out
    )
    assert [row["id"] for row in some] == [people[1].id]
    assert command("list", "--limit", "0").code == 2


def test_an_unknown_population_is_told_by_every_command(
    command: Command, people: list[Persona], population: str, tmp_path: Path
) -> None:
    name = population[:-1] + "§"
    for arguments in (
        ["list", "--population", name],
        ["export", name, str(tmp_path / "x.csv")],
        ["delete", "--population", name, "--yes"],
    ):
        ended = command(*arguments)
        assert ended.code == 2
        assert f"no population is called {name!r}; nearest: {population!r}" in ended.refusal
    assert list(tmp_path.glob("x*")) == []
    assert people


def test_export_writes_and_counts(
    command: Command, people: list[Persona], population: str, tmp_path: Path
) -> None:
    file = tmp_path / "[b]people.jsonl"
    ended = command("export", population, str(file))
    assert (ended.code, ended.out) == (0, "")
    assert f"3 personas written to {file}" in ended.err
    told = json.loads(command("export", population, str(tmp_path / "x"), "--format", "csv", "--json").out)
    assert told == {"population": population, "file": str(tmp_path / "x"), "personas": len(people)}


@pytest.mark.parametrize("file", ["x.docx", "no/folder/x.csv", "x"])
def test_export_to_where_it_cannot_go_is_told(
    command: Command, people: list[Persona], population: str, tmp_path: Path, file: str
) -> None:
    ended = command("export", population, str(tmp_path / file))
    assert ended.code == 2
    assert str(tmp_path / file) in ended.refusal
    assert people


def test_control_characters_never_reach_the_terminal(
    command: Command, imported: Callable[[Sequence[str]], Tree], population: str, api: DeepPersona
) -> None:
    noisy = "\x1b]0;gone\x07\x1b[31m\x9b"
    spelled = r"\x1b]0;gone\x07\x1b[31m\x9b"
    tree = imported(
        [json.dumps({"path": [f"Own {noisy}", "Leaf"], "value_type": "ordinal", "values": [f"a{noisy}b"]})]
    )
    loud = f"{population}{noisy}"
    wanted: dict[str, Any] = {"taxonomy": tree.name, "depth": 1, "seed": 2, "biography_unread": True}
    try:
        (person,) = api.generate(1, population=loud, anchors={"name": f"Ann{noisy}"}, bio=noisy, **wanted)
        made = command(
            "generate", "--population", loud, "--taxonomy", tree.name, "--depth", "1", "--seed", "2",
            "--anchor", f"name=Ann{noisy}", "--bio", noisy, "--bio-unread",
        )  # fmt: skip
        assert (made.code, made.out) == (0, command("show", person.id).out)
        for ended in (
            made,
            command("list"),
            command("list", "--population", loud),
            command("list", "--population", f"{loud}?"),
            command("show", f"Ann{noisy}?"),
            command("delete", person.id),
            command("delete", "--population", loud),
        ):
            assert spelled in ended.out + ended.err
            assert not {"\x1b", "\x07", "\x9b"} & set(ended.out + ended.err)
        for text in (f"Own {spelled} (1)", f"a{spelled}b", f"Ann{spelled}  {person.situation.age}"):
            assert text in made.out
    finally:
        api.delete(population=loud)


def test_a_list_of_several_populations_tells_whose_people_they_are(
    command: Command, people: list[Persona], population: str, api: DeepPersona
) -> None:
    other = f"{population}-2"
    try:
        list(api.generate(1, population=other, taxonomy=people[0].taxonomy, depth=5, seed=3))
        before = [row["name"] for row in api.populations()].index(population)
        skipped = sum(row["size"] for row in api.populations()[:before])
        shown = command("list", "--skip", str(skipped), "--limit", "4").out.splitlines()
        rows = [row.split() for row in shown if row.split()[-1] in (population, other)]
        assert [row[-1] for row in rows] == [population] * 3 + [other]
        assert "population" not in command("list", "--population", other).out.splitlines()[0]
    finally:
        api.delete(population=other)


def test_a_name_of_more_people_than_are_counted_is_said_to_be_so(
    command: Command, people: list[Persona], population: str, api: DeepPersona
) -> None:
    wanted: dict[str, Any] = {"taxonomy": people[0].taxonomy, "depth": 5, "seed": 2}
    given = {"name": NAME, "values": "[u]care[/u]"}
    assert len(list(api.generate(20, population=population, anchors=given, **wanted))) == 17
    assert f"{NAME!r} stands for 20 personas: " in command("show", NAME).refusal
    assert len(list(api.generate(21, population=population, anchors=given, **wanted))) == 1
    assert f"{NAME!r} stands for more than 20 personas: " in command("show", NAME).refusal


def test_delete_names_the_people_in_its_question_and_takes_no_for_an_answer(
    at_terminal: Command, server: tuple[str, ...], people: list[Persona], population: str, api: DeepPersona
) -> None:
    kept = at_terminal("n", "delete", people[0].id, people[1].id[:12], *server)
    assert (kept.code, kept.out) == (1, "")
    named = ", ".join(f"{NAME} ({one.id}, of {population})" for one in people[:2])
    assert f"Delete {named}? [y/N] " in kept.err
    assert "nothing was deleted" in kept.err
    assert list(api.personas(population)) == people


def test_delete_of_a_population_asks_with_its_size_and_goes_by_the_answer(
    at_terminal: Command, server: tuple[str, ...], people: list[Persona], population: str, api: DeepPersona
) -> None:
    gone = at_terminal("y", "delete", "--population", population, "--json", *server)
    assert f"Delete the population {population} with its {len(people)} people? [y/N] " in gone.err
    assert (gone.code, gone.data) == (0, {"deleted": 3})
    assert population not in {row["name"] for row in api.populations()}


def test_delete_without_a_terminal_wants_to_be_told_beforehand(
    command: Command, people: list[Persona], population: str, api: DeepPersona
) -> None:
    for arguments in ([people[0].id], ["--population", population]):
        ended = command("delete", *arguments)
        assert (ended.code, "give --yes" in ended.refusal) == (2, True)
    assert list(api.personas(population)) == people


def test_delete_deletes_and_counts(
    command: Command, people: list[Persona], population: str, api: DeepPersona
) -> None:
    assert command("delete", people[0].id, "--yes", "--json").out.strip() == '{\n  "deleted": 1\n}'
    assert [person.id for person in api.personas(population)] == [people[1].id, people[2].id]
    ended = command("delete", "--population", population, "-y")
    assert (ended.code, ended.out) == (0, "")
    assert "2 personas deleted" in ended.err
    assert population not in {row["name"] for row in api.populations()}


def test_delete_needs_to_know_whom(command: Command, people: list[Persona], population: str) -> None:
    for arguments in ([], [people[0].id, "--population", population]):
        ended = command("delete", *arguments, "--yes")
        assert ended.code == 2
        assert "say whom to delete" in ended.refusal


def test_delete_of_somebody_unknown_deletes_nobody(
    command: Command, people: list[Persona], population: str, api: DeepPersona
) -> None:
    ended = command("delete", people[0].id, "nobody at all", "--yes")
    assert ended.code == 2
    assert "no persona is called 'nobody at all'" in ended.refusal
    assert list(api.personas(population)) == people
