"""The command `mine`, killed with `kill -9` at every kind of question and while it writes: no answer that
arrived is asked for again, the tree is never half changed, and in the end it is that of an undisturbed run.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from endpoint import Call, Endpoint, Reply
from killing import Chain, held
from mining_model import HEALTH, HOBBIES, ROUTINE, MiningModel, dialogue
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.taxonomy.export.records import export_records
from deeppersona_graph.taxonomy.provide import provide_roots
from deeppersona_graph.taxonomy.store import erase_tree

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]
ByHand = Callable[..., set[tuple[Any, ...]]]

SLOTS = 4

KILLS = (
    *(("Classifications", count) for count in (1, 3)),
    *(("Extractions", count) for count in (1, 4)),
    ("Alignments", 1),
    ("Judgements", 1),
    ("Comparisons", 1),
    ("Reviews", 1),
    ("Expansions", 1),
    ("Judgements", 2),
    *(("Descriptions", count) for count in (1, 4)),
)
"""When a question of this kind arrives and so many different requests of it did."""

MINED = {
    "evidence": "MATCH (e:Exchange {taxonomy: $name})-[r:EVIDENCES]->(a) RETURN e.id, r.value, a.id",
    "exchanges": "MATCH (e:Exchange {taxonomy: $name}) RETURN e.id, e.settled, e.category, e.personalizable",
    "mentions": "MATCH (e:Exchange {taxonomy: $name})-[r]->(p:Proposal) RETURN e.id, r.value, p.path",
    "proposals": "MATCH (p:Proposal {taxonomy: $name})-[:BECAME]->(a) RETURN p.path, p.kept, p.state, a.id",
    "decisions": "MATCH (d:Decision {taxonomy: $name}) RETURN d.id, d.step, d.subject, d.answer, d.reason",
    "behind": "MATCH (a:Attribute {taxonomy: $name})-[:DECIDED]->(d) RETURN a.id, d.id",
}
"""What there is of a mined taxonomy beside its tree."""


def dialogues() -> list[str]:
    """Dialogues, most of them about a person, that lead to questions of every kind."""
    sleep = ["Sleep Quality", "Nightly Sleep Quality", "Bedtime", "Dream Recall", "Nap Length"]
    music = ["Preferred Genre", "Favourite Genre", "Instruments Played", "Concert Attendance", "Singing"]
    cooking = ["Spice Tolerance", "Signature Dish", "Meal Planning", "Baking Frequency", "Kitchen Tools"]
    garden = ["Garden Size", "Compost Use", "Weeding Mood", "Favourite Flower", "Watering Rhythm"]
    revealed = [
        *(f"{HEALTH} / Sleep / {name}" for name in sleep),
        *(f"Wellness / Sleep / {name}" for name in sleep[:2]),
        *(f"{HOBBIES} / Music Taste / {name}" for name in music),
        *(f"Pastimes / Gardening / {name}" for name in garden),
        *(f"{ROUTINE} / Cooking / {name}" for name in cooking),
        f"{HOBBIES} / Music Taste / Brass Instruments Played",
        f"{ROUTINE} / Cooking / Aunt Adas Ladle",
        *(f"{HEALTH} / Running / {name}" for name in ("Running Pace", "Shoe Wear")),
    ]
    personal = [dialogue(f"{path} = value {number}") for number, path in enumerate(revealed)]
    return [*personal, *(dialogue("nothing to tell", about=f"What is {n} times {n}?") for n in range(16))]


@pytest.fixture
def model() -> MiningModel:
    return MiningModel(
        roots={"Wellness": HEALTH, "Pastimes": HOBBIES},
        invalid={"Aunt Adas Ladle": None},
        same=[{"Sleep Quality", "Nightly Sleep Quality"}, {"Preferred Genre", "Favourite Genre"}],
        broader=[("Instruments Played", "Brass Instruments Played")],
        reviews={"Weeding Mood": {"verdict": "drop"}},
        extra={"Running": ["Favourite Route"], "Sleep": ["Sleep Quality"]},
        twist=_first_is_forgotten,
    )


def _first_is_forgotten(kind: str, answers: list[dict[str, Any]]) -> None:
    """Packs of two kinds lack an answer at first, so that questions are put again at a kill too."""
    if kind in ("Extractions", "Descriptions") and len(answers) > 2:
        del answers[0]


@pytest.fixture
def undisturbed(taxonomy: str, api: DeepPersona) -> Iterator[str]:
    """The name of another taxonomy of the test's own."""
    name = f"{taxonomy}-undisturbed"
    erase_tree(api.graph, name)
    yield name
    erase_tree(api.graph, name)


def test_mining_killed_again_and_again_pays_nothing_twice_and_comes_to_the_same_tree(
    asking: Asking,
    api: DeepPersona,
    model: MiningModel,
    endpoint: Endpoint,
    environment: dict[str, str],
    driver: Driver,
    by_hand: ByHand,
    taxonomy: str,
    undisturbed: str,
    tmp_path: Path,
) -> None:
    def tree(name: str) -> list[str]:
        return list(export_records(api.tree(name)))

    def beside(name: str) -> dict[str, set[tuple[Any, ...]]]:
        return {what: by_hand(cypher, name=name) for what, cypher in MINED.items()}

    file = tmp_path / "dialogues.jsonl"
    file.write_text("\n".join(dialogues()), encoding="utf-8")
    provide_roots(api.graph, undisturbed, api.embedder, lambda *_: None)
    before = tree(undisturbed)
    assert asking("undisturbed", concurrency=SLOTS).mine([file], undisturbed).run().failed == {}
    after, beside_after = tree(undisturbed), beside(undisturbed)
    assert all(beside_after.values())
    words = {json.dumps(call.body["messages"]) for call in endpoint.calls}
    assert {_kind(call) for call in endpoint.calls} == {kind for kind, _ in KILLS}
    endpoint.calls.clear()
    endpoint.answered.clear()

    chain = Chain(endpoint, environment, ["mine", str(file), "--taxonomy", taxonomy, "--json"])
    arrived: dict[str, set[str]] = defaultdict(set)
    for at in KILLS:
        reached, over = threading.Event(), threading.Event()

        def until(
            call: Call,
            reached: threading.Event = reached,
            over: threading.Event = over,
            at: tuple[str, int] = at,
        ) -> Reply:
            """The request at which the process is killed is answered when nobody listens any more."""
            arrived[_kind(call)].add(json.dumps(call.body["messages"]))
            if _kind(call) == at[0] and len(arrived[at[0]]) >= at[1]:
                reached.set()
                assert over.wait(60)
            return model(call)

        endpoint.script = until
        chain.killed(reached)
        over.set()
        assert tree(taxonomy) == before
        assert not api.sync(taxonomy).changed
    endpoint.script = model

    exchange = next(iter(sorted(row[0] for row in beside_after["evidence"])))
    with held(driver, api.graph.database, label="Exchange", taxonomy=taxonomy, id=exchange) as waiting:
        chain.killed(waiting)  # in the transaction, attributes being there and marked
    assert tree(taxonomy) == before
    decision = next(iter(sorted(row[1] for row in beside_after["behind"])))
    with held(driver, api.graph.database, label="Decision", taxonomy=taxonomy, id=decision) as waiting:
        chain.killed(waiting)  # after the transaction
    assert tree(taxonomy) == after
    assert not api.sync(taxonomy).changed

    reported = chain.finished("-last")
    assert (reported["state"], reported["failed"]) == ("unchanged", {})
    assert tree(taxonomy) == after
    assert beside(taxonomy) == beside_after
    assert {json.dumps(call.body["messages"]) for call in endpoint.calls} == words
    assert (len(chain.paid[-1]), chain.asked("-last")) == (len(words), 0)
    for number, (earlier, later) in enumerate(pairwise(chain.paid)):
        assert earlier <= later
        assert 0 <= chain.asked(f"-{number}") - len(later - earlier) <= SLOTS


def _kind(call: Call) -> str:
    return str(call.body["response_format"]["json_schema"]["name"])
