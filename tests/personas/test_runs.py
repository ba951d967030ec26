"""Runs that meet each other, or are left half-way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.errors import ConflictError
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.settings import Settings

pytestmark = pytest.mark.live

Cypher = Callable[..., list[dict[str, Any]]]
BLOCK = 50


def wanted(tree: Tree, population: str) -> dict[str, Any]:
    return {"population": population, "taxonomy": tree.name, "depth": 12, "seed": 3}


def test_a_population_deleted_during_a_run_is_noticed_and_nobody_is_lost_silently(
    api: DeepPersona, small: Tree, population: str, cypher: Cypher
) -> None:
    people = iter(api.generate(2 * BLOCK, **wanted(small, population)))
    for _ in range(BLOCK):
        next(people)
    api.delete(population=population)
    with pytest.raises(ConflictError, match="was deleted during the run"):
        next(people)
    assert cypher("MATCH (p:Persona {population: $p}) RETURN p.id", p=population) == []


def test_a_run_that_ends_before_anybody_was_made_leaves_the_other_run_its_population(
    api: DeepPersona, small: Tree, population: str, settings: Settings
) -> None:
    run = api.generate(3, **wanted(small, population))
    with DeepPersona(settings) as other:
        other.generate(5, **wanted(small, population))
    assert len(list(run)) == 3
    assert len(list(api.personas(population))) == 3


def test_two_runs_on_one_population_make_everybody_once(
    api: DeepPersona, small: Tree, population: str, settings: Settings, cypher: Cypher
) -> None:
    met: list[ConflictError] = []

    def fill() -> None:
        with DeepPersona(settings) as mine:
            try:
                list(mine.generate(2 * BLOCK, **wanted(small, population)))
            except ConflictError as error:
                met.append(error)

    both = [threading.Thread(target=fill) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    list(api.generate(2 * BLOCK, **wanted(small, population)))
    counted = cypher(
        "MATCH (p:Persona {population: $p}) "
        "RETURN p.index AS index, COUNT { (p)-[h:HAS]->() WHERE h.order IS NOT NULL } AS pairs",
        p=population,
    )
    assert sorted((row["index"], row["pairs"]) for row in counted) == [(n, 12) for n in range(2 * BLOCK)]
    assert all("run the same command again" in str(error) for error in met)


def test_a_run_that_nobody_iterates_leaves_nothing(
    small: Tree, population: str, settings: Settings, cypher: Cypher
) -> None:
    with DeepPersona(settings) as mine:
        mine.generate(3, **wanted(small, population))
    left = "MATCH (n) WHERE (n:Population AND n.name = $p) OR (n:Run AND n.population = $p) RETURN labels(n)"
    assert cypher(left, p=population) == []


def test_people_of_another_version_are_told_of(
    api: DeepPersona, small: Tree, population: str, cypher: Cypher
) -> None:
    assert not api.generate(1, **wanted(small, population)).outdated
    list(api.generate(1, **wanted(small, population)))
    cypher("MATCH (a:Attribute {taxonomy: $t, name: 'Verse'}) SET a.retired = true", t=small.name)
    again = api.generate(2, **wanted(small, population))
    assert (again.sync.changed, again.outdated, again.missing) == (True, True, 1)
    assert [person.taxonomy_version for person in again] == [2]
