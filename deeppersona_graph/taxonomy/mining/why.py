"""Why an attribute is in the tree: the exchanges that evidence it, and what was decided on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.model.tree import Attribute, Path


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange behind an attribute or one below it, at `path`, with the value it gives."""

    path: Path
    value: str
    question: str
    answer: str
    source: str
    licence: str
    category: str
    personalizable: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProposedPath:
    """A path that became the attribute: how often it was proposed, and what was done to it."""

    path: Path
    state: str
    steps: tuple[str, ...]
    mentions: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a model decided on the way: the step, what was asked, the answer, the reason and the request."""

    step: str
    subject: str
    answer: Mapping[str, Any]
    reason: str | None
    request: str


@dataclass(frozen=True, slots=True)
class Why:
    """What stands behind an attribute; `exchanges` counts those of its own, all of them."""

    attribute: Attribute
    exchanges: int
    proposals: tuple[ProposedPath, ...]
    decisions: tuple[Decision, ...]
    evidence: tuple[Evidence, ...]


def why(graph: Graph, taxonomy: str, attribute: Attribute, limit: int) -> Why:
    """What stands behind `attribute`, with at most `limit` exchanges at or below it."""
    row = graph.read("mining/why_attribute", taxonomy=taxonomy, attribute=attribute.id)[0]
    shown = graph.read("mining/why_exchanges", taxonomy=taxonomy, attribute=attribute.id, limit=limit)
    return Why(
        attribute,
        exchanges=row["exchanges"],
        proposals=tuple(
            ProposedPath(tuple(one["path"]), one["state"], tuple(one["steps"] or ()), one["mentions"])
            for one in row["proposals"]
        ),
        decisions=tuple(
            Decision(
                one["step"], one["subject"] or "", json.loads(one["answer"])["answers"][0], one["reason"],
                one["request"],
            )
            for one in row["decisions"]
        ),
        evidence=tuple(Evidence(**{**one, "path": tuple(one["path"])}) for one in shown),
    )  # fmt: skip
