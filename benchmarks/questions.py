"""How long questions and edits take with 1,000 people of depth 200, and with 20,000.

    python benchmarks/questions.py --data-dir ~/benchmark [--people 20000] [--only questions]

The first 1,000 are generated with values from the bank. The others are put together from them, since so many
would take an hour to generate: each has the core, the profile and the narrative of one, and as many values as
a persona has, each of one of three. They are written as generated ones are.

Each question is asked once, unmeasured; then something is committed, and it is asked six times, of other
people where it is of people. The first of the six reads anew what is remembered while nothing is committed.
Works on a private server in the data folder and leaves the people there: a second run has nobody to load, and
measures once, with all.
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from neo4j import Driver, GraphDatabase
from numpy.typing import NDArray

from deeppersona_graph.api import DeepPersona, connect
from deeppersona_graph.errors import DeepPersonaError
from deeppersona_graph.model.persona import Persona, persona_id
from deeppersona_graph.model.tree import shown
from deeppersona_graph.personas.store import population_ids, read_personas, store_personas
from deeppersona_graph.taxonomy.store import erase_tree

HERE = Path(__file__).parent
MANY, OTHERS = "benchmark-questions", "benchmark-others"
EDITED, INHABITANTS = "benchmark-edited", "benchmark-inhabitants"
FIRST, DEPTH, SEED = 1000, 200, 1
ASKED = 5
LONG = 15.0
"""Seconds from which on a question is not asked so often."""
AT_ONCE = 100
"""People written in one transaction."""
PARENTS = 3

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stock:
    """The people whom the others are put together from."""

    people: Sequence[Persona]
    profiles: Mapping[str, Vector]

    def child(self, population: str, index: int, taxonomy: str | None = None) -> tuple[Persona, Vector]:
        """Somebody put together from three, the same for the same place."""
        rng = random.Random(f"{population} {index}")
        parents = rng.sample(self.people, PARENTS)
        first = parents[0]
        core = {trait.attribute for trait in first.core}
        pool: dict[str, list[int]] = {}
        traits = [{t.attribute: t for t in one.traits} for one in parents]
        for place, own in enumerate(traits):
            for attribute in own:
                if attribute not in core:
                    pool.setdefault(attribute, []).append(place)
        chosen = rng.sample(list(pool), DEPTH)
        values = [traits[rng.choice(pool[attribute])][attribute] for attribute in chosen]
        person = replace(
            first,
            id=persona_id(population, SEED, index),
            population=population,
            index=index,
            taxonomy=taxonomy or first.taxonomy,
            situation=replace(first.situation, name=f"{first.situation.name} {index}"),
            traits=tuple(replace(trait, order=order) for order, trait in enumerate(values, 1)),
        )
        return person, self.profiles[first.id]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--only", choices=("questions", "edits"))
    given = parser.parse_args()
    with connect(data_dir=given.data_dir) as dp, opened(dp) as driver:
        stock = provide(dp, driver)
        gc.collect()
        gc.freeze()  # so many people, whom no question needs, would slow down whatever is measured
        if given.only != "edits":
            questions(dp, driver, stock, given.data_dir, given.people)
        if given.only != "questions":
            edits(dp, driver, stock)


def provide(dp: DeepPersona, driver: Driver) -> Stock:
    """The first 1,000, made where they are not there yet, and another population of as many."""
    dp.tree("human")
    ids = population_ids(dp.graph, MANY, below=FIRST) if MANY in populations(dp) else []
    if len(ids) < FIRST:
        for _ in dp.generate(FIRST, depth=DEPTH, seed=SEED, population=MANY):
            pass
        ids = population_ids(dp.graph, MANY, below=FIRST)
    vectors = {
        row["id"]: np.array(row["embedding"], dtype=np.float32) for row in run(driver, "profiles", ids=ids)
    }
    return Stock(list(read_personas(dp.graph, ids)), vectors)


def load(
    dp: DeepPersona, driver: Driver, stock: Stock, population: str, people: int, taxonomy: str | None = None
) -> None:
    """Fill a population up to so many people, and say how many a second are made and written."""
    here = population_ids(dp.graph, population) if population in populations(dp) else []
    if len(here) >= people:
        return
    run(driver, "open", population=population, run=f"run of {population}", like=MANY)
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as writing:
        written: Future[None] | None = None
        for start in range(len(here), people, AT_ONCE):
            places = range(start, min(start + AT_ONCE, people))
            made = [stock.child(population, index, taxonomy) for index in places]
            if written is not None:
                written.result()
            written = writing.submit(store_personas, dp.graph, f"run of {population}", population, made)
        if written is not None:
            written.result()
    seconds = time.perf_counter() - began
    rate = (people - len(here)) / seconds
    print(
        f"{people - len(here):,} people put together and written in {seconds:.0f} s, {rate:.0f} a second\n",
        flush=True,
    )


def questions(dp: DeepPersona, driver: Driver, stock: Stock, folder: Path, people: int) -> None:
    """Print the times of all questions, with the first people and with all."""
    sizes: dict[int, Mapping[str, Sequence[float] | str]] = {}
    load(dp, driver, stock, OTHERS, FIRST)
    here = len(population_ids(dp.graph, MANY))
    for size in sorted({here, max(here, people)}):
        if size > FIRST:
            load(dp, driver, stock, MANY, size)
        found = len(population_ids(dp.graph, MANY))
        once = {"having, three terms, by the command line, once": [clocked(lambda: command(folder))]}
        sizes[found] = {what: asked(driver, ask) for what, ask in asking(dp)} | once
        print(f"asked of {found:,}", sizes[found], file=sys.stderr, flush=True)
    print("\n| question |" + "".join(f" {n:,} people: median | worst | after a commit |" for n in sizes))
    print("|---|" + "---|---|---|" * len(sizes))
    for what in next(iter(sizes.values())):
        print(f"| {what} |" + "".join(_cells(times[what]) for times in sizes.values()))
    print()


HAVING = ("Age > 40", "Handedness = Left-handed", "Chronic Conditions")


def asking(dp: DeepPersona) -> Iterator[tuple[str, Callable[[], object]]]:
    """The questions, each asked of other people every time."""
    ids = population_ids(dp.graph, MANY)
    rng = random.Random(SEED)

    def somebody() -> str:
        return rng.choice(ids)

    def why() -> object:
        person = next(read_personas(dp.graph, [somebody()]))
        return dp.why(person.id, shown(rng.choice(person.traits).path))

    yield "shared, two people", lambda: dp.shared(rng.sample(ids, 2))
    yield "shared, five people", lambda: dp.shared(rng.sample(ids, 5))
    yield "shared --population --min 5", lambda: dp.groups(MANY, min_traits=5)
    yield "having, one term", lambda: dp.having(HAVING[1:2], population=MANY)
    yield "having, three terms, one of them a branch", lambda: dp.having(HAVING, population=MANY)
    yield "having, by meaning", lambda: dp.having(['~"plays an instrument"'], population=MANY)
    yield "nearest, by attributes", lambda: dp.nearest(somebody())
    yield "nearest, by embedding", lambda: dp.nearest(somebody(), by="embedding")
    yield "compare with another 1,000", lambda: dp.compare(MANY, OTHERS)
    yield "strata", lambda: dp.strata(somebody())
    yield "coverage", lambda: dp.coverage(MANY)
    yield "coverage of one attribute", lambda: dp.distribution(MANY, "Handedness")
    yield "why (reading the person first)", why
    yield "cypher, trivial", lambda: dp.cypher(text("trivial"))
    yield (
        "cypher, how many attributes people share with one",
        lambda: dp.cypher(text("sharing"), {"id": somebody(), "population": MANY}),
    )


def asked(driver: Driver, ask: Callable[[], object]) -> Sequence[float] | str:
    """Seconds of one answer after a commit and five more, fewer where they take long; or what went wrong."""
    try:
        times = [clocked(ask)]
        if times[0] < LONG:
            run(driver, "touch", population=OTHERS)
            times = []
        while len(times) < 2 or (len(times) <= ASKED and sum(times) < 2 * LONG):
            times.append(clocked(ask))
    except DeepPersonaError as error:
        return f"{type(error).__name__}: {error}"
    print(end=".", file=sys.stderr, flush=True)
    return times


def command(folder: Path) -> None:
    """The question with three terms by the command line."""
    told = ["query", "having", *HAVING, "--population", MANY, "--data-dir", str(folder)]
    subprocess.run(
        [sys.executable, "-m", "deeppersona_graph.cli.main", *told], capture_output=True, check=True
    )


def edits(dp: DeepPersona, driver: Driver, stock: Stock) -> None:
    """Print the times of edits of a copy of the bundled tree, before anybody has it and with 1,000 people."""
    clear(dp)
    with tempfile.TemporaryDirectory() as folder:
        bundled = Path(folder) / "human.jsonl"
        dp.export_taxonomy(bundled, "human")
        dp.import_taxonomy(bundled, EDITED)
    alone = {what: tried(edit) for what, edit in editing(dp)}
    load(dp, driver, stock, INHABITANTS, FIRST, EDITED)
    print(f"| edit of the bundled tree | nobody has it | {FIRST:,} people have it |\n|---|---|---|")
    for what, edit in editing(dp):
        print(f"| {what} | {alone[what]} | {tried(edit)} |", flush=True)
    clear(dp)


def tried(edit: Callable[[], object]) -> str:
    """What an edit took, or what went wrong."""
    try:
        return f"{clocked(edit):.2f} s"
    except DeepPersonaError as error:
        return f"{type(error).__name__}: {error}"


def editing(dp: DeepPersona) -> Iterator[tuple[str, Callable[[], object]]]:
    """Edits, each followed by its undoing."""
    branch = "Physical and Health Characteristics > Chronic Conditions"
    steps: Sequence[tuple[str, Callable[[], object]]] = (
        ("rename", lambda: dp.rename("Handedness", "Hand of Choice", taxonomy=EDITED)),
        ("move of a branch of 30", lambda: dp.move(branch, "Demographic Information", taxonomy=EDITED)),
        (
            "merge of two",
            lambda: dp.merge(f"{branch} > Breathing", [f"{branch} > Digestion"], taxonomy=EDITED),
        ),
        (
            "constrain",
            lambda: dp.constrain(
                f"{branch} > Breathing=Severe asthma",
                "excludes",
                ["Handedness=Ambidextrous"],
                taxonomy=EDITED,
            ),
        ),
        ("retire of a branch", lambda: dp.retire([branch], taxonomy=EDITED)),
    )
    yield "sync --whole, the first", lambda: dp.sync(EDITED)
    for what, edit in steps:
        yield what, edit
        yield f"undo of {what}", lambda: dp.undo(taxonomy=EDITED)
    yield "rename --dry-run", lambda: dp.rename("Handedness", "Hand of Choice", taxonomy=EDITED, dry=True)
    yield "sync --whole", lambda: dp.sync(EDITED)


def clear(dp: DeepPersona) -> None:
    """Remove the copy and its people."""
    if INHABITANTS in populations(dp):
        dp.delete(population=INHABITANTS)
    erase_tree(dp.graph, EDITED)


def populations(dp: DeepPersona) -> set[str]:
    return {str(row["name"]) for row in dp.populations()}


def text(statement: str) -> str:
    """A statement beside this file."""
    return (HERE / "questions" / f"{statement}.cypher").read_text(encoding="utf-8")


def run(driver: Driver, statement: str, **parameters: object) -> list[dict[str, Any]]:
    """The rows of a statement beside this file."""
    rows = driver.execute_query(text(statement), parameters).records
    return [dict(row) for row in rows]


def opened(dp: DeepPersona) -> Driver:
    """A plain driver on the same server."""
    uri, auth = dp.graph.access
    return GraphDatabase.driver(uri, auth=auth)


def clocked(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _cells(times: Sequence[float] | str) -> str:
    if isinstance(times, str):
        return f" {times} | | |"
    if len(times) == 1:
        return f" {times[0]:.2f} s | | |"
    first, *later = (f"{1000 * one:,.0f} ms" for one in (times[0], median(times[1:]), max(times[1:])))
    return f" {later[0]} | {later[1]} | {first} |"


if __name__ == "__main__":
    main()
