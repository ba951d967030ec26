"""One data folder and one embedder for the tests of a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.checksums import Checksums
from deeppersona_graph.embedding.find import DEFAULT, find_model
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.embedding.model_folder import ModelFolder
from deeppersona_graph.settings import load_settings


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def embedder(data_dir: Path) -> Iterator[CachedEmbedder]:
    embedder = load_embedder(load_settings(data_dir=data_dir))
    yield embedder
    embedder.close()


@pytest.fixture(scope="session")
def default_model(data_dir: Path) -> ModelFolder:
    return find_model(DEFAULT, Checksums(data_dir / "embedding" / "checksums.json"))
