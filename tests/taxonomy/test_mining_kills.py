"""The real command `mine`, killed with `kill -9` at every kind of question and while it writes: no answer that
arrived is asked for again, the tree is never half changed, and in the end it is that of an undisturbed run.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY, Call, Endpoint, Reply
from mining_model import HEALTH, HOBBIES, ROUTINE, MiningModel, dialogue
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.llm.store import FILE, AnswerStore
from deeppersona_graph.taxonomy.export.records import export_records
from deeppersona_graph.taxonomy.provide import provide_roots
from deeppersona_graph.taxonomy.store import erase_tree

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]
ByHand = Callable[..., set[tuple[Any, ...]]]

COMMAND = [sys.executable, "-W", "error", "-c", "from deeppersona_graph.cli.main import main; main()"]
SLOTS = 4

KILLS = (
    *(("Classifications", count) for count in (1, 3)),
    *(("Extractions", count) for count in (1, 4)),
    ("Alignments", 1),
    *(("Judgements", count) for count in (1, 2)),
    ("Comparisons", 1),
    ("Reviews", 1),
    ("Expansions", 1),
    *(("Descriptions", count) for count in (1, 4)),
)
"""When a question of this kind arrives and so many different requests of it did."""

WAITING = (
    "SHOW TRANSACTIONS YIELD transactionId, status "
    "WHERE status STARTS WITH 'Blocked' OR status STARTS WITH 'Closing' RETURN transactionId AS id"
)

MINED = {
    "evidence": "MATCH (e:Exchange {taxonomy: $name})-[r:EVIDENCES]->(a) RETURN e.id, r.value, a.id",
    "exchanges": "MATCH (e:Exchange {taxonomy: $name}) RETURN e.id, e.settled, e.category, e.personalizable",
    "mentions": "MATCH (e:Exchange {taxonomy: $name})-[r]->(p:Proposal) RETURN e.id, type(r), r.value, p.path",
    "proposals": "MATCH (p:Proposal {taxonomy: $name})-[:BECAME]->(a) RETURN p.path, p.kept, p.state, a.id",
    "decisions": "MATCH (d:Decision {taxonomy: $name}) RETURN d.id, d.step, d.subject, d.answer, d.reason",
    "behind": "MATCH (a:Attribute {taxonomy: $name})-[:DECIDED]->(d) RETURN a.id, d.id",
}
"""What there is of a mined taxonomy beside its tree."""


def dialogues() -> list[str]:
    """45 dialogues, two thirds of them about a person, that lead to questions of every kind."""
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
        *(f"{HEALTH} / Running / {name}" for name in ("Running Pace", "Shoe Wear", "Injury History")),
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


class Chain:
    """Processes one after the other that mine the same file, each told from the others by its key."""

    def __init__(self, endpoint: Endpoint, environment: dict[str, str], arguments: list[str]) -> None:
        self._endpoint, self._environment, self._arguments = endpoint, environment, arguments
        self._store = Path(environment["DEEPPERSONA_DATA_DIR"]) / FILE
        self.paid: list[set[str]] = [set()]
        """The answers that were there after each kill, those to single questions of a pack left out."""

    def killed(self, reached: threading.Event) -> None:
        """A process that is killed once something is reached."""
        with self._started(f"-{len(self.paid) - 1}") as process:
            in_time = reached.wait(60)
            ended = process.poll()
            process.send_signal(signal.SIGKILL)
            assert (in_time, ended) == (True, None), process.communicate()
            process.communicate(timeout=60)
        with AnswerStore(self._store) as store:
            self.paid.append({answer.key for answer in store.answers() if answer.raw.tokens.sent})

    def finished(self, name: str) -> dict[str, Any]:
        """What a process reports that nobody disturbs."""
        with self._started(name) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert "Traceback" not in err
        reported: dict[str, Any] = json.loads(out)
        return reported

    def asked(self, name: str) -> int:
        """How many requests of a process arrived."""
        return sum(call.authorization.endswith(KEY + name) for call in list(self._endpoint.calls))

    def _started(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, "mine", *self._arguments],
            env={**self._environment, "OPENAI_API_KEY": KEY + name},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def _held(driver: Driver, database: str, **node: str) -> Iterator[threading.Event]:
    """Nobody can write to the node (label, taxonomy, id) inside the block; set once somebody waits to."""
    waiting, over = threading.Event(), threading.Event()

    def watch() -> None:
        seen: set[str] = set()
        while not over.is_set() and not waiting.is_set():
            rows = driver.execute_query(WAITING, database_=database).records
            now = {str(row["id"]) for row in rows}
            if now & seen:
                waiting.set()
            seen = now
            over.wait(0.25)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with driver.session(database=database) as session, session.begin_transaction() as holding:
            found = holding.run(
                "MATCH (n {taxonomy: $taxonomy, id: $id}) WHERE $label IN labels(n) SET n.held = true "
                "RETURN count(n) AS found",
                node,
            ).single(strict=True)
            assert found["found"] == 1
            yield waiting
            holding.rollback()
    finally:
        over.set()
        watcher.join()


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

    chain = Chain(endpoint, environment, [str(file), "--taxonomy", taxonomy, "--json"])
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
    with _held(driver, api.graph.database, label="Exchange", taxonomy=taxonomy, id=exchange) as waiting:
        chain.killed(waiting)  # in the transaction, attributes being there and marked
    assert tree(taxonomy) == before
    decision = next(iter(sorted(row[1] for row in beside_after["behind"])))
    with _held(driver, api.graph.database, label="Decision", taxonomy=taxonomy, id=decision) as waiting:
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
