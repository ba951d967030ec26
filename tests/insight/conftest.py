"""People for questions about who shares what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from insight_crowd import CROWD, DEPTH, SECOND, SIZES, Crowd, crowd_tree

from deeppersona_graph.api import DeepPersona
from deeppersona_graph.taxonomy.store import erase_tree


@pytest.fixture(scope="session")
def crowd(api: DeepPersona, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """The two populations, made once for all tests of a run."""
    _clear(api)
    file: Path = tmp_path_factory.mktemp("crowd") / "tree.jsonl"
    file.write_text("\n".join(crowd_tree()), encoding="utf-8")
    tree = api.import_taxonomy([file], CROWD)
    people = {}
    for seed, (name, size) in enumerate(SIZES.items()):
        given: dict[str, Any] = {"anchors": {"Diet": "vegan"}} if name == SECOND else {}
        list(
            api.generate(
                size, population=name, seed=seed, taxonomy=CROWD, depth=DEPTH, values="bank", **given
            )
        )
        people[name] = list(api.personas(name))
    yield Crowd(api.tree(tree.name), people)
    _clear(api)


def _clear(api: DeepPersona) -> None:
    for row in api.populations():
        if row["name"] in SIZES:
            api.delete(population=row["name"])
    erase_tree(api.graph, CROWD)
