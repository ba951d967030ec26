"""Runs of generation: a population opened, and what of it is still to be made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from deeppersona_graph.errors import InputError, UnknownNameError
from deeppersona_graph.graph.connection import Graph
from deeppersona_graph.llm.report import Report
from deeppersona_graph.model.addressing import find_attribute
from deeppersona_graph.model.seeds import digest
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.select import Biases
from deeppersona_graph.personas.sketches import Sketches
from deeppersona_graph.personas.workbench import Plan, Sitter

CANDIDATES = 5
"""Runs named for which a text may stand."""

LOOKED_UP = 500
"""Lines of a file for which a statement finds out who is there."""


def resolve_biases(specification: Specification, tree: Tree) -> Biases:
    """The biases of a specification by attribute id; raises as `find_attribute` does."""
    return tuple((find_attribute(tree, branch).id, factor) for branch, factor in specification.biases)


def names_attributes(graph: Graph, population: str) -> bool:
    """Whether a model names the attributes of a population."""
    rows = graph.read("personas/populations")
    return any(
        row["name"] == population
        and row["specification"] is not None  # somebody made the population by hand
        and Specification.of(json.loads(row["specification"])).attributes == "model"
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class Way:
    """How a run gets its answers: live or in files, and the address of the endpoint, without secrets."""

    via: str
    endpoint: str | None


def open_run(
    graph: Graph,
    tree: Tree,
    population: str,
    seed: int,
    specification: Specification,
    biases: Biases,
    count: int,
    way: Way,
    sketches: Sketches | None = None,
    *,
    keeps_chunk: bool = False,
) -> Plan:
    """Open the population and a run that fills it up to `count` people, or makes those whose biographies are
    `sketches`. Any population can be gone on with to cover what it lacks.

    Raises `InputError` where the population exists with another seed or specification. The run goes on where
    an earlier one stopped: indices that have a persona are left out. With `keeps_chunk`, a population that is
    there keeps its chunk, whatever the specification says.
    """
    specification = _open_population(graph, population, seed, specification, keeps_chunk)
    spelled = spelled_specification(specification)
    if sketches is None:
        left = _numbered(graph, tree, population, count)
    else:
        left = _sketched(graph, tree, population, count, sketches)
    run = digest("run", population, seed, spelled, count).hex()[:16]
    opened = graph.write(
        "record/open_run",
        id=run,
        kind="generate",
        population=population,
        parameters=spelled,
        seed=seed,
        count=count,
        model=specification.model,
        via=way.via,
        endpoint=way.endpoint,
        file=None if sketches is None else str(sketches.path.absolute()),
        field=None if sketches is None else sketches.key,
        read=None if sketches is None else sketches.limit,
    )
    return Plan(
        run=run,
        population=population,
        seed=seed,
        specification=specification,
        biases=biases,
        people=left.people,
        taken=left.taken,
        outdated=left.outdated,
        own_biographies=sketches is not None,
        there=left.there,
        via=way.via,
        begun=opened[0]["begun"],
    )


def begin_run(graph: Graph, plan: Plan) -> None:
    """Record that the first people of a run are being made: from now on it can be gone on with."""
    graph.write("record/begin_run", id=plan.run)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as it was asked for: how many people, or the file they come from, its field and its lines."""

    id: str
    population: str
    seed: int
    specification: Specification
    count: int
    via: str
    endpoint: str | None
    file: Path | None
    field: str | None
    limit: int | None


def find_run(graph: Graph, text: str) -> Recorded:
    """The run that `text` names: `last`, a population, or the beginning of an id.

    Raises `UnknownNameError` where there is none, and `InputError` where several ids begin so.
    """
    rows = graph.read("record/find_run", text=text, limit=CANDIDATES) if text else []
    if not rows:
        raise UnknownNameError("run", text, hint="give `last`, the beginning of a run's id, or a population")
    if text not in ("last", rows[0]["population"]) and len(rows) > 1:
        listed = ", ".join(f"{row['id']} ({row['population']})" for row in rows)
        raise InputError(f"{text!r} stands for several runs: {listed}; give more of the id")
    row = rows[0]
    return Recorded(
        id=row["id"],
        population=row["population"],
        seed=row["seed"],
        specification=Specification.of(json.loads(row["parameters"])),
        count=row["count"],
        via=row["via"],
        endpoint=row["endpoint"],
        file=None if row["file"] is None else Path(row["file"]),
        field=row["field"],
        limit=row["read"],
    )


def close_run(graph: Graph, plan: Plan, state: str, report: Report) -> None:
    """Record how the run ended and what it cost; a population that nobody was made for is forgotten, unless
    its people wait for answers."""
    graph.write("record/close_run", id=plan.run, state=state, **report.spent())
    if state not in ("finished", "waiting"):
        graph.write("personas/delete_population", population=plan.population, force=False)


def _open_population(
    graph: Graph, population: str, seed: int, wanted: Specification, keeps_chunk: bool
) -> Specification:
    """What the population is to be; raises `InputError` where it is there and was to be something else."""
    opened = graph.write(
        "personas/open_population",
        population=population,
        seed=seed,
        specification=spelled_specification(wanted.lasting),
    )
    found, found_seed = Specification.of(json.loads(opened[0]["specification"])), opened[0]["seed"]
    if keeps_chunk:
        wanted = replace(wanted, chunk=found.chunk)
    if found != wanted.lasting or found_seed != seed:
        was, now = json.loads(spelled_specification(found)), json.loads(spelled_specification(wanted.lasting))
        changed = [f"{key} {was[key]!r}, now {now[key]!r}" for key in now if was[key] != now[key]]
        if found_seed != seed:
            changed.append(f"seed {found_seed}, now {seed}")
        raise InputError(
            f"the population {population!r} was made with {'; '.join(changed)}; "
            "choose another --population, or delete it first"
        )
    return wanted


def spelled_specification(specification: Specification) -> str:
    """A specification as the graph keeps it."""
    return json.dumps(specification.plain(), sort_keys=True, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Left:
    """Whom a run is to make, and what it must know of those who are there."""

    people: Iterable[Sitter]
    taken: frozenset[str]
    outdated: bool
    there: int


def _numbered(graph: Graph, tree: Tree, population: str, count: int) -> _Left:
    rows = graph.read("personas/names_taken", population=population)
    names = {int(row["index"]): str(row["name"]) for row in rows}
    people = [Sitter(index) for index in range(count) if index not in names]
    return _Left(
        people=people,
        taken=frozenset(names.values()),
        outdated=any(row["version"] != tree.version for row in rows),
        there=count - len(people),
    )


def _sketched(graph: Graph, tree: Tree, population: str, count: int, sketches: Sketches) -> _Left:
    """Names need not be unique here: those of millions are not held."""
    row = graph.read("personas/people_there", population=population, below=count, version=tree.version)[0]
    return _Left(
        people=_sitters(graph, population, sketches),
        taken=frozenset(),
        outdated=row["outdated"],
        there=row["there"],
    )


def _sitters(graph: Graph, population: str, sketches: Sketches) -> Iterator[Sitter]:
    """Those with a biography who have no persona yet, looked up block by block as they are needed."""
    found = sketches.read()
    while block := list(islice(found, LOOKED_UP)):
        rows = graph.read(
            "personas/indices_taken", population=population, indices=[one.number - 1 for one in block]
        )
        taken = {row["index"] for row in rows}
        for one in block:
            if one.number - 1 not in taken:
                yield Sitter(one.number - 1, one.text, sketches.origin(one.number))
