"""How busy people made by a language model keep it, and what they take by chunk size.

    python benchmarks/personas.py [--people 100] [--depth 200] [--slots 32] [--seconds 0.5] [--chunks 1,16,64]

The endpoint is a process of its own that answers after `--seconds`; busy is the time it spent answering, as a
share of slots times elapsed. Tokens are a quarter of the characters sent and received. Works on the private
server; its people are deleted afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from local_endpoint import endpoint

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.settings import load_settings

POPULATION = "benchmark-personas"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--depth", type=int, default=200)
    parser.add_argument("--slots", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--chunks", default="16")
    options = parser.parse_args()
    print(
        "| chunk | people | elapsed | slots busy | first person after | requests | tokens sent | received |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with endpoint("model_endpoint.counting_script", options.seconds) as url:
        for chunk in map(int, options.chunks.split(",")):
            print(_row(url, chunk, options), flush=True)


def _row(url: str, chunk: int, options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as folder:
        asked = {"model": "benchmark", "base_url": url, "concurrency": options.slots}
        plain = load_settings()
        with (
            DeepPersona(plain) as own,
            DeepPersona(plain.model_copy(update={**asked, "data_dir": Path(folder)})) as dp,
        ):
            dp.__dict__.update(graph=own.graph, embedder=own.embedder)
            run = dp.generate(options.people, depth=options.depth, seed=1, chunk=chunk, population=POPULATION)
            try:
                began, first = time.monotonic(), 0.0
                for made, _ in enumerate(run):
                    first = first if made else time.monotonic() - began
                elapsed = time.monotonic() - began
            finally:
                own.delete(population=POPULATION)
            for name in ("graph", "embedder"):
                dp.__dict__.pop(name)
            assert not run.failed, run.failed
            requests, tokens = run.report.events["asked"], run.report.tokens
    busy = requests * options.seconds / options.slots / elapsed
    each = (requests, tokens.sent, tokens.received)
    shown = " | ".join(f"{n / options.people:,.1f}" for n in each)
    return f"| {chunk} | {options.people} | {elapsed:.1f} s | {busy:.1%} | {first:.1f} s | {shown} |"


if __name__ == "__main__":
    main()
