"""The cache of vectors on disk: several processes, damage, and what cannot be written."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deeppersona_graph.embedding.cache import VectorCache, vector_key
from deeppersona_graph.embedding.protocol import Vectors
from deeppersona_graph.errors import EmbeddingError


def _vectors(numbers: range) -> dict[bytes, Vectors]:
    made = {}
    for number in numbers:
        vector = np.random.default_rng(number).normal(size=384)
        made[vector_key("model", str(number))] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return made


def _same(found: dict[bytes, Vectors], expected: dict[bytes, Vectors]) -> bool:
    return found.keys() == expected.keys() and all(
        np.array_equal(found[key], expected[key]) for key in expected
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embedding" / "vectors.sqlite"


def test_what_was_put_is_found_by_a_later_process(path: Path) -> None:
    vectors = _vectors(range(1200))
    first = VectorCache(path)
    first.put(vectors)
    first.close()
    second = VectorCache(path)
    absent = vector_key("model", "absent")
    assert _same(second.get([*vectors, absent]), vectors)
    assert second.get([]) == {}
    second.close()


def test_the_key_tells_models_and_texts_apart() -> None:
    assert len({vector_key(model, text) for model in ("a", "a b") for text in ("c", "b c", "")}) == 6


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from test_vector_cache import VectorCache, _vectors
cache = VectorCache(Path(sys.argv[1]))
sys.stdin.readline()
for start in range(int(sys.argv[2]), int(sys.argv[3]), 20):
    cache.put(_vectors(range(start, start + 20)))
cache.close()
"""


def test_two_processes_write_at_once(path: Path) -> None:
    here = str(Path(__file__).parent)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(start), str(start + 1000), here],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for start in (0, 500)
    ]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        _, complaint = writer.communicate(timeout=120)
        assert (writer.returncode, complaint) == (0, "")
    cache = VectorCache(path)
    expected = _vectors(range(1500))
    assert _same(cache.get(list(expected)), expected)
    cache.close()


def test_a_file_that_is_no_database_is_set_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    cache = VectorCache(path)
    vectors = _vectors(range(3))
    with caplog.at_level(logging.WARNING):
        assert cache.get(list(vectors)) == {}
    cache.put(vectors)
    assert _same(cache.get(list(vectors)), vectors)
    cache.close()
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == b"no database" * 1000
    assert "set aside as" in caplog.text


def test_a_database_damaged_inside_is_set_aside(path: Path) -> None:
    vectors = _vectors(range(500))
    cache = VectorCache(path)
    cache.put(vectors)
    cache.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    cache = VectorCache(path)
    cache.put(vectors)
    assert _same(cache.get(list(vectors)), vectors)
    cache.close()
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


def test_a_damaged_row_is_not_returned(path: Path) -> None:
    vectors = _vectors(range(3))
    short, long, whole = vectors
    cache = VectorCache(path)
    cache.put(vectors)
    cache.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (b"\x00" * 13, short))
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (b"\x7f" * 1536, long))
    connection.close()
    assert _same(cache.get(list(vectors)), {whole: vectors[whole]})
    cache.put(vectors)
    assert _same(cache.get(list(vectors)), vectors)
    cache.close()


def test_a_cache_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = VectorCache(tmp_path / "file" / "vectors.sqlite")
    with pytest.raises(
        EmbeddingError, match=r"^the cache of vectors .+ cannot be used: .+ another data_dir$"
    ):
        cache.get([b"key"])
