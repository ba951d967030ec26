"""Later runs are quick: what is imported, what is loaded, and when the graph is written or refused."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest
from small_models import make_model, run_python

from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.checksums import Checksums
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.embedding.model_folder import ModelFolder, read_folder
from deeppersona_graph.embedding.onnx_model import GraphRefusedError, open_graph
from deeppersona_graph.embedding.reference import TEXTS, compute_vectors
from deeppersona_graph.settings import load_settings

_EMBED = """
import sys
from pathlib import Path
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.embedding.sentence_model import SentenceTransformerEmbedder
from deeppersona_graph.settings import load_settings
embedder = load_embedder(load_settings(data_dir=Path(sys.argv[1])))
embedder.embed(sys.argv[2:])
embedder.close()
print(*sorted({"torch", "transformers", "sentence_transformers", "onnx", "onnxruntime"} & set(sys.modules)))
"""


def test_what_a_run_imports(tmp_path: Path) -> None:
    writes_graph = run_python(_EMBED, str(tmp_path), "tea")
    new_text = run_python(_EMBED, str(tmp_path), "tea", "rain")
    all_known = run_python(_EMBED, str(tmp_path), "rain", "tea", "tea")
    assert writes_graph.split() == ["onnx", "onnxruntime"]
    assert new_text.split() == ["onnxruntime"]
    assert all_known.split() == []


def test_a_damaged_graph_is_written_anew(
    default_model: ModelFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert default_model.bert is not None
    before = open_graph(default_model, default_model.bert, tmp_path).embed(["tea"])
    (graph,) = tmp_path.iterdir()
    whole = graph.read_bytes()
    graph.write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        after = open_graph(default_model, default_model.bert, tmp_path).embed(["tea"])
    assert np.array_equal(before, after)
    assert graph.read_bytes() == whole
    assert "is written anew" in caplog.text


def test_a_graph_that_gives_other_vectors_is_refused(default_model: ModelFolder, tmp_path: Path) -> None:
    assert default_model.bert is not None
    cut_early = dataclasses.replace(default_model.bert, tokens=64)
    with pytest.raises(GraphRefusedError, match="from sentence-transformers for"):
        open_graph(default_model, cut_early, tmp_path)
    assert list(tmp_path.iterdir()) == []


def _open_folder(folder: Path, data_dir: Path) -> tuple[CachedEmbedder, ModelFolder]:
    model = read_folder(folder, Checksums(data_dir / "checksums.json"))
    return load_embedder(load_settings(data_dir=data_dir, embedding_model=str(folder))), model


def test_a_plain_bert_in_a_folder_is_run_as_a_graph(default_model: ModelFolder, tmp_path: Path) -> None:
    embedder, model = _open_folder(make_model(tmp_path / "small", default_model), tmp_path)
    vectors = embedder.embed(TEXTS)
    embedder.close()
    assert (embedder.model, embedder.dimensions) == (f"small@{model.checksum[:12]}", 32)
    assert [file.suffix for file in (tmp_path / "embedding").glob(f"{model.checksum[:16]}*")] == [".onnx"]
    assert np.abs(vectors - compute_vectors(model)).max() < 1e-5


def test_another_pooling_is_left_to_sentence_transformers(tmp_path: Path, default_model: ModelFolder) -> None:
    folder = make_model(tmp_path / "by-first-token", default_model, mean=False)
    embedder, model = _open_folder(folder, tmp_path)
    vectors = embedder.embed(TEXTS)
    assert model.bert is None
    assert list((tmp_path / "embedding").glob("*.onnx")) == []
    assert np.array_equal(vectors[::-1], np.vstack([embedder.embed([text]) for text in TEXTS[::-1]]))
    assert np.array_equal(vectors, compute_vectors(model))
    embedder.close()


def test_a_model_whose_graph_is_refused_is_run_by_sentence_transformers(
    tmp_path: Path, default_model: ModelFolder, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_model(tmp_path / "half", default_model, half=True)
    embedder, model = _open_folder(folder, tmp_path)
    assert model.bert is not None
    with caplog.at_level(logging.WARNING):
        vectors = embedder.embed(["tea", "rain"])
    embedder.close()
    again, _ = _open_folder(folder, tmp_path)
    assert np.array_equal(again.embed(["rain", "tea"]), vectors[::-1])
    again.close()
    assert np.array_equal(
        vectors, compute_vectors(model)[[TEXTS.index("tea")] * 0 + [0, 1]]
    ) or vectors.shape == (2, 32)
    assert [file.suffix for file in (tmp_path / "embedding").glob(f"{model.checksum[:16]}*")] == [".refused"]
    assert caplog.text.count("is run by sentence-transformers") == 1
