"""Switches of generation with a model: proofreading, the paper's ablations, and what a run will cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Endpoint, Reply, said
from model_endpoint import Provider, counting_script, person_script, phrase, question, schema_name

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import BudgetError, InputError, PrerequisiteError
from deeppersona_graph.model.persona import Persona
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.anchor import situate
from deeppersona_graph.personas.anchors import resolve_anchors
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.violations import violations
from deeppersona_graph.personas.workers import BATCH
from deeppersona_graph.taxonomy.store import erase_tree

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]
Rows = list[dict[str, Any]]
DEPTH = 14
WAVES = 12
"""More are not needed for people of whom little is asked."""


@pytest.fixture
def wanted(small: Tree, population: str) -> dict[str, Any]:
    return {"population": population, "taxonomy": small.name, "depth": DEPTH, "seed": 1}


def also(schema: str, answer: Callable[[Call], dict[str, Any]]) -> Callable[[Call], Reply]:
    """The good model, which answers questions of one more kind."""

    def script(call: Call) -> Reply:
        return said(json.dumps(answer(call))) if schema_name(call) == schema else person_script(call)

    return script


def asked(endpoint: Endpoint, schema: str) -> list[Call]:
    return [call for call in endpoint.calls if schema_name(call) == schema]


def values(person: Persona) -> dict[str, Any]:
    return {trait.attribute: trait.value for trait in person.traits}


# Proofreading


MENDING = "\n\nWhat stood there before could not stand:"


def complaining_of(*lines: int) -> Callable[[Call], Reply]:
    """The good model, which finds these lines contradictory and gives other values for them."""
    contradictions = [{"line": line, "reason": "It clashes with the stories."} for line in lines]
    usual = also("Contradictions", lambda _: {"contradictions": contradictions})

    def script(call: Call) -> Reply:
        *before, last = call.body["messages"]
        asked_for, mending, _ = last["content"].partition(MENDING)
        if not mending:
            return usual(call)
        return usual(replace(call, body={**call.body, "messages": [*before, {**last, "content": asked_for}]}))

    return script


def test_proofreading_fills_the_lines_anew_that_contradict_and_no_others(
    asking: Asking, small: Tree, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    first = next(iter(asking().generate(1, **wanted, narrative="none")))
    wrong = [
        trait.order
        for trait in first.traits
        if trait.order
        and not any(r.attribute == trait.attribute for a in small.attributes for r in a.requires)
    ][:3]
    api.delete(population=wanted["population"])
    endpoint.script = complaining_of(*wrong, 99, 0)
    run = asking().generate(1, **wanted, narrative="none", check=True)
    people = list(run)
    assert run.failed == []
    found = people[0]
    assert violations(found, small) == []
    assert [trait.attribute for trait in found.traits] == [trait.attribute for trait in first.traits]
    for before, after in zip(first.traits, found.traits, strict=True):
        if before.order not in wrong:
            assert after == before
        else:
            assert after.request != before.request
    mending = asked(endpoint, "AttributeValues")[-1]
    assert question(mending).count("It clashes with the stories.") == len(wrong)
    kept_out = {trait.path[-1] for trait in first.traits if trait.order in wrong}
    record = question(mending).rpartition("\n\nFill in now")[0]
    assert not any(re.search(rf"> {name}: ", record) for name in kept_out)


def test_proofreading_never_touches_what_is_given(
    asking: Asking, endpoint: Endpoint, wanted: dict[str, Any]
) -> None:
    endpoint.script = complaining_of(*range(1, DEPTH + 1))
    run = asking().generate(1, **wanted, anchors={"Snow": "shovel", "country": "Canada"}, check=True)
    found = next(iter(run))
    assert values(found)[next(t.attribute for t in found.traits if t.path[-1] == "Snow")] == "shovel"
    assert run.failed == []


def test_a_line_for_which_nothing_better_comes_keeps_what_it_has(
    asking: Asking, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    first = next(iter(asking().generate(1, **wanted, narrative="none")))
    api.delete(population=wanted["population"])
    contradicting = complaining_of(*range(1, DEPTH + 1))

    def stubborn(call: Call) -> Reply:
        if schema_name(call) == "AttributeValues" and MENDING in question(call):
            return said(json.dumps({"attributes": [{"id": 1, "values": []}, {"id": 2, "values": ["!?"]}]}))
        return contradicting(call)

    endpoint.script = stubborn
    found = next(iter(asking().generate(1, **wanted, narrative="none", check=True)))
    closed = {t.attribute for t in found.traits if t.path[-1] not in ("Feeding",)}
    assert {a: v for a, v in values(found).items() if a in closed} == {
        a: v for a, v in values(first).items() if a in closed
    }


def linked(call: Call) -> Callable[[Call], Reply]:
    """Contradictions of the lines of Pet and Feeding in the record that is proofread, if it has both."""
    numbers = dict(
        reversed(one)
        for one in re.findall(r"^(\d+)\. (?:.+ > )?(Pet|Feeding): ", question(call), re.MULTILINE)
    )
    return complaining_of(*map(int, numbers.values())) if len(numbers) == 2 else complaining_of()


@pytest.mark.parametrize("pet", ["none", "dog", "cat"])
def test_proofreading_two_linked_lines_at_once_leaves_no_violation(
    asking: Asking, small: Tree, endpoint: Endpoint, wanted: dict[str, Any], pet: str
) -> None:
    mended: list[list[dict[str, Any]]] = []

    def script(call: Call) -> Reply:
        if schema_name(call) != "AttributeValues" or MENDING not in question(call):
            return (linked(call) if schema_name(call) == "Contradictions" else complaining_of())(call)
        asked_for = re.findall(r"^(\d+)\. (?:.+ > )?(Pet|Feeding) ", question(call), re.MULTILINE)
        answers = {"Pet": pet, "Feeding": "only what it hunts"}
        mended.append([{"id": int(number), "values": [answers[name]]} for number, name in asked_for])
        return said(json.dumps({"attributes": mended[-1]}))

    endpoint.script = script
    run = asking().generate(8, **{**wanted, "depth": 34}, narrative="none", check=True)
    people = list(run)
    assert run.failed == []
    assert [violations(person, small) for person in people] == [[]] * 8
    assert [len(person.traits) for person in people] == [34] * 8
    assert any(len(answers) == 2 for answers in mended)
    feedings = {trait.value for person in people for trait in person.traits if trait.path[-1] == "Feeding"}
    assert "only what it hunts" in feedings


def test_a_model_that_refuses_to_proofread_leaves_the_person_as_it_was(
    asking: Asking, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    first = next(iter(asking().generate(1, **wanted, narrative="none")))
    api.delete(population=wanted["population"])

    def refusing(call: Call) -> Reply:
        if schema_name(call) == "Contradictions":
            return said(None, refusal="I do not judge people.")
        return person_script(call)

    endpoint.script = refusing
    run = asking().generate(1, **wanted, narrative="none", check=True)
    assert list(run) == [first]
    assert run.failed == []
    assert asked(endpoint, "Contradictions") != []


# The paper's ablations


def naming(call: Call) -> dict[str, Any]:
    """Names as many as asked for, one of them twice and one that is none."""
    count = int(re.search(r"Name (\d+) further", question(call))[1])  # type: ignore[index]
    record = question(call).count("\n")
    fresh = [
        {
            "path": ["Daily Life", f"Side {(record + n) % 3}", f"Matter {record}-{n}"],
            "value": phrase(3, record, n),
        }
        for n in range(count)
    ]
    return {"attributes": [*fresh, fresh[0], {"path": ["Lone"], "value": "x"}]}


def test_attributes_that_the_model_names_live_in_a_taxonomy_of_the_population(
    asking: Asking, small: Tree, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    endpoint.script = also("NamedAttributes", naming)
    named = f"{wanted['population']} (named)"
    erase_tree(api.graph, named)
    try:
        dp = asking()
        run = dp.generate(
            3, **wanted, attributes="model", chunk=5, anchors={"Snow": "shovel"}, country="Canada"
        )
        people = list(run)
        assert run.failed == []
        assert len(asked(endpoint, "NamedAttributes")) == 3 * 3
        tree = api.tree(named)
        assert set(tree.core) == set(small.core)
        for person in people:
            assert len(person.traits) == len({trait.path for trait in person.traits}) == DEPTH
            assert person.traits[0].value == "shovel"
            assert all(tree.by_id[trait.attribute].path == trait.path for trait in person.traits)
            assert person.taxonomy == named
        assert list(api.personas(wanted["population"])) == sorted(people, key=lambda person: person.index)
    finally:
        api.delete(population=wanted["population"])
        erase_tree(api.graph, named)


def test_a_model_that_names_nothing_new_fails_its_persona_with_the_reason(
    asking: Asking, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    same = {"attributes": [{"path": ["Life", "Tea"], "value": "green"}]}
    endpoint.script = also("NamedAttributes", lambda _: same)
    run = asking().generate(1, **wanted, attributes="model")
    try:
        assert list(run) == []
        assert [name for name, _ in run.failed] == ["#0"]
        assert "named 1 attributes and no more, 14 were asked for" in run.failed[0][1]
    finally:
        erase_tree(api.graph, f"{wanted['population']} (named)")


def test_a_core_path_that_the_model_names_does_not_count(
    asking: Asking, small: Tree, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    cores = [{"path": list(one.path), "value": "34"} for one in small.core.values()]

    def script(call: Call) -> dict[str, Any]:
        return {"attributes": [*cores, *naming(call)["attributes"]]}

    endpoint.script = also("NamedAttributes", script)
    named = f"{wanted['population']} (named)"
    erase_tree(api.graph, named)
    try:
        run = asking().generate(1, **wanted, attributes="model", narrative="none")
        (person,) = list(run)
        assert run.failed == []
        assert len(person.traits) == DEPTH
        core = {one.path for one in small.core.values()}
        assert [trait.path for trait in person.traits if trait.path in core] == []
    finally:
        api.delete(population=wanted["population"])
        erase_tree(api.graph, named)


def test_without_a_core_what_is_given_of_it_is_kept(
    asking: Asking, small: Tree, wanted: dict[str, Any]
) -> None:
    given = {"values": "Holds that a promise is a debt"}
    bio = "age=34; interests=chess; interests=old maps"
    run = asking().generate(2, **wanted, core=False, anchors=given, bio=bio)
    people = list(run)
    assert run.failed == []
    for person in people:
        assert violations(person, small) == []
        assert (person.situation.age, person.inner.values) == (34, given["values"])
        assert person.inner.interests == ("chess", "old maps")
        assert (person.inner.attitude, person.inner.stories) == ("", ())


def test_without_a_core_nothing_of_the_person_is_told_to_the_model(
    asking: Asking, small: Tree, endpoint: Endpoint, wanted: dict[str, Any]
) -> None:
    people = list(asking().generate(3, **wanted, core=False))
    assert {schema_name(call) for call in endpoint.calls} == {"AttributeValues", "Portrait"}
    for person in people:
        assert violations(person, small) == []
        assert (person.inner.values, person.inner.stories) == ("", ())
        assert {trait.source for trait in person.core} == {"table"}
    fills = [question(call) for call in asked(endpoint, "AttributeValues")]
    assert all(text.startswith("A person.\n") for text in fills)
    assert not any(person.situation.city in text for person in people for text in fills)


def test_all_at_once_asks_once_for_what_needs_nothing_before(
    asking: Asking, small: Tree, endpoint: Endpoint, wanted: dict[str, Any]
) -> None:
    person = next(iter(asking().generate(1, **wanted, fill="all-at-once")))
    assert violations(person, small) == []
    assert len(person.traits) == DEPTH
    first = asked(endpoint, "AttributeValues")[0]
    assert "On record so far:\nnothing yet" in question(first)
    assert (
        len(re.findall(r"^\d+\. ", question(first).rpartition("Fill in now")[2], re.MULTILINE)) > DEPTH // 2
    )


@pytest.mark.parametrize(
    "switch",
    [
        {"fill": "all-at-once"},
        {"core": False},
        {"attributes": "model"},
        {"check": True},
        {"narrative": "rich"},
    ],
)
def test_what_needs_a_model_says_so_without_one(
    api: DeepPersona, wanted: dict[str, Any], switch: dict[str, Any]
) -> None:
    with pytest.raises(PrerequisiteError, match="needs a language model; name one with --model"):
        api.generate(1, **wanted, **switch)


# Two batches of people


@pytest.fixture
def counting(wanted: dict[str, Any]) -> dict[str, Any]:
    """What is asked for where uses are counted, and little of each person; with this seed, somebody of the
    second batch would have a name of the first, were it free."""
    return {
        **wanted,
        "seed": 12,
        "country": "South Korea",
        "beta": 1.0,
        "core": False,
        "narrative": "none",
    }


MANY = BATCH + 3


def test_names_do_not_repeat_from_batch_to_batch(
    asking: Asking, small: Tree, counting: dict[str, Any]
) -> None:
    asked_for = Specification(taxonomy=small.name, countries=(counting["country"],))
    anchors = resolve_anchors(asked_for, small, Constraints(small))
    drawn = [situate(anchors, asked_for.sampling, counting["seed"], n).name for n in range(MANY)]
    assert set(drawn[:BATCH]) & set(drawn[BATCH:]), "the seed proves nothing any more; take another"
    run = asking().generate(MANY, **counting)
    assert len({person.situation.name for person in run}) == MANY
    assert run.failed == []


def test_where_uses_are_counted_a_run_that_stopped_is_gone_on_with_to_equal_people(
    asking: Asking, counting: dict[str, Any], api: DeepPersona
) -> None:
    whole = asking().generate(MANY, **counting)
    list(whole)
    assert whole.failed == []
    people = list(api.personas(counting["population"]))
    assert [person.index for person in people] == list(range(MANY))

    api.delete(population=counting["population"])
    dp = asking("anew")
    stopped = dp.generate(MANY, **counting)
    list(islice(stopped, 7))
    stopped.close()
    assert 7 <= len(list(api.personas(counting["population"]))) < MANY
    list(dp.generate(MANY, **counting))
    assert list(api.personas(counting["population"])) == people


def test_where_uses_are_counted_the_second_batch_waits_for_the_files_of_the_first(
    asking: Asking, counting: dict[str, Any], tmp_path: Path, endpoint: Endpoint
) -> None:
    dp, responses = asking(), tmp_path / "responses.jsonl"
    firsts, seconds = set(range(BATCH)), set(range(BATCH, MANY))
    there: set[int] = set()
    for _ in range(WAVES):
        run = dp.generate(MANY, via="batch", **counting)
        before, made = there, {person.index for person in run}
        there = before | made
        assert run.failed == []
        assert firsts <= there or not made & seconds
        assert run.parked == len((firsts if not firsts <= there else seconds) - there)
        if not run.parked:
            break
        for file in run.files:
            Provider().answer(file, responses)
            dp.batch_import(responses)
    assert there == firsts | seconds
    assert endpoint.calls == []


# Cost


TELLING = (
    *("Tea=green", "Breakfast=porridge", "Sport=swimming", "Music=old waltzes", "Sleep=six hours"),
    *("Pets=two cats", "Savings=few", "Commute=by tram", "Reading=crime novels", "Dreams=a small farm"),
)
"""Facts of biographies."""


@pytest.mark.parametrize(
    "switches", [{}, {"narrative": "biography", "check": True}, {"chunk": 1}, {"biographies": True}]
)
def test_a_forecast_is_within_15_percent_of_the_run(
    asking: Asking,
    endpoint: Endpoint,
    wanted: dict[str, Any],
    human: Tree,
    tmp_path: Path,
    switches: dict[str, Any],
) -> None:
    """On the bundled tree, where the sample is a part of the people."""

    def proofread(call: Call) -> Reply:
        if schema_name(call) == "Contradictions":
            return said('{"contradictions": []}')
        return counting_script(call)

    endpoint.script = proofread
    depth = 30 if switches else 100
    asked_for = {**wanted, "taxonomy": human.name, "depth": depth}
    if "biographies" in switches:
        file = tmp_path / "biographies.txt"
        told = ["; ".join([f"age={30 + n}", *TELLING[n % 4 : n % 4 + 3 + n % 5]]) for n in range(12)]
        file.write_text("\n".join(told), "utf-8")
        run = asking().enrich(file, **asked_for)
    else:
        run = asking().generate(12, **asked_for, **switches)
    forecast = run.forecast()
    assert endpoint.calls == []
    list(run)
    assert run.failed == []
    assert forecast.people == 12
    assert run.report.cost is not None
    for told, true in (
        (forecast.requests, run.report.events["asked"]),
        (forecast.tokens.sent, run.report.tokens.sent),
        (forecast.tokens.received, run.report.tokens.received),
        (forecast.cost, run.report.cost),
    ):
        assert true * 0.85 <= told <= true * 1.15, (told, true)
    assert bool(asked(endpoint, "PlacedFacts")) == ("biographies" in switches)


def test_a_forecast_leaves_nothing_behind(
    asking: Asking, endpoint: Endpoint, wanted: dict[str, Any], cypher: Callable[..., Rows]
) -> None:
    run = asking().generate(1000, **wanted)
    forecast = run.forecast()
    run.close()
    assert (forecast.people, endpoint.calls) == (1000, [])
    left = "MATCH (n) WHERE (n:Population AND n.name = $p) OR n.population = $p RETURN labels(n)"
    assert cypher(left, p=wanted["population"]) == []


def test_without_a_model_there_is_nothing_to_forecast(api: DeepPersona, wanted: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="nothing is spent without a language model"):
        api.generate(1, **wanted).forecast()


def test_a_budget_ends_the_run_before_it_is_exceeded_and_more_money_goes_on(
    asking: Asking, endpoint: Endpoint, wanted: dict[str, Any], api: DeepPersona
) -> None:
    endpoint.script = counting_script
    dp = asking()
    full = dp.generate(8, **wanted).forecast().cost
    assert full is not None
    run = dp.generate(8, **wanted, budget=full / 2)
    with pytest.raises(BudgetError, match="raise --budget, or run again, to go on"):
        list(run)
    assert run.report.cost is not None
    assert 0 < run.report.cost <= full / 2
    spent = len(endpoint.calls)
    again = dp.generate(8, **wanted)
    list(again)
    assert again.failed == []
    assert len(list(api.personas(wanted["population"]))) == 8
    assert again.report.events["from the store"] > 0
    assert len({json.dumps(call.body) for call in endpoint.calls}) == len(endpoint.calls) > spent
