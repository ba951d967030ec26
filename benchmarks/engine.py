"""How busy the engine keeps an endpoint: programs of many steps against a local one that takes its time.

    python benchmarks/engine.py [--slots 32] [--programs 100] [--steps 15] [--seconds 0.5]

The endpoint is a process of its own; busy is the time it spent answering, as a share of slots times elapsed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from local_endpoint import endpoint

TESTS = Path(__file__).resolve().parent.parent / "tests" / "llm"
sys.path.insert(0, str(TESTS))

from programs import tasks  # noqa: E402

from deeppersona_graph.llm.executors.drive import Finished  # noqa: E402
from deeppersona_graph.llm.executors.online import OnlineExecutor  # noqa: E402
from deeppersona_graph.llm.prices import Prices  # noqa: E402
from deeppersona_graph.llm.providers import OpenAIProvider  # noqa: E402
from deeppersona_graph.llm.report import Report  # noqa: E402
from deeppersona_graph.llm.store import AnswerStore  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=32)
    parser.add_argument("--programs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    requests = options.programs * options.steps
    print("| run | elapsed | slots busy | first program after | own processor time a request |")
    print("|---|---|---|---|---|")
    with endpoint("endpoint.usual", options.seconds) as url, tempfile.TemporaryDirectory() as folder:
        provider = OpenAIProvider(url, None, timeout=60.0)
        with AnswerStore(Path(folder) / "answers.sqlite") as store:
            for run in ("asked", "from the store"):
                executor = OnlineExecutor(provider, store, Report(Prices.load()), slots=options.slots)
                began, worked = time.monotonic(), _processor_time()
                ends = []
                for outcome in executor.run(tasks(options.programs, options.steps)):
                    assert isinstance(outcome, Finished)
                    ends.append(time.monotonic() - began)
                own = (_processor_time() - worked) / requests * 1000
                busy = requests * options.seconds / options.slots / ends[-1] if run == "asked" else 0.0
                print(f"| {run} | {ends[-1]:.2f} s | {busy:.1%} | {ends[0]:.2f} s | {own:.1f} ms |")
        provider.close()


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
