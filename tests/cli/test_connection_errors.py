"""Every way to miss a server: one line, code 3, no traceback."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deeppersona_graph.errors import ServerError
from deeppersona_graph.graph.connection import checked_version
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.settings import Settings

Run = Callable[..., Any]
STATS = ("taxonomy", "stats")


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], int]]:
    """Starts a server that reads a little, gives an answer and hangs up; its port."""
    servers: list[socketserver.TCPServer] = []

    def start(answer: bytes) -> int:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(64)
                self.request.sendall(answer)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        port: int = server.server_address[1]
        return port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_nobody_at_the_address(run: Run, closed_port: int, scheme: str) -> None:
    uri = f"{scheme}://127.0.0.1:{closed_port}"
    done = run(*STATS, "--uri", uri)
    assert done.code == 3
    assert done.refusal.startswith(
        f"no Neo4j server answers at {uri}; start it, or leave --uri and NEO4J_URI away"
    )


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x00\x00\x00"],
    ids=["hangs up", "HTTP", "SSH", "no version in common"],
)
def test_something_else_at_the_address(run: Run, answering: Callable[[bytes], int], answer: bytes) -> None:
    uri = f"bolt://127.0.0.1:{answering(answer)}"
    done = run(*STATS, NEO4J_URI=uri)
    assert done.code == 3
    assert uri in done.refusal


@pytest.mark.parametrize(
    "uri",
    [
        "foo",
        " ",
        "localhost:7687",
        "http://localhost:7474",
        "https://localhost",
        "bolt://localhost:abc",
        "bolt://[::1",
        "bolt://a:b@localhost",
        "bolt://localhost?x=y",
        "x" * 10_000,
    ],
)
def test_an_address_that_is_none(run: Run, uri: str) -> None:
    done = run(*STATS, "--uri", uri)
    assert done.code == 3
    assert "is no address of a Neo4j server" in done.refusal
    assert "write it like bolt://localhost:7687" in done.refusal
    assert len(done.refusal) < 300


def test_a_flag_wins_over_the_environment(run: Run, closed_port: int) -> None:
    uri = f"bolt://127.0.0.1:{closed_port}"
    assert uri in run(*STATS, "--uri", uri, NEO4J_URI="bolt://127.0.0.1:9").refusal


def test_an_unreachable_server_in_a_process_of_its_own(process: Run, closed_port: int) -> None:
    done = process(*STATS, "--json", "--uri", f"bolt://127.0.0.1:{closed_port}")
    assert (done.code, done.refusal[:24]) == (3, "no Neo4j server answers ")


@pytest.mark.live
def test_a_wrong_password(run: Run, settings: Settings, server: tuple[str, ...]) -> None:
    endpoint = ensure_running(settings)
    done = run(*STATS, *server, "--uri", endpoint.uri, NEO4J_PASSWORD="wrong", NEO4J_USERNAME="nobody")
    assert done.code == 3
    assert done.refusal == (
        f"the server at {endpoint.uri} refused the user name or password; "
        "check NEO4J_USERNAME and NEO4J_PASSWORD"
    )


@pytest.mark.live
def test_an_unknown_database(run: Run, settings: Settings, server: tuple[str, ...]) -> None:
    endpoint = ensure_running(settings)
    done = run(
        *STATS,
        *server,
        NEO4J_URI=endpoint.uri,
        NEO4J_USERNAME=endpoint.username,
        NEO4J_PASSWORD=endpoint.password,
        NEO4J_DATABASE="nowhere",
    )
    assert done.code == 3
    assert "has no database 'nowhere'; check NEO4J_DATABASE" in done.refusal
    assert endpoint.password not in done.refusal


@pytest.mark.parametrize(
    "agent", ["Neo4j/5.25.1", "Neo4j/4.4.40", "Neo4j/3.5.0", "Neo4j/dev", "Memgraph", ""]
)
def test_a_server_too_old_or_of_another_kind_is_refused(agent: str) -> None:
    with pytest.raises(ServerError, match=r"Neo4j 5\.26 or later is needed"):
        checked_version(agent, "bolt://somewhere")


@pytest.mark.parametrize("agent", ["Neo4j/5.26.0", "Neo4j/5.26.30", "Neo4j/5.26-aura", "Neo4j/2026.08.1"])
def test_a_newer_server_is_accepted(agent: str) -> None:
    assert checked_version(agent, "bolt://somewhere") == agent.removeprefix("Neo4j/")
