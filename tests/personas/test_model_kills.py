"""The real command, killed with `kill -9` again and again: no answer that arrived is asked for again, and the
people are those of an undisturbed run.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Endpoint, Reply, said
from killing import Chain, held
from model_endpoint import draw, person_script, question, schema_name
from neo4j import Driver
from whole_people import faults_of

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree

pytestmark = pytest.mark.live

PEOPLE, DEPTH, CHUNK, SLOTS = 10, 14, 4, 4
KILLS = [
    *((stage, count) for stage in ("CoreValues", "Attitude", "Stories", "Interests") for count in (1, 4, 7)),
    *(("AttributeValues", count) for count in (1, 8, 15, 22, 29)),
    *(("Portrait", count) for count in (1, 4)),
]
"""When a request of this stage arrives and so many different ones of it did; one more kill while people are
being written."""


def _sometimes_wrong(call: Call) -> Reply:
    """Every eighth question is answered wrongly at first, so that repairs are under way at a kill too."""
    if len(call.body["messages"]) == 2 and draw(question(call), "wrong", below=8) == 0:
        return said("Let me think.")
    return person_script(call)


def test_a_run_killed_again_and_again_pays_nothing_twice_and_makes_the_same_people(
    asking: Callable[..., DeepPersona],
    small: Tree,
    population: str,
    endpoint: Endpoint,
    environment: dict[str, str],
    driver: Driver,
    tmp_path: Path,
) -> None:
    endpoint.script = _sometimes_wrong
    dp = asking("undisturbed", concurrency=SLOTS)
    wanted: dict[str, Any] = {"taxonomy": small.name, "depth": DEPTH, "seed": 5, "chunk": CHUNK}
    people = list(dp.generate(PEOPLE, population=population, **wanted))
    assert [faults_of(person, small, DEPTH) for person in people] == [[]] * PEOPLE
    dp.export(population, tmp_path / "undisturbed.jsonl")
    dp.delete(population=population)
    questions = len(endpoint.calls)
    endpoint.calls.clear()
    endpoint.answered.clear()

    arguments = [f"--{name}={value}" for name, value in wanted.items()]
    arguments += ["--count", str(PEOPLE), "--population", population, "--json"]
    chain = Chain(endpoint, environment, ["generate", *arguments])
    arrived: dict[str, set[str]] = defaultdict(set)
    for stage, count in KILLS:
        reached = threading.Event()

        def until(
            call: Call, reached: threading.Event = reached, at: tuple[str, int] = (stage, count)
        ) -> Reply:
            name = schema_name(call)
            arrived[name].add(question(call))
            if name == at[0] and len(arrived[name]) >= at[1]:
                reached.set()
            return replace(_sometimes_wrong(call), after=0.02)

        endpoint.script = until
        chain.killed(reached)
        assert _half_written(dp, population) == []
    endpoint.script = _sometimes_wrong
    attitude = small.core["attitude"].id
    with held(driver, dp.graph.database, label="Attribute", taxonomy=small.name, id=attitude) as waiting:
        chain.killed(waiting)
    assert _half_written(dp, population) == []
    there = len(_there(dp, population))
    reported = chain.finished("-last")
    assert (len(reported["made"]), reported["failed"]) == (PEOPLE - there, [])
    assert chain.asked("-last") == questions - len(chain.paid[-1])
    for number, (before, after) in enumerate(pairwise(chain.paid)):
        assert 0 <= chain.asked(f"-{number}") - len(after - before) <= SLOTS
    dp.export(population, tmp_path / "killed.jsonl")
    assert (tmp_path / "killed.jsonl").read_bytes() == (tmp_path / "undisturbed.jsonl").read_bytes()
    before = len(endpoint.calls)
    assert list(asking().generate(PEOPLE, population=population, **wanted)) == []
    dp.delete(population=population)
    assert len(list(asking().generate(PEOPLE, population=population, **wanted))) == PEOPLE
    assert len(endpoint.calls) == before


def _there(dp: DeepPersona, population: str) -> list[str]:
    known = {row["name"] for row in dp.populations()}
    return [person.id for person in dp.personas(population)] if population in known else []


def _half_written(dp: DeepPersona, population: str) -> list[str]:
    """People in the graph who are not whole."""
    if not _there(dp, population):
        return []
    return [
        person.id
        for person in dp.personas(population)
        if len(person.traits) != DEPTH or len(person.core) < 17 or not person.narrative
    ]
