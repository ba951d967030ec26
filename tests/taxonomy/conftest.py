"""Tree files written by the tests, trees made comparable, and Cypher typed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from endpoint import Endpoint, serving
from mining_model import MiningModel
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Attribute, Tree, shown
from deeppersona_graph.taxonomy.formats import read_tree
from deeppersona_graph.taxonomy.formats.building import core_attributes
from deeppersona_graph.taxonomy.mining.report import MiningReport
from deeppersona_graph.taxonomy.store import erase_tree

Read = Callable[..., Tree]
ByHand = Callable[..., set[tuple[Any, ...]]]
Asking = Callable[..., DeepPersona]
Mine = Callable[..., MiningReport]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads text or bytes as a tree file."""

    def run(content: str | bytes, name: str = "tree.json") -> Tree:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_tree(file, "test")

    return run


@pytest.fixture(scope="session")
def own() -> Callable[[Tree], Mapping[tuple[str, ...], Attribute]]:
    """The attributes of a tree by path, the core attributes and the nodes above them left out."""
    given = {a.path[:length] for a in core_attributes().values() for length in range(1, len(a.path) + 1)}
    return lambda tree: {a.path: a for a in tree.attributes if a.path not in given}


@pytest.fixture(scope="session")
def comparable() -> Callable[[Tree], set[Attribute]]:
    """The attributes of a tree, whatever the order of what their values require and exclude."""

    def ordered(attribute: Attribute) -> Attribute:
        values = tuple(
            replace(v, requires=_sorted(v.requires), excludes=_sorted(v.excludes)) for v in attribute.values
        )
        return replace(attribute, values=values, requires=_sorted(attribute.requires))

    return lambda tree: {ordered(attribute) for attribute in tree.attributes}


@pytest.fixture(scope="session")
def by_hand(driver: Driver, graph: Graph) -> ByHand:
    """Runs Cypher through a driver of its own, as if typed in Neo4j Browser; the rows as a set of tuples."""

    def run(cypher: str, **params: Any) -> set[tuple[Any, ...]]:
        found = driver.execute_query(cypher, params, database_=graph.database)
        return {
            tuple(tuple(one) if isinstance(one, list) else one for one in row.values())
            for row in found.records
        }

    return run


@pytest.fixture
def taxonomy(taxonomy: str, graph: Graph, by_hand: ByHand) -> Iterator[str]:
    """A taxonomy name of the test's own; what was hung below its attributes by hand is removed as well."""
    yield taxonomy
    by_hand(
        "MATCH (:Attribute {taxonomy: $name})-[:HAS_CHILD*1..20]->(a) WHERE a.taxonomy IS NULL "
        "OPTIONAL MATCH (a)-[:ADMITS]->(v) DETACH DELETE v, a",
        name=taxonomy,
    )
    by_hand(
        "MATCH (:Attribute {taxonomy: $name})-[:ADMITS]->(v) WHERE v.taxonomy IS NULL DETACH DELETE v",
        name=taxonomy,
    )
    erase_tree(graph, taxonomy)


@pytest.fixture
def model() -> MiningModel:
    """What the language model thinks of names; a test sets it."""
    return MiningModel()


@pytest.fixture
def endpoint(model: MiningModel) -> Iterator[Endpoint]:
    """The language model, up."""
    with serving(model) as server:
        yield server


@pytest.fixture
def mine(asking: Asking, taxonomy: str, tmp_path: Path) -> Mine:
    """Mines lines into the test's own taxonomy; what it answered is kept in a folder, by name."""

    def run(lines: Sequence[str], folder: str = "data", *, expand: int = 0) -> MiningReport:
        file = tmp_path / "dialogues.jsonl"
        file.write_text("\n".join(lines), encoding="utf-8")
        return asking(folder, concurrency=2).mine([file], taxonomy, branches=expand).run()

    return run


@pytest.fixture
def mined(api: DeepPersona, taxonomy: str) -> Callable[[], dict[str, tuple[int, tuple[str, ...]]]]:
    """Support and aliases of what stands below the roots and is not of the core, by path as shown."""

    def look() -> dict[str, tuple[int, tuple[str, ...]]]:
        tree = api.tree(taxonomy)
        core = {a.path[:length] for a in tree.core.values() for length in range(len(a.path) + 1)}
        return {
            shown(a.path): (a.support, a.aliases)
            for a in tree.attributes
            if a.path not in core and len(a.path) > 1
        }

    return look


def _sorted(several: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(several, key=repr))
