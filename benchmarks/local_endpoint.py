"""The endpoint of the tests as a process of its own, which takes its time for every answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"

_SERVER = """
import sys
from dataclasses import replace
from importlib import import_module
sys.path[:0] = [sys.argv[1] + "/llm", sys.argv[1] + "/personas"]
from endpoint import serving
module, name = sys.argv[2].split(".")
script = getattr(import_module(module), name)
with serving(lambda call: replace(script(call), after=float(sys.argv[3]))) as endpoint:
    print(endpoint.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def endpoint(script: str, seconds: float) -> Iterator[str]:
    """The address of an endpoint that answers after `seconds`, by a `module.function` of the tests."""
    command = [sys.executable, "-c", _SERVER, str(TESTS), script, str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()
