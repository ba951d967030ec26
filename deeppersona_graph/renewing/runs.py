"""What runs that make parts of personas anew have in common: what a population was to be, and the record."""

from __future__ import annotations

import json
from typing import Any

from deeppersona_graph.errors import (
    InputError,
    UnknownNameError,
)
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.llm.means import Via
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.select import Biases
from deeppersona_graph.personas.store import population_ids
from deeppersona_graph.personas.workbench import Plan


def recorded_population(graph: Graph, population: str) -> tuple[Specification, int]:
    """What a population was specified to be, and its seed.

    Raises `UnknownNameError` where there is none, and `InputError` where no tree was behind it.
    """
    population_ids(graph, population, below=0)
    row = next(row for row in graph.read("personas/populations") if row["name"] == population)
    if row["specification"] is None:
        raise InputError(
            f"the population {population!r} does not say what it was to be; it was not generated"
        )
    specification = Specification.of(json.loads(row["specification"]))
    if specification.attributes == "model":
        raise InputError(
            f"a model named the attributes of {population!r}; there is no tree that it could be held against"
        )
    return specification, int(row["seed"])


def open_plan(
    run: str, tree: Tree, population: str, seed: int, specification: Specification, via: Via
) -> tuple[Plan, list[str]]:
    """The plan of a run on people who are there, and the branches whose bias is left out, as no attribute is
    called so any more."""
    biases, lost = _biases(specification, tree)
    plan = Plan(
        run=run, population=population, seed=seed, specification=specification, biases=biases, people=(),
        taken=frozenset(), outdated=False, via=via,
    )  # fmt: skip
    return plan, lost


def record_run(
    graph: Graph, plan: Plan, kind: str, parameters: dict[str, Any], count: int, model: str | None
) -> None:
    """Record that a run begins."""
    graph.write("record/open_run", **run_row(plan, kind, parameters, count, model))


def run_row(
    plan: Plan, kind: str, parameters: dict[str, Any], count: int, model: str | None
) -> dict[str, Any]:
    """The record of a run as `record/open_run` takes it."""
    return {
        "id": plan.run, "kind": kind, "population": plan.population,
        "parameters": json.dumps(parameters, sort_keys=True, ensure_ascii=False), "seed": plan.seed,
        "count": count, "model": model, "via": plan.via, "endpoint": None, "file": None, "field": None,
        "read": None,
    }  # fmt: skip


def _biases(specification: Specification, tree: Tree) -> tuple[Biases, list[str]]:
    found, lost = [], []
    for branch, factor in specification.biases:
        try:
            found.append((find_attribute(tree, branch).id, factor))
        except UnknownNameError:
            lost.append(branch)
    return tuple(found), lost
