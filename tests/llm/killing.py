"""The real command as processes that are killed with `kill -9`, and nodes that nobody can write to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from endpoint import KEY, Endpoint
from neo4j import Driver

from deeppersona_graph.llm.store import FILE, AnswerStore

COMMAND = [sys.executable, "-W", "error", "-c", "from deeppersona_graph.cli.main import main; main()"]

WAITING = (
    "SHOW TRANSACTIONS YIELD transactionId, status "
    "WHERE status STARTS WITH 'Blocked' OR status STARTS WITH 'Closing' RETURN transactionId AS id"
)


class Chain:
    """Processes one after the other that run the same command, each told from the others by its key."""

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
            [*COMMAND, *self._arguments],
            env={**self._environment, "OPENAI_API_KEY": KEY + name},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def held(driver: Driver, database: str, **node: str) -> Iterator[threading.Event]:
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
