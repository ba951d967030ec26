"""`deeppersona why` as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.persona import Persona, shown_value
from deeppersona_graph.model.tree import Tree, shown

pytestmark = pytest.mark.live

Command = Callable[..., Any]

LINES = [
    json.dumps({"path": ["Own [i]root[/i]", f"N{n}"], "value_type": "ordinal", "values": ["[x]", "[/y]"]})
    for n in range(8)
]


@pytest.fixture
def command(run: Command, server: tuple[str, ...]) -> Command:
    """Runs `deeppersona why …` in this process, on the server of the tests."""
    return lambda *arguments: run("why", *arguments, *server)


@pytest.fixture
def person(api: DeepPersona, imported: Callable[[Sequence[str]], Tree], population: str) -> Persona:
    """Somebody with five of eight attributes."""
    (found,) = api.generate(1, population=population, taxonomy=imported(LINES).name, depth=5, seed=2)
    return found


def test_the_chain_is_told_from_the_value_back(command: Command, person: Persona) -> None:
    trait = person.traits[1]
    ended = command(person.id, trait.path[-1])
    assert (ended.code, ended.err) == (0, "")
    first, *rest = ended.out.splitlines()
    assert first == f"{shown(trait.path)} = {shown_value(trait.value)}"
    told = "\n".join(rest)
    for text in (
        "drawn from the values that the taxonomy admits",
        "base rate: 50 %",
        f"{person.situation.name} ({person.id}), number 0 of {person.population}, seed 2, own seed ",
        "(generate, finished)",
        "without a language model",
        f"selection: place 2, {trait.stratum}, similarity ",
        "  arrival ",
        "no dialogue stands behind the attribute",
    ):
        assert text in told


def test_a_core_attribute_names_its_tables(command: Command, person: Persona) -> None:
    ended = command(person.id, "faith")
    assert ended.code == 0
    assert "faith.csv" in ended.out
    assert "selection: none; every persona has the core attributes" in ended.out


def test_json_is_the_same_as_data(command: Command, person: Persona, api: DeepPersona) -> None:
    trait = person.traits[0]
    found = command(person.id[:10], trait.path[-1], "--json").data
    assert found == json.loads(json.dumps(api.why(person.id, trait.path[-1]).plain()))
    assert (found["value"], found["order"], found["source"]) == (trait.value, 1, "bank")
    assert found["attribute"] == {"id": trait.attribute, "path": list(trait.path)}
    assert found["place"]["stratum"] == trait.stratum


def test_an_attribute_that_the_person_lacks_is_wrong_input(command: Command, person: Persona) -> None:
    lacking = next(f"N{n}" for n in range(8) if f"N{n}" not in {trait.path[-1] for trait in person.traits})
    ended = command(person.id, lacking)
    assert ended.code == 2
    assert f"has no 'Own [i]root[/i] > {lacking}': it was " in ended.refusal
    assert "nearest of what there is: Own [i]root[/i] > N" in ended.refusal


def test_unknown_names_are_wrong_input(command: Command, person: Persona) -> None:
    assert "no attribute is called 'Nothing'" in command(person.id, "Nothing").refusal
    assert command("Nobody Here", "N1").code == 2
