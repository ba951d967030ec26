"""How fast it is: selection, generation, the command line, and what memory they take.

    python benchmarks/speed.py [--people 500]

Works on the server the settings lead to (the private one without `NEO4J_URI`), prints a table in Markdown,
and deletes the people it made.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import psutil

from deeppersona_graph.api import DeepPersona, connect
from deeppersona_graph.graph.server import status
from deeppersona_graph.model.specification import Specification
from deeppersona_graph.personas.anchor import anchor, seekers
from deeppersona_graph.personas.anchors import resolve_anchors
from deeppersona_graph.personas.constraints import Constraints
from deeppersona_graph.personas.fill import quotas
from deeppersona_graph.personas.generate import reserve_for
from deeppersona_graph.personas.profile import centre
from deeppersona_graph.personas.race import run_races
from deeppersona_graph.personas.select import Prior, select
from deeppersona_graph.personas.workers import BATCH

GROWTH = (10, 100, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    people = parser.parse_args().people
    with connect() as dp:
        dp.tree("human")
        print("| what | measured |\n|---|---|")
        statements(dp)
        with population(dp) as name:
            seconds = clocked(lambda: list(dp.generate(people, seed=1, population=name)))
            line(
                f"bank generation, {people} people of depth 200, writes included",
                f"{people / seconds:.1f} a second",
            )
        for count in GROWTH:
            with population(dp) as name:
                seconds = clocked(lambda n=count, p=name: list(dp.generate(n, seed=2, population=p)))
                line(f"the same, {count} people, set-up included", f"{count / seconds:.1f} a second")
        found = status(dp.settings)
        line(
            "Python, largest resident", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
        )
        if found.pid:
            line("server, resident", f"{psutil.Process(found.pid).memory_info().rss / 2**20:.0f} MB")
    helped = [clocked(lambda: subprocess.run([sys.executable, "-m", "deeppersona_graph.cli.main", "--help"],
                                             capture_output=True, check=True)) for _ in range(5)]  # fmt: skip
    line("`deeppersona --help`, median of 5", f"{median(helped):.2f} s")


def statements(dp: DeepPersona) -> None:
    """The two read statements, for one person and for a batch."""
    tree = dp.tree("human")
    anchors = resolve_anchors(Specification(), tree, Constraints(tree))
    people = [anchor(anchors, "population", 1, index, (), dp.embedder) for index in range(BATCH)]
    seeking = seekers([(person, anchors) for person in people], tree, dp.embedder)
    reserve = reserve_for(quotas(200, (5, 3, 2)))
    prior = Prior(0.5, 0.0, (), "none", 0)
    middle = centre(dp.embedder)
    for few in (1, BATCH):
        some = seeking[:few]
        times = [clocked(lambda s=some: select(dp.graph, tree, prior, s, reserve)) for _ in range(7)]
        line(f"selection, {few} in one statement, median of 7", f"{1000 * median(times) / few:.0f} ms each")
        chosen = select(dp.graph, tree, prior, some, reserve)
        named = {i: [a.attribute.id for a in (*s.reserves, *s.required)] for i, s in chosen.items()}
        times = [
            clocked(lambda s=some, n=named: run_races(dp.graph, tree.name, s, n, middle)) for _ in range(7)
        ]
        line(
            f"races for values, {few} in one statement, median of 7",
            f"{1000 * median(times) / few:.0f} ms each",
        )


@contextmanager
def population(dp: DeepPersona) -> Iterator[str]:
    """A population for a measurement, gone before and afterwards."""
    name = "benchmark-speed"
    if name in {row["name"] for row in dp.populations()}:
        dp.delete(population=name)
    yield name
    dp.delete(population=name)


def clocked(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def line(what: str, measured: str) -> None:
    """A line of the table, at once."""
    print(f"| {what} | {measured} |", flush=True)


if __name__ == "__main__":
    main()
