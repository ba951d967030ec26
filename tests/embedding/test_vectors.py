"""The default model: what its vectors are, and that they depend on nothing but the text."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.embedding.model_folder import ModelFolder
from deeppersona_graph.embedding.onnx_model import OnnxEmbedder, open_graph
from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.embedding.reference import TEXTS, compute_vectors, expected_vectors
from deeppersona_graph.errors import InputError
from deeppersona_graph.settings import load_settings


@pytest.fixture(scope="module")
def bare(default_model: ModelFolder, data_dir: Path) -> OnnxEmbedder:
    """The model without any cache."""
    assert default_model.bert is not None
    return open_graph(default_model, default_model.bert, data_dir / "embedding")


def _phrases(count: int) -> list[str]:
    words = ["tea", "nurse", "river", "choir", "letter", "winter", "prayer", "walk", "night", "vélo", "茶"]
    chance = random.Random(11)
    return [" ".join(chance.choices(words, k=chance.randint(0, 12))) for _ in range(count)]


def test_each_text_has_a_row_of_unit_length(embedder: CachedEmbedder) -> None:
    typed: Embedder = embedder
    vectors = typed.embed(["tea ritual", "night shift", "tea ritual"])
    assert vectors.shape == (3, typed.dimensions) == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-6)
    assert np.array_equal(vectors[0], vectors[2])


def test_no_text_gives_no_row(embedder: CachedEmbedder, bare: OnnxEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)
    assert bare.embed([]).shape == (0, 384)


def test_related_texts_lie_closer_than_unrelated_ones(embedder: CachedEmbedder) -> None:
    tea, coffee, tax = embedder.embed(
        ["drinks tea in the morning", "morning coffee habit", "corporate tax law"]
    )
    assert tea @ coffee > tea @ tax + 0.2


def test_vectors_are_those_of_sentence_transformers(bare: OnnxEmbedder, default_model: ModelFolder) -> None:
    genuine = compute_vectors(default_model)
    assert np.abs(bare.embed(TEXTS) - genuine).max() < 1e-5
    assert np.abs(expected_vectors(default_model) - genuine).max() < 1e-5


def test_a_vector_does_not_depend_on_the_other_texts_or_their_order(bare: OnnxEmbedder) -> None:
    texts = _phrases(600) + list(TEXTS)
    together = bare.embed(texts)
    assert np.array_equal(together, np.vstack([bare.embed([text]) for text in texts]))
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    assert np.array_equal(together[order], bare.embed([texts[place] for place in order]))


def test_long_texts_have_the_same_vector_alone_and_together(bare: OnnxEmbedder) -> None:
    texts = [
        f"{word} " * 300 for word in ("tea", "rain", "night", "bread", "walk", "letter", "river", "choir")
    ]
    assert np.array_equal(bare.embed(texts * 3), np.vstack([bare.embed([text]) for text in texts] * 3))


def test_a_cached_vector_equals_a_fresh_one_to_the_bit(bare: OnnxEmbedder, tmp_path: Path) -> None:
    texts = _phrases(50)
    first = load_embedder(load_settings(data_dir=tmp_path))
    fresh = first.embed(texts)
    remembered = first.embed(texts)
    first.close()
    second = load_embedder(load_settings(data_dir=tmp_path))
    from_disk = second.embed(texts)
    second.close()
    for vectors in (remembered, from_disk, bare.embed(texts)):
        assert np.array_equal(fresh, vectors)


def test_the_run_that_writes_the_graph_gives_the_bits_of_later_runs(
    default_model: ModelFolder, bare: OnnxEmbedder, tmp_path: Path
) -> None:
    assert default_model.bert is not None
    writing = open_graph(default_model, default_model.bert, tmp_path)
    later = open_graph(default_model, default_model.bert, tmp_path)
    assert np.array_equal(writing.embed(TEXTS), later.embed(TEXTS))
    assert np.array_equal(writing.embed(TEXTS), bare.embed(TEXTS))


def test_threads_get_the_same_vectors(embedder: CachedEmbedder, bare: OnnxEmbedder) -> None:
    texts = [f"{phrase} {number}" for number, phrase in enumerate(_phrases(120))]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(embedder.embed, [texts, texts[::-1], texts[:60], texts[60:]]))
    alone = bare.embed(texts)
    assert np.array_equal(answers[0], alone)
    assert np.array_equal(answers[1], alone[::-1])
    assert np.array_equal(np.vstack(answers[2:]), alone)


def test_the_empty_text_has_a_vector(embedder: CachedEmbedder) -> None:
    assert np.linalg.norm(embedder.embed([""])) == pytest.approx(1, abs=1e-6)


def test_of_a_long_text_the_first_256_tokens_count(embedder: CachedEmbedder) -> None:
    long, cut, shorter = embedder.embed(["river " * 5000, "river " * 254, "river " * 253])
    assert np.array_equal(long, cut)
    assert not np.array_equal(long, shorter)


def test_a_lone_surrogate_is_refused_in_one_line(embedder: CachedEmbedder) -> None:
    with pytest.raises(InputError, match=r"^the text 'tea \\udc80' is no valid Unicode: .+$"):
        embedder.embed(["tea \udc80"])


def test_changing_an_answer_does_not_change_what_is_remembered(embedder: CachedEmbedder) -> None:
    first = embedder.embed(["a text to spoil"])
    kept = first.copy()
    first[:] = 0
    assert np.array_equal(embedder.embed(["a text to spoil"]), kept)
