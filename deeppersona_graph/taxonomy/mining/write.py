"""Writing the changes that a mining run comes to: all of them, or none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import ConflictError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.model.dialogue import Exchange
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.tree import Attribute, Path, Tree
from deeppersona_graph.taxonomy.changing import OvertakenError, change_tree
from deeppersona_graph.taxonomy.embed import embed_attributes, embed_values
from deeppersona_graph.taxonomy.merging import merge_attributes
from deeppersona_graph.taxonomy.mining.filter import Verdict
from deeppersona_graph.taxonomy.mining.plan import Changes
from deeppersona_graph.taxonomy.mining.questions import Classified
from deeppersona_graph.taxonomy.shape import tree_paths
from deeppersona_graph.taxonomy.store import (
    attribute_row,
    required_row,
    space_properties,
    values_row,
    vector_rows,
    write_rows,
)


def proposal_id(path: Path) -> str:
    """The id of a proposed path."""
    return digest("proposal", *path).hex()[:16]


def record_exchanges(
    graph: Graph, taxonomy: str, exchanges: Iterable[Exchange], classified: Mapping[str, Classified]
) -> None:
    """Take exchanges in with how they were classified, by id."""
    rows = [
        {
            "id": one.id,
            "properties": {
                "question": one.question,
                "answer": one.answer,
                "source": one.source,
                "licence": one.licence,
                "category": classified[one.id].category,
                "personalizable": classified[one.id].personalizable,
                "reason": classified[one.id].reason,
            },
        }
        for one in exchanges
        if one.id in classified
    ]
    write_rows(graph, "mining/record_exchanges", taxonomy, rows)


def record_proposals(
    graph: Graph,
    taxonomy: str,
    verdicts: Iterable[Verdict],
    mentions: Iterable[tuple[str, Path, str]],
) -> None:
    """Take down what became of proposed paths, and which exchange (by id) proposed which, with what value."""
    write_rows(
        graph,
        "mining/record_proposals",
        taxonomy,
        [
            {
                "id": proposal_id(one.proposed),
                "path": list(one.proposed),
                "state": one.state,
                "kept": None if one.kept is None else list(one.kept),
                "steps": one.steps,
                "decisions": one.decisions,
            }
            for one in verdicts
        ],
    )
    rows = [
        {"exchange": exchange, "proposal": proposal_id(path), "value": value}
        for exchange, path, value in mentions
    ]
    write_rows(graph, "mining/record_mentions", taxonomy, rows)


def write_changes(
    graph: Graph, tree: Tree, embedder: Embedder, changes: Changes, told: Mapping[str, Any]
) -> int:
    """Write the changes in one transaction as a new version, which it returns; `told` goes into the log.

    Raises `ConflictError` where the taxonomy was changed meanwhile, and `TaxonomyShapeError` where what
    came of it would be no tree; then nothing is written.
    """
    name = tree.name
    fresh = [*changes.create, *(attribute for attribute, _ in changes.spaces)]
    values = embed_values(embedder, fresh, lambda *_: None)
    arguments = json.dumps(told, ensure_ascii=False)

    def write(tx: Transaction) -> None:
        _create(tx, name, changes)
        tx.run("mining/mark", taxonomy=name, rows=changes.marks)  # names count where namesakes are merged
        tx.run("mining/hang", taxonomy=name, rows=changes.hang)
        tx.run("mining/clear_spaces", taxonomy=name, ids=changes.clear)
        merge_attributes(tx, name, changes.merges)
        tx.run("mining/mark", taxonomy=name, rows=changes.marks)
        tx.run("mining/remove", taxonomy=name, rows=changes.remove)
        _replace_spaces(tx, name, changes)
        tx.run("taxonomy/embed_values", taxonomy=name, rows=vector_rows(values))
        tx.run("mining/forget_evidence", taxonomy=name, rows=_evidence_rows(changes.forget))
        tx.run("mining/evidence", taxonomy=name, rows=_evidence_rows(changes.evidence))
        tx.run("mining/became", taxonomy=name, rows=changes.became)
        settle_paths(tx, name, embedder)

    try:
        return change_tree(graph, name, tree.version, "mine", arguments, write).version
    except OvertakenError:
        raise ConflictError(
            f"the taxonomy {name!r} was changed while it was being mined; run the same command again, "
            "nothing is asked twice"
        ) from None


def record_decided(graph: Graph, taxonomy: str, changes: Changes) -> None:
    """Link attributes with the decisions behind them; asking the graph again changes nothing."""
    write_rows(graph, "mining/decided", taxonomy, changes.decided)


def _create(tx: Transaction, taxonomy: str, changes: Changes) -> None:
    tx.run("taxonomy/create_attributes", taxonomy=taxonomy, rows=[attribute_row(a) for a in changes.create])
    tx.run("taxonomy/link_children", taxonomy=taxonomy, rows=changes.links)
    spaces = [values_row(a) for a in changes.create if a.values]
    tx.run("taxonomy/create_values", taxonomy=taxonomy, rows=spaces)
    _require(tx, taxonomy, changes.create)


def _replace_spaces(tx: Transaction, taxonomy: str, changes: Changes) -> None:
    rows = []
    for attribute, marks in changes.spaces:
        properties = {**space_properties(attribute), **marks}
        rows.append({"id": attribute.id, "properties": properties, "values": values_row(attribute)["values"]})
    tx.run("mining/replace_space", taxonomy=taxonomy, rows=rows)
    _require(tx, taxonomy, [attribute for attribute, _ in changes.spaces])


def _require(tx: Transaction, taxonomy: str, attributes: Sequence[Attribute]) -> None:
    rows = [required_row({"attribute": a.id}, a.requires) for a in attributes if a.requires]
    tx.run("taxonomy/require_for_attributes", taxonomy=taxonomy, rows=rows)


def settle_paths(tx: Transaction, taxonomy: str, embedder: Embedder) -> None:
    """Set every path as the edges say, make the vectors of those that changed, and check the shape."""
    tx.run("taxonomy/repath", taxonomy=taxonomy)
    rows = tx.run("taxonomy/shape", taxonomy=taxonomy)
    tree_paths(rows)
    stale = [
        Attribute(id=row["attribute"]["id"], path=tuple(row["attribute"]["path"]))
        for row in rows
        if not row["attribute"]["embedded"]
    ]
    vectors = embed_attributes(embedder, stale, lambda *_: None)
    tx.run("taxonomy/embed_attributes", taxonomy=taxonomy, rows=vector_rows(vectors))


def _evidence_rows(several: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"exchange": e, "attribute": a, "value": v} for e, a, v in several]
