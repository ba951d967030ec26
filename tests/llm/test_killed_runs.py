"""Runs killed with `kill -9` and resumed, and two processes on one store: no answer is asked for again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from endpoint import KEY, Call, Endpoint, Reply, said, usual

from deeppersona_graph.llm.store import AnswerStore

PROGRAMS, STEPS, SLOTS = 12, 4, 6
KILLED_AFTER = (1, 2, 4, 7, 10, 13)
"""Requests that arrive in one process before it is killed."""

_RUN = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from programs import tasks
from deeppersona_graph.llm.executors.drive import Finished
from deeppersona_graph.llm.executors.online import OnlineExecutor
from deeppersona_graph.llm.prices import Prices
from deeppersona_graph.llm.providers import OpenAIProvider
from deeppersona_graph.llm.report import Report
from deeppersona_graph.llm.store import AnswerStore
provider = OpenAIProvider(sys.argv[1], sys.argv[4], timeout=20.0)
store = AnswerStore(Path(sys.argv[2]))
executor = OnlineExecutor(provider, store, Report(Prices.load()), slots={SLOTS})
found = {{}}
for outcome in executor.run(tasks({PROGRAMS}, {STEPS})):
    assert isinstance(outcome, Finished), outcome
    found[outcome.name] = outcome.value
print(json.dumps(found, sort_keys=True))
"""


def _start(endpoint: Endpoint, path: Path, name: str = "") -> subprocess.Popen[str]:
    """A process whose requests can be told from those of others by its name, at the end of the key."""
    return subprocess.Popen(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            _RUN,
            endpoint.url,
            str(path),
            str(Path(__file__).parent),
            KEY + name,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _asked(endpoint: Endpoint, name: str) -> int:
    """How many requests of a process arrived; what a killed one had sent may arrive after its death."""
    return sum(call.authorization.endswith(KEY + name) for call in list(endpoint.calls))


def _killed(process: subprocess.Popen[str], reached: threading.Event) -> None:
    with process:
        assert reached.wait(60)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)


def _result(process: subprocess.Popen[str]) -> Any:
    printed, complaint = process.communicate(timeout=120)
    assert (process.returncode, complaint) == (0, "")
    return json.loads(printed)


@pytest.fixture
def undisturbed(endpoint: Endpoint, tmp_path: Path) -> Any:
    found = _result(_start(endpoint, tmp_path / "undisturbed.sqlite"))
    endpoint.calls.clear()
    endpoint.answered.clear()
    return found


def test_a_run_killed_again_and_again_asks_nothing_twice_that_arrived(
    endpoint: Endpoint, tmp_path: Path, undisturbed: Any
) -> None:
    path = tmp_path / "answers.sqlite"
    stored = [0]
    for number, limit in enumerate(KILLED_AFTER):
        reached = threading.Event()

        def until(
            call: Call, reached: threading.Event = reached, name: str = f"-{number}", limit: int = limit
        ) -> Reply:
            if _asked(endpoint, name) >= limit:
                reached.set()
            return replace(usual(call), after=0.01)

        endpoint.script = until
        _killed(_start(endpoint, path, f"-{number}"), reached)
        with AnswerStore(path) as store:
            stored.append(len(list(store.answers())))
    endpoint.script = usual
    assert _result(_start(endpoint, path, "-last")) == undisturbed
    assert _asked(endpoint, "-last") == PROGRAMS * STEPS - stored[-1]
    for number, (before, after) in enumerate(pairwise(stored)):
        assert 0 <= _asked(endpoint, f"-{number}") - (after - before) <= SLOTS
    assert _result(_start(endpoint, path, "-again")) == undisturbed
    assert _asked(endpoint, "-again") == 0


def test_ctrl_c_brings_home_what_is_in_flight_and_ends_soon(endpoint: Endpoint, tmp_path: Path) -> None:
    reached, pressed = threading.Event(), threading.Event()

    def held(call: Call) -> Reply:
        """Who asks late gets no answer before the key was pressed, and then not at once."""
        if len(endpoint.calls) < 15:
            return usual(call)
        reached.set()
        pressed.wait(60)
        return replace(usual(call), after=0.3)

    endpoint.script = held
    path = tmp_path / "answers.sqlite"
    process = _start(endpoint, path)
    assert reached.wait(60)
    process.send_signal(signal.SIGINT)
    pressed.set()
    _, complaint = process.communicate(timeout=30)
    assert complaint.endswith("KeyboardInterrupt\n")
    with AnswerStore(path) as store:
        assert len(list(store.answers())) == len(endpoint.calls) < PROGRAMS * STEPS


def test_a_repair_survives_a_kill(endpoint: Endpoint, tmp_path: Path, undisturbed: Any) -> None:
    """Every first answer is wrong and every repair right: wrong answers are not asked for again either."""

    def repaired(call: Call) -> Reply:
        if len(call.body["messages"]) == 2:
            return said("Let me think.")
        return usual(call)

    reached = threading.Event()

    def until(call: Call) -> Reply:
        if len(endpoint.calls) >= 30:
            reached.set()
        return repaired(call)

    endpoint.script = until
    path = tmp_path / "answers.sqlite"
    _killed(_start(endpoint, path, "-killed"), reached)
    with AnswerStore(path) as store:
        stored = len(list(store.answers()))
    endpoint.script = repaired
    assert _result(_start(endpoint, path, "-last")) == undisturbed
    assert 0 <= _asked(endpoint, "-killed") - stored <= SLOTS
    assert _asked(endpoint, "-last") == 2 * PROGRAMS * STEPS - stored


def test_two_processes_on_one_store_find_the_same(endpoint: Endpoint, tmp_path: Path) -> None:
    """Even where the endpoint never says the same twice: who comes second uses the answer of the first."""
    numbers = iter(range(10_000))
    lock = threading.Lock()

    def never_the_same(_: Call) -> Reply:
        with lock:
            return said(json.dumps({"word": f"w{next(numbers)}", "number": 1}))

    endpoint.script = never_the_same
    path = tmp_path / "answers.sqlite"
    processes = [_start(endpoint, path) for _ in range(2)]
    first, second = (_result(process) for process in processes)
    assert first == second
    with AnswerStore(path) as store:
        assert len(list(store.answers())) == PROGRAMS * STEPS
