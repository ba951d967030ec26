"""Loading when first used, or beside other work, once for all threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from deeppersona_graph.embedding.cache import VectorCache
from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.lazy import LazyEmbedder
from deeppersona_graph.embedding.protocol import Embedder, Vectors
from deeppersona_graph.errors import EmbeddingError


class _ByLength:
    """An embedder of two dimensions that keeps what it was asked."""

    model = "by-length"
    dimensions = 2

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        angles = np.array([len(text) for text in texts], dtype=np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_it_is_loaded_once_for_many_threads() -> None:
    opened: list[Embedder] = []
    gate = threading.Barrier(8)

    def open_model() -> Embedder:
        opened.append(_ByLength())
        return opened[-1]

    lazy = LazyEmbedder(open_model, "by-length")

    def use(_: int) -> Vectors:
        gate.wait()
        return lazy.embed(["tea"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(use, range(8)))
    assert len(opened) == 1
    assert all(np.array_equal(answer, answers[0]) for answer in answers)


def test_loading_goes_on_beside_other_work() -> None:
    may_go_on = threading.Event()
    loaded_in: list[threading.Thread] = []

    def open_model() -> Embedder:
        may_go_on.wait()
        loaded_in.append(threading.current_thread())
        return _ByLength()

    lazy = LazyEmbedder(open_model, "by-length", 2)
    lazy.load_in_background()
    lazy.load_in_background()
    assert (lazy.model, lazy.dimensions, loaded_in) == ("by-length", 2, [])
    may_go_on.set()
    assert lazy.embed(["tea"]).shape == (1, 2)
    assert [thread.name for thread in loaded_in] == ["load-embedder"]


def test_name_and_known_dimensions_need_no_model() -> None:
    def open_model() -> Embedder:
        raise AssertionError("the model was loaded")

    lazy = LazyEmbedder(open_model, "by-length", 2)
    assert (lazy.model, lazy.dimensions) == ("by-length", 2)
    assert lazy.embed([]).shape == (0, 2)


def test_unknown_dimensions_are_asked_of_the_model() -> None:
    assert LazyEmbedder(_ByLength, "by-length").dimensions == 2


def test_a_failure_is_raised_at_use_and_loading_tried_again() -> None:
    failures = [EmbeddingError("not yet"), EmbeddingError("not yet")]

    def open_model() -> Embedder:
        if failures:
            raise failures.pop()
        return _ByLength()

    lazy = LazyEmbedder(open_model, "by-length", 2)
    with pytest.raises(EmbeddingError, match="not yet"):
        lazy.embed(["tea"])
    with pytest.raises(EmbeddingError, match="not yet"):
        lazy.embed(["tea"])
    assert lazy.embed(["tea"]).shape == (1, 2)


def test_only_texts_never_seen_reach_the_model(tmp_path: Path) -> None:
    model = _ByLength()

    def open_cached() -> CachedEmbedder:
        lazy = LazyEmbedder(lambda: model, "by-length", 2)
        return CachedEmbedder(lazy, VectorCache(tmp_path / "vectors.sqlite"), lambda: "by-length 1")

    first = open_cached()
    first.embed(["tea", "rain", "tea"])
    first.embed(["rain", "night"])
    first.close()
    second = open_cached()
    second.embed(["night", "tea", "winter", "rain"])
    second.close()
    assert model.asked == [["tea", "rain"], ["night"], ["winter"]]


def test_what_does_not_fit_in_memory_is_read_from_disk(tmp_path: Path) -> None:
    model = _ByLength()
    lazy = LazyEmbedder(lambda: model, "by-length", 2)
    cached = CachedEmbedder(lazy, VectorCache(tmp_path / "vectors.sqlite"), lambda: "1", in_memory=2)
    texts = ["x" * length for length in range(10)]
    before = cached.embed(texts)
    assert np.array_equal(cached.embed(texts[::-1]), before[::-1])
    cached.close()
    assert model.asked == [texts]


def test_another_identity_means_other_vectors(tmp_path: Path) -> None:
    model = _ByLength()
    for identity in ("1", "2", "1"):
        lazy = LazyEmbedder(lambda: model, "by-length", 2)
        cached = CachedEmbedder(lazy, VectorCache(tmp_path / "vectors.sqlite"), lambda name=identity: name)
        cached.embed(["tea"])
        cached.close()
    assert model.asked == [["tea"], ["tea"]]
