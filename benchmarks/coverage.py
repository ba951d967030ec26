"""What covering brings, and how long it takes to ask what is covered and what was passed over.

    python benchmarks/coverage.py [--people 100] [--depth 100] [--ask POPULATION]

The first table makes a population without and with --cover (and with beta alone, to compare) and gives the
share of the bundled tree's selectable attributes that its people use. The second asks `coverage` and `strata`
of the population named by --ask, or of the one made last. Works on the server the settings lead to; its own
people are deleted afterwards.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from deeppersona_graph.api import DeepPersona, connect
from deeppersona_graph.model.specification import COVERING

POPULATION = "benchmark-coverage"
WAYS: Mapping[str, Mapping[str, Any]] = {
    "without": {},
    "--beta 1": {"beta": 1.0},
    f"--beta {COVERING:g}": {"beta": COVERING},
    "--cover": {"cover": True},
}
ASKED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--ask", default=POPULATION)
    given = parser.parse_args()
    with connect() as dp:
        print(
            f"| {given.people} people of depth {given.depth} | attributes used | share | uniqueness | took |"
        )
        print("|---|---|---|---|---|")
        for way, wanted in WAYS.items():
            _forget(dp)
            asked = {"depth": given.depth, "seed": 1, "values": "bank", "narrative": "none", **wanted}
            took = _clocked(lambda a=asked: list(dp.generate(given.people, population=POPULATION, **a)))
            found = dp.coverage(POPULATION)
            share = found.used / found.selectable
            print(
                f"| {way} | {found.used:,} of {found.selectable:,} | {share:.1%} | {found.uniqueness:.4f} | "
                f"{took:.1f} s |",
                flush=True,
            )
        _ask(dp, given.ask)
        _forget(dp)


def _ask(dp: DeepPersona, population: str) -> None:
    people = dp.list(population, limit=ASKED)
    found = dp.coverage(population)
    most = " > ".join(found.spreads[0].path)
    questions: Mapping[str, Callable[[int], object]] = {
        "coverage": lambda _: dp.coverage(population),
        "coverage of one attribute": lambda _: dp.distribution(population, most),
        "strata of a person": lambda n: dp.strata(people[n % len(people)]["id"]),
    }
    print(f"\n| of {found.people:,} people, {found.pairs:,} pairs | median of {ASKED} |\n|---|---|")
    for name, ask in questions.items():
        ask(0)
        times = [_clocked(lambda n=n, a=ask: a(n)) for n in range(ASKED)]
        print(f"| {name} | {1000 * median(times):,.0f} ms |", flush=True)


def _forget(dp: DeepPersona) -> None:
    if POPULATION in {row["name"] for row in dp.populations()}:
        dp.delete(population=POPULATION)


def _clocked(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
