"""Personas into the graph and back: each is there completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from deeppersona_graph.errors import ConflictError, InputError, UnknownNameError
from deeppersona_graph.graph.connection import Graph, Transaction
from deeppersona_graph.model.names import nearest
from deeppersona_graph.model.persona import InnerCore, Persona, Trait, TraitValue, plain, value_texts
from deeppersona_graph.model.situation import Situation
from deeppersona_graph.model.tree import normal
from deeppersona_graph.personas.profile import Vector

READ_AT_ONCE = 50
DELETED_AT_ONCE = 100

CANDIDATES = 20
"""People counted whom an ambiguous name stands for."""

_SITUATION = tuple(f.name for f in fields(Situation))
_INNER = tuple(f.name for f in fields(InnerCore))
_OWN = (
    "id", "population", "index", "seed", "depth", "taxonomy", "taxonomy_version", "narrative", "biography",
    "origin", "read", "unread", "narrative_requests",
)  # fmt: skip


def store_personas(
    graph: Graph, run: str, population: str, personas: Sequence[tuple[Persona, Vector]]
) -> None:
    """Write personas of one population, produced by one run, in one transaction.

    Raises `ConflictError`, and writes nothing, where the population, the run or an attribute is gone.
    """
    rows = [
        {
            "properties": properties_of(persona),
            "embedding": profile.tolist(),
            "traits": [
                trait_row(trait, run, persona.taxonomy_version) for trait in (*persona.core, *persona.traits)
            ],
        }
        for persona, profile in personas
    ]
    wanted = {"personas": len(rows), "pairs": sum(len(row["traits"]) for row in rows)}

    def write(tx: Transaction) -> None:
        written = tx.run("personas/store", population=population, run=run, rows=rows)[0]
        if written != wanted:
            raise ConflictError(
                f"the population {population!r}, or an attribute, was deleted during the run; "
                "run the same command again"
            )

    graph.transact(write)


def read_personas(graph: Graph, ids: Sequence[str]) -> Iterator[Persona]:
    """The personas with these ids, in order of population and index within each fifty."""
    for start in range(0, len(ids), READ_AT_ONCE):
        for row in graph.read("personas/read", ids=list(ids[start : start + READ_AT_ONCE])):
            yield _persona(row["persona"], row["traits"])


def population_ids(graph: Graph, population: str, below: int | None = None) -> list[str]:
    """The ids of a population's personas in order of index, of those with an index `below` a bound.

    Raises `UnknownNameError` where there is no such population.
    """
    known = [str(row["name"]) for row in graph.read("personas/populations")]
    if population not in known:
        raise UnknownNameError(
            "population", population, nearest(population, known), hint="`deeppersona list` shows all"
        )
    return [str(row["id"]) for row in graph.read("personas/ids", population=population, below=below)]


def find_persona(graph: Graph, text: str) -> str:
    """The id of the persona that `text` names: its id, the beginning of it, or a full name.

    Raises `UnknownNameError`, or `InputError` that lists the candidates.
    """
    found = graph.read("personas/find", text=text, limit=CANDIDATES + 1) if text else []
    exact = [row for row in found if row["id"] == text]
    if exact or len(found) == 1:
        return str((exact or found)[0]["id"])
    if not found:
        known = [str(row["name"]) for row in _brief(graph, None, 0, 5000)]
        raise UnknownNameError(
            "persona", text, nearest(text, known), hint="`deeppersona list` shows ids and names"
        )
    listed = ", ".join(f"{row['id']} ({row['name']}, {row['population']})" for row in found[:5])
    count = len(found) if len(found) <= CANDIDATES else f"more than {CANDIDATES}"
    raise InputError(f"{text!r} stands for {count} personas: {listed}; give more of the id")


def list_personas(graph: Graph, population: str | None, skip: int, limit: int) -> list[Mapping[str, Any]]:
    """Personas in brief, in order of population and index."""
    if population is not None:
        population_ids(graph, population)
    return _brief(graph, population, skip, limit)


def list_populations(graph: Graph) -> list[Mapping[str, Any]]:
    """All populations by name, with size, seed, and what they were specified to be (JSON)."""
    return graph.read("personas/populations")


def delete_personas(graph: Graph, ids: Sequence[str]) -> int:
    """Delete the personas with these ids, a transaction for every hundred; how many there were."""
    return sum(
        int(graph.write("personas/delete", ids=list(ids[start : start + DELETED_AT_ONCE]))[0]["deleted"])
        for start in range(0, len(ids), DELETED_AT_ONCE)
    )


def delete_population(graph: Graph, population: str) -> int:
    """Delete a population with all its personas and runs."""
    deleted = delete_personas(graph, population_ids(graph, population))
    graph.write("personas/delete_population", population=population, force=True)
    return deleted


def _brief(graph: Graph, population: str | None, skip: int, limit: int) -> list[Mapping[str, Any]]:
    return graph.read("personas/list", population=population, skip=skip, limit=limit)


def properties_of(persona: Persona) -> dict[str, Any]:
    """What a persona's node bears, its vector aside."""
    inner = {key: getattr(persona.inner, key) for key in _INNER}
    return {
        **{key: plain(getattr(persona, key)) for key in _OWN if getattr(persona, key) is not None},
        **{key: getattr(persona.situation, key) for key in _SITUATION},
        **{key: plain(value) for key, value in inner.items()},
    }


def trait_row(trait: Trait, run: str, version: int) -> dict[str, Any]:
    """A pair as `personas/store` writes it, made by `run` at a version of the tree."""
    several = isinstance(trait.value, tuple)
    return {
        "attribute": trait.attribute,
        "properties": {
            "value": list(value_texts(trait.value)) if several else trait.value,
            "keys": [normal(text) for text in value_texts(trait.value)],
            "order": trait.order,
            "stratum": trait.stratum,
            "similarity": trait.similarity,
            "source": trait.source,
            "request": trait.request,
            "run": run,
            "version": version,
        },
    }


def _persona(properties: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Persona:
    traits = [_trait(row) for row in rows]
    known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in properties.items()}
    own: dict[str, Any] = {key: known[key] for key in _OWN if key in known}
    situation: dict[str, Any] = {key: known.get(key) for key in _SITUATION}
    return Persona(
        **own,
        situation=Situation(**situation),
        inner=InnerCore(**{key: known[key] for key in _INNER}),
        core=tuple(sorted((t for t in traits if t.order is None), key=lambda t: t.path)),
        traits=tuple(t for t in traits if t.order is not None),
    )


def _trait(row: Mapping[str, Any]) -> Trait:
    value: TraitValue = tuple(row["value"]) if isinstance(row["value"], list) else row["value"]
    return Trait(
        attribute=row["attribute"],
        path=tuple(row["path"]),
        value=value,
        source=row["source"],
        order=row["order"],
        stratum=row["stratum"],
        similarity=row["similarity"],
        request=row["request"],
    )
