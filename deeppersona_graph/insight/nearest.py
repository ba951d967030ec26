"""Who is nearest to somebody: by the traits they share, or by the meaning of their profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deeppersona_graph.errors import InputError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.insight.people import Person, concerned, read_people

By = Literal["attributes", "embedding"]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody near: by attributes, the traits shared and their weight in bits; by embedding, the cosine."""

    person: Person
    shared: int | None
    weight: float | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class Nearest:
    """The people of a population nearest to somebody, the nearest first."""

    person: Person
    population: str
    by: By
    neighbours: tuple[Neighbour, ...]


def nearest(graph: Graph, identity: str, by: By, population: str | None, limit: int) -> Nearest:
    """The people of a population, or of the own one, nearest to the one with this id.

    By attributes they are weighed as by `shared`: rare are traits that few of both populations have. Raises
    `InputError` where the person has no embedding.
    """
    row = graph.read("insight/people", ids=[identity])[0]
    population = population or row["population"]
    if by == "attributes":
        populations = sorted({row["population"], population})
        rows = graph.read(
            "insight/nearest_by_attributes",
            id=identity,
            population=population,
            populations=populations,
            people=concerned(graph, populations, row["taxonomy"]),
            limit=limit,
        )
    elif row["embedded"]:
        rows = graph.read("insight/nearest_by_embedding", id=identity, population=population, limit=limit)
    else:
        raise InputError(f"{row['name']} ({identity}) has no embedding; ask --by attributes")
    people = read_people(graph, [identity, *(one["id"] for one in rows)])
    neighbours = tuple(
        Neighbour(people[one["id"]], one.get("shared"), one.get("weight"), one.get("similarity"))
        for one in rows
    )
    return Nearest(people[identity], population, by, neighbours)
