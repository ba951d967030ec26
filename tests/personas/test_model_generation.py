from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from endpoint import Endpoint

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.model.tree import Tree
from deeppersona_graph.personas.violations import violations

pytestmark = pytest.mark.live

Asking = Callable[..., DeepPersona]


def test_trial(asking: Asking, small: Tree, population: str, endpoint: Endpoint) -> None:
    import time

    t = time.time()
    from model_endpoint import person_script, schema_name

    log = []

    def script(call):
        log.append((round(time.time() - t, 2), schema_name(call)))
        return person_script(call)

    endpoint.script = script
    run = asking().generate(20, population=population, taxonomy=small.name, depth=14, seed=1)
    people = list(run)
    print(time.time() - t, len(endpoint.calls), run.failed, run.report.summary())
    last = 0
    for a, b in log:
        if a - last > 0.15:
            print(last, a, b)
        last = a
    for p in people:
        print(violations(p, small))
