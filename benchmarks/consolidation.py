"""How long merging takes in the graph, and whether anything is lost.

    python benchmarks/consolidation.py ../shared/data/taxonomies/attributes_merged.json

The bundled tree and the trees in the files given become one taxonomy, with vectors, 1,000 people of 200
attributes and 20,000 exchanges of two; then siblings whose names have a cosine of 0.70 or more are merged,
level by level, as in the paper: without a model, which gives the most merges. What hangs on the tree is
counted before and after.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from neo4j import Driver, GraphDatabase

from deeppersona_graph.api import DeepPersona, connect
from deeppersona_graph.graph.server import ensure_running
from deeppersona_graph.taxonomy.store import erase_tree

NAME = "benchmark-consolidation"
HERE = Path(__file__).parent
PEOPLE, DEPTH, EXCHANGES = 1000, 200, 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--sure", type=float, default=0.70)
    given = parser.parse_args()
    with connect() as dp, opened(dp) as driver:
        clear(dp, driver)
        with tempfile.TemporaryDirectory() as folder:
            bundled = Path(folder) / "human.jsonl"
            dp.export_taxonomy(bundled, "human")
            tree = dp.import_taxonomy([bundled, *given.files], NAME)
        print(f"{len(tree.attributes):,} attributes of the bundled tree and {len(given.files)} more\n")
        run(driver, "load", people=PEOPLE, depth=DEPTH, exchanges=EXCHANGES)
        before = run(driver, "count")
        start = time.perf_counter()
        dp.consolidate(NAME, sure=given.sure)
        first = time.perf_counter() - start
        after = run(driver, "count")
        start = time.perf_counter()
        again, _ = dp.consolidate(NAME, sure=given.sure)
        second = time.perf_counter() - start
        clear(dp, driver)
    print("| | before | after |\n|---|---|---|")
    for name, count in before.items():
        print(f"| {name} | {count:,} | {after[name]:,} |")
    print(f"\nelapsed, vectors of names included: {first:.1f} s; once more: {second:.1f} s, {again.merged}")


def run(driver: Driver, statement: str, **parameters: int) -> dict[str, int]:
    """The first row of a statement beside this file."""
    text = (HERE / f"{statement}.cypher").read_text(encoding="utf-8")
    rows = driver.execute_query(text, {"taxonomy": NAME, **parameters}).records  # type: ignore[arg-type]
    return dict(rows[0]) if rows else {}


def opened(dp: DeepPersona) -> Driver:
    """A plain driver on the same server."""
    server = ensure_running(dp.settings)
    return GraphDatabase.driver(dp.graph.uri, auth=(server.username, server.password))


def clear(dp: DeepPersona, driver: Driver) -> None:
    """Remove what a run leaves."""
    run(driver, "unload")
    erase_tree(dp.graph, NAME)


if __name__ == "__main__":
    main()
