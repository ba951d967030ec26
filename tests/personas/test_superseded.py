"""Personas that had two attributes before they became one: one pair counts, the other is kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.records import record, rows
from deeppersona_graph.taxonomy.merging import Merge, merge_attributes

pytestmark = pytest.mark.live

Cypher = Callable[..., list[dict[str, Any]]]


def test_a_superseded_pair_is_neither_read_nor_counted_nor_exported(
    api: DeepPersona, small: Tree, population: str, cypher: Cypher
) -> None:
    (before,) = api.generate(1, population=population, taxonomy=small.name, depth=30, seed=12)
    stands, yields = [trait for trait in before.traits if trait.order in (3, 20)]
    api.graph.transact(
        lambda tx: merge_attributes(tx, small.name, [Merge(yields.attribute, (stands.attribute,), "Both")])
    )
    after = api.persona(before.id)
    kept = [trait for trait in after.traits if trait.attribute == yields.attribute]
    assert [(trait.order, trait.value, trait.source) for trait in kept] == [(3, stands.value, stands.source)]
    assert len(after.traits) == after.depth == 29
    assert {trait.order for trait in after.traits} == set(range(1, 31)) - {20}
    assert [row["depth"] for row in api.list(population)] == [29]
    assert len(record(after)["attributes"]) == 29
    assert len(list(rows(after))) == 29 + len(before.core)
    edges = cypher(
        "MATCH (:Persona {id: $id})-[h:HAS]->(:Attribute {name: 'Both'}) "
        "RETURN h.order AS o, h.source AS s, h.was AS w",
        id=before.id,
    )
    assert sorted((row["o"], row["s"], row["w"]) for row in edges) == [
        (3, stands.source, None),
        (20, "superseded", yields.source),
    ]
