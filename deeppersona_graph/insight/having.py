"""The people for whom an expression holds, terms by meaning included.

A text in quotes after `~` stands for the traits that are near to it: values whose own vector (of
`name: value`) has a cosine of at least `like` with that of the text; and, whatever their value, attributes
whose path is that near, where values have no vectors: numbers, ordinals, values in a model's own words, and
what touches body, origin, sex, faith and health. All vectors of the taxonomy are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.insight.expression import Expression, Term, parse
from deeppersona_graph.insight.people import Person, person
from deeppersona_graph.model.tree import Attribute, Path, Tree, normal

LIKE = 0.55
"""Cosine from which on a trait is near to a text. At 0.55, "plays an instrument" finds most main instruments,
at 0.65 the guitar and few others, at 0.45 every taste in music."""


@dataclass(frozen=True, slots=True)
class Near:
    """A trait near in meaning: an attribute, with one of its values or (None) whatever its value."""

    path: Path
    value: str | None
    similarity: float


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text was taken to mean, the nearest first."""

    text: str
    traits: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class Having:
    """Those for whom an expression holds: how many, and the first of them by population and index."""

    taxonomy: str
    population: str | None
    count: int
    people: tuple[Person, ...]
    meanings: tuple[Meaning, ...]


def having(
    graph: Graph,
    tree: Tree,
    embedder: Embedder,
    texts: Sequence[str],
    *,
    population: str | None,
    like: float,
    limit: int,
) -> Having:
    """The people of a population, or of all, for whom all the texts hold, written as in `expression`.

    Raises what `parse` raises, and `InputError` for a `like` that is no cosine from 0 to 1.
    """
    if not 0 <= like <= 1:
        raise InputError(f"--like {like:g}: expected a cosine from 0 to 1")
    expression = parse(tree, texts, lambda attributes: _keys(graph, tree, attributes))
    meanings: list[Meaning] = []
    rows: list[dict[str, Any]] = []
    for place, term in enumerate(expression.terms):
        if term.operator == "like":
            meaning, stands_for = _resolve(graph, tree, embedder, term, like)
            meanings.append(meaning)
        else:
            stands_for = [term]
        rows += [row for one in stands_for for row in _rows(place, one)]
    found = graph.read(
        "insight/having",
        taxonomy=tree.name,
        population=population,
        terms=rows,
        program=list(expression.program),
        everybody=_holds_without(expression),
        limit=limit,
    )[0]
    people = tuple(person(row) for row in found["people"])
    return Having(tree.name, population, found["count"], people, tuple(meanings))


def _holds_without(expression: Expression) -> bool:
    """Whether it holds for people who meet no term, who must be looked for among all then."""
    return expression.holds(())


def _rows(place: int, term: Term) -> list[dict[str, Any]]:
    return [
        {
            "place": place,
            "attribute": attribute,
            "operator": term.operator,
            "keys": list(term.keys),
            "number": term.number,
        }
        for attribute in term.attributes
    ]


def _keys(graph: Graph, tree: Tree, attributes: Sequence[Attribute]) -> Mapping[str, Sequence[str]]:
    rows = graph.read("insight/keys", taxonomy=tree.name, attributes=[one.id for one in attributes])
    return {row["attribute"]: row["keys"] for row in rows}


def _resolve(
    graph: Graph, tree: Tree, embedder: Embedder, term: Term, like: float
) -> tuple[Meaning, list[Term]]:
    """What a text means, and the terms that it stands for."""
    rows = graph.read(
        "insight/like",
        taxonomy=tree.name,
        vector=embedder.embed([term.meaning])[0].tolist(),
        like=like,
        within=list(term.attributes) or None,
    )
    by_path = [row["attribute"] for row in rows if row["value"] is None]
    vectored = {
        row["attribute"]: row["values"]
        for row in graph.read("insight/tilted", taxonomy=tree.name, attributes=by_path)
    }
    terms = [
        Term("other", (one,), _normal(vectored[one])) if one in vectored else Term("has", (one,))
        for one in by_path
    ]
    values: dict[str, list[str]] = {}
    for row in rows:
        if row["value"] is not None:
            values.setdefault(row["attribute"], []).append(row["value"])
    terms += [Term("is", (one,), _normal(texts)) for one, texts in values.items()]
    near = tuple(
        Near(tree.by_id[row["attribute"]].path, row["value"], row["similarity"])
        for row in rows
        if row["value"] is not None or row["attribute"] not in vectored
    )
    return Meaning(term.meaning, near), terms


def _normal(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(normal(text) for text in texts)
