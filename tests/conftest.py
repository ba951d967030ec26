"""Fixtures for tests against a real server.

The server is the private one, in a cache folder of its own that keeps the jars from run to run; `NEO4J_URI`
names another, and `--server container` starts one with testcontainers (Docker).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from endpoint import KEY, Endpoint
from neo4j import Driver, GraphDatabase
from pydantic import SecretStr

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.settings import Settings, load_settings
from deeppersona_graph.taxonomy import bundled
from deeppersona_graph.taxonomy.read import load_tree
from deeppersona_graph.taxonomy.store import erase_tree

IMAGE = "neo4j:5.26-community"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        choices=("private", "container"),
        default="private",
        help="Which Neo4j the live tests use.",
    )


@pytest.fixture(scope="session")
def cache_folder() -> Path:
    """Where the private server of the tests lives, with its jars and the embedding cache."""
    return Path(platformdirs.user_cache_dir("deeppersona-tests"))


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest, cache_folder: Path) -> Iterator[Settings]:
    """Settings that lead to the server of the tests."""
    if request.config.getoption("--server") == "private":
        yield load_settings(data_dir=cache_folder)
        return
    from testcontainers.neo4j import Neo4jContainer

    with Neo4jContainer(IMAGE) as container:
        yield load_settings(
            data_dir=cache_folder,
            uri=container.get_connection_url(),
            username=container.username,
            password=container.password,
        )


@pytest.fixture(scope="session")
def api(settings: Settings) -> Iterator[DeepPersona]:
    """The API on the server of the tests, its bundled taxonomy imported."""
    with DeepPersona(settings) as opened:
        _renew(opened)
        yield opened


@pytest.fixture(scope="session")
def graph(api: DeepPersona) -> Graph:
    """The database of the tests."""
    return api.graph


@pytest.fixture(scope="session")
def driver(settings: Settings, api: DeepPersona) -> Iterator[Driver]:
    """A plain driver on the same server, for looking at the graph and for edits by hand."""
    if settings.uri:
        password = settings.password.get_secret_value() if settings.password else ""
        auth = (settings.username, password)
    else:
        endpoint = ensure_running(settings)
        auth = (endpoint.username, endpoint.password)
    with GraphDatabase.driver(api.graph.uri, auth=auth) as plain:
        yield plain


@pytest.fixture
def apart(settings: Settings, api: DeepPersona, cache_folder: Path, tmp_path: Path) -> dict[str, str]:
    """An environment that leads to the server of the tests, with a data folder, and answers, of its own."""
    if settings.uri:
        username, password = settings.username, settings.password
        secret = password.get_secret_value() if password else ""
    else:
        server = ensure_running(settings)
        username, secret = server.username, server.password
    data = tmp_path / "data"
    data.mkdir()
    (data / "embedding").symlink_to(cache_folder / "embedding")
    return {
        "NEO4J_URI": api.graph.uri,
        "NEO4J_USERNAME": username,
        "NEO4J_PASSWORD": secret,
        "NEO4J_DATABASE": api.graph.database,
        "DEEPPERSONA_DATA_DIR": str(data),
    }


@pytest.fixture
def asking(
    api: DeepPersona, settings: Settings, endpoint: Endpoint, tmp_path: Path
) -> Iterator[Callable[..., DeepPersona]]:
    """Makes APIs on the server of the tests that ask the endpoint, each with the answers in a folder of its
    own, by name; embeddings are shared."""
    with ExitStack() as stack:

        def make(folder: str = "data", **changes: Any) -> DeepPersona:
            own = {
                "data_dir": tmp_path / folder,
                "model": "gpt-4o-mini",
                "base_url": endpoint.url,
                "api_key": SecretStr(KEY),
                "concurrency": 8,
                **changes,
            }
            opened = DeepPersona(settings.model_copy(update=own))
            opened.__dict__ |= {"graph": api.graph, "embedder": api.embedder}
            stack.callback(_leave_shared, opened)
            return opened

        yield make


@pytest.fixture
def environment(apart: dict[str, str], endpoint: Endpoint) -> dict[str, str]:
    """Leads a process to the server of the tests and to the endpoint, with a data folder of its own."""
    ours = ("NEO4J_", "DEEPPERSONA_", "OPENAI_")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        **apart,
        "OPENAI_BASE_URL": endpoint.url,
        "OPENAI_API_KEY": KEY,
        "DEEPPERSONA_MODEL": "gpt-4o-mini",
        "DEEPPERSONA_CONCURRENCY": "4",
    }


@pytest.fixture(scope="session")
def human(api: DeepPersona) -> Tree:
    """The bundled taxonomy as it stands in the graph."""
    return api.tree("human")


@pytest.fixture
def taxonomy(request: pytest.FixtureRequest, graph: Graph) -> Iterator[str]:
    """A taxonomy name of the test's own; what is stored under it is removed before and afterwards."""
    name = "test-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    erase_tree(graph, name)
    yield name
    erase_tree(graph, name)


@pytest.fixture
def population(request: pytest.FixtureRequest, api: DeepPersona) -> Iterator[str]:
    """A population name of the test's own; its people are removed before and afterwards."""
    name = "test-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    _forget(api, name)
    yield name
    _forget(api, name)


@pytest.fixture
def imported(api: DeepPersona, taxonomy: str, tmp_path: Path) -> Callable[[Sequence[str]], Tree]:
    """Imports lines of a tree file as the test's own taxonomy."""

    def run(lines: Sequence[str]) -> Tree:
        file = tmp_path / "tree.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        api.import_taxonomy(file, taxonomy)
        return load_tree(api.graph, taxonomy)

    return run


def _renew(api: DeepPersona) -> None:
    """An edition of the bundled taxonomy that an earlier run left gives way to the present one."""
    rows = api.graph.read("taxonomy/read_taxonomy", taxonomy=bundled.NAME)
    if rows and rows[0]["origin"] != bundled.bundled_origin():
        for row in api.populations():
            api.delete(population=row["name"])
        erase_tree(api.graph, bundled.NAME)
    elif rows:
        api.graph.write("taxonomy/derive", taxonomy=bundled.NAME)


def _forget(api: DeepPersona, population: str) -> None:
    if population in {row["name"] for row in api.populations()}:
        api.delete(population=population)


def _leave_shared(opened: DeepPersona) -> None:
    for name in ("graph", "embedder"):
        del opened.__dict__[name]
    opened.close()
