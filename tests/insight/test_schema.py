"""The model of the graph as it is described is the model as it is, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from endpoint import Endpoint, serving
from insight_crowd import CROWD, FIRST, SECOND, Crowd
from mining_model import HEALTH, MiningModel, dialogue
from neo4j import Driver

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.graph.statements import statements
from deeppersona_graph.insight.schema import GraphModel

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[2]

UNSEEN = {
    "Taxonomy": {"touched", "lock"},
    "Attribute": {
        "retired", "generic", "proposed", "aliases", "bias", "changed", "required", "prerequisite", "typical",
        "name_embedding", "name_embedded", "mined_aliases", "mined_retired", "min_age", "max_age", "at_most",
        "at_least", "unit",
    },
    "Value": {"alone", "min_age", "max_age", "countries", "embedding"},
    "Persona": {
        "biography", "origin", "read", "unread", "narrative_requests", "occupation", "twin_of", "own_seed",
    },
    "Population": {"twins_of"},
    "Run": {"model", "endpoint", "file", "field", "read", "reports"},
    "Change": {"before"},
    "Proposal": {"kept", "steps"},
    "Decision": {"request", "reason"},
    "Exchange": {"licence", "category", "settled", "reason"},
    "HAS": {"was", "request"},
    "EXCLUDES": {"minimum", "maximum"},
    "IMPLIES": set(),
}  # fmt: skip
"""Properties that a small graph may lack; the product's own files must name them."""

NODES = """
CALL () {
  MATCH (n) WHERE n.taxonomy IN $taxonomies RETURN n
  UNION
  MATCH (n:Taxonomy) WHERE n.name IN $taxonomies RETURN n
  UNION
  MATCH (n:Population) WHERE n.name IN $populations RETURN n
  UNION
  MATCH (n:Run) WHERE n.population IN $populations RETURN n
  UNION
  MATCH (n:Schema) RETURN n
}
"""
PROPERTIES = (
    NODES + "UNWIND labels(n) AS label UNWIND keys(n) AS key "
    "RETURN DISTINCT label AS owner, key, valueType(n[key]) AS type"
)
EDGES = (
    NODES + "MATCH (n)-[r]->(m) UNWIND labels(n) AS start UNWIND labels(m) AS end "
    "RETURN DISTINCT type(r) AS owner, start, end"
)
EDGE_PROPERTIES = (
    NODES + "MATCH (n)-[r]->() UNWIND keys(r) AS key "
    "RETURN DISTINCT type(r) AS owner, key, valueType(r[key]) AS type"
)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A language model that knows the questions of mining."""
    with serving(MiningModel()) as server:
        yield server


@pytest.fixture
def everything(
    crowd: Crowd,
    asking: Callable[..., DeepPersona],
    taxonomy: str,
    driver: Driver,
    api: DeepPersona,
    tmp_path: Path,
) -> Callable[[str], set[tuple[str, ...]]]:
    """Rows about what the program writes: people, the bundled tree, and a tree that was mined."""
    assert crowd.people
    file = tmp_path / "dialogues.jsonl"
    lines = [dialogue(f"{HEALTH} / Sleep / Sleep Quality = poor", about="How do you sleep?")]
    file.write_text("\n".join(lines), encoding="utf-8")
    asking(concurrency=2).mine([file], taxonomy, branches=0).run()

    def look(text: str) -> set[tuple[str, ...]]:
        found = driver.execute_query(
            text,
            {"taxonomies": ["human", CROWD, taxonomy], "populations": [FIRST, SECOND]},
            database_=api.graph.database,
        )
        return {tuple(_bare(str(one)) for one in row.values()) for row in found.records}

    return look


def test_all_that_is_in_the_graph_is_described_and_nothing_else(
    api: DeepPersona, everything: Callable[[str], set[tuple[str, ...]]]
) -> None:
    model = api.graph_model()
    told = described(model)
    lists = {(owner, key, "LIST<NOTHING>") for owner, key, kind in told if kind.startswith("LIST")}
    found = (everything(PROPERTIES) | everything(EDGE_PROPERTIES)) - lists
    assert not found - told, "\n".join(map(str, sorted(found - told)))
    seen = {(owner, key) for owner, key, _ in found}
    missing = {(owner, key) for owner, key, _ in told} - seen
    assert sorted((o, k) for o, k in missing if k not in UNSEEN.get(o, ())) == []
    source = product_text()
    assert [key for _, key in sorted(missing) if not re.search(rf"\b{key}\b", source)] == []


def test_relationships_lead_where_they_are_said_to(
    api: DeepPersona, everything: Callable[[str], set[tuple[str, ...]]]
) -> None:
    told = {(one.name, *ends) for one in api.graph_model().relationships for ends in one.between}
    found = everything(EDGES)
    assert sorted(found - told) == []
    rare = {
        ("IMPLIES", "Value", "Value"),
        ("TWIN_OF", "Persona", "Persona"),
        ("DECIDED", "Attribute", "Decision"),
        ("BECAME", "Proposal", "Attribute"),
        ("DECIDED", "Proposal", "Decision"),
        ("PROPOSES", "Exchange", "Proposal"),
    }
    assert sorted(told - found - rare) == []


def test_every_label_and_type_that_a_statement_names_is_described(api: DeepPersona) -> None:
    model = api.graph_model()
    text = "\n".join(one.text for one in statements())
    types = {name for found in re.findall(r"\[\w*:([A-Z][A-Z_|]*)", text) for name in found.split("|")}
    nodes = re.findall(r"\(\w*:([A-Z][a-z]\w*(?:[|:]\w+)*)", text)
    labels = {name for found in nodes for name in re.split("[|:]", found)}
    assert types == {one.name for one in model.relationships}
    assert labels == {one.name for one in model.labels}


def test_everything_has_a_meaning_of_one_line(api: DeepPersona) -> None:
    model = api.graph_model()
    owners = (*model.labels, *model.relationships)
    meanings = [one.meaning for owner in owners for one in (owner, *owner.properties)]
    assert all(meaning and "\n" not in meaning and len(meaning) <= 110 for meaning in meanings)
    assert all(one.types for owner in owners for one in owner.properties)


def test_counts_and_indexes_are_those_of_the_database(api: DeepPersona, driver: Driver, crowd: Crowd) -> None:
    model = api.graph_model()
    labels = {one.name: one.count for one in model.labels}
    edges = {one.name: one.count for one in model.relationships}
    assert labels["Persona"] >= len(crowd.everybody)
    database = api.graph.database
    found = driver.execute_query("MATCH (n:Value) RETURN count(n) AS n", database_=database).records
    assert labels["Value"] == found[0]["n"]
    found = driver.execute_query("MATCH ()-[r:HAS]->() RETURN count(r) AS n", database_=database).records
    assert edges["HAS"] == found[0]["n"]
    indexes = {(one.label, one.properties, one.unique) for one in model.indexes}
    assert {
        ("Persona", ("id",), True),
        ("Attribute", ("taxonomy", "name"), False),
        ("Population", ("name",), True),
    } <= indexes
    assert {label for label, _, _ in indexes} <= labels.keys()


def described(model: GraphModel) -> set[tuple[str, str, str]]:
    """All described properties, one row a type."""
    return {
        (owner.name, one.name, kind)
        for owner in (*model.labels, *model.relationships)
        for one in owner.properties
        for kind in one.types
    }


def product_text() -> str:
    """All statements and modules of the product."""
    places = [(ROOT / "cypher", "*.cypher"), (ROOT / "deeppersona_graph", "*.py")]
    return "\n".join(f.read_text(encoding="utf-8") for folder, form in places for f in folder.rglob(form))


def _bare(kind: str) -> str:
    """A Cypher type without its NOT NULL."""
    return kind.replace(" NOT NULL", "")
