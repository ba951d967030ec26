"""An embedder that remembers: in memory, then on disk, then from the model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from deeppersona_graph.embedding.cache import VectorCache, vector_key
from deeppersona_graph.embedding.lazy import LazyEmbedder
from deeppersona_graph.embedding.protocol import Vectors
from deeppersona_graph.errors import InputError, shorten

IN_MEMORY = 50_000
"""Vectors kept in memory: 77 MB at 384 dimensions."""

AT_ONCE = 1000
"""Texts embedded before they are written, so that an interrupted run keeps what it did."""


class CachedEmbedder:
    """An `Embedder` that asks the model only for texts it has never seen.

    If every text is in the cache the model is not loaded. A vector from the cache equals a fresh one to the
    bit. `identity` gives the name of what decides the vectors' bits; it is asked at every use, because
    loading may show that another way of computing is needed.
    """

    def __init__(
        self,
        embedder: LazyEmbedder,
        cache: VectorCache,
        identity: Callable[[], str],
        in_memory: int = IN_MEMORY,
    ) -> None:
        self._embedder = embedder
        self._cache = cache
        self._identity = identity
        self._in_memory = in_memory
        self._memory: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        return self._embedder.model

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    def load_in_background(self) -> None:
        """Begin to load the model in a thread of its own, for when texts are sure to be new."""
        self._embedder.load_in_background()

    def close(self) -> None:
        """Close the cache's file; it is opened again when next used."""
        self._cache.close()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As in `Embedder`; raises `InputError` for a text that is no Unicode (a lone surrogate)."""
        unique = list(dict.fromkeys(texts))
        with self._lock:
            known = {text: self._memory[text] for text in unique if text in self._memory}
        missing = [text for text in unique if text not in known]
        if missing:
            known |= self._stored(missing)
            missing = [text for text in missing if text not in known]
        for start in range(0, len(missing), AT_ONCE):
            known |= self._fresh(missing[start : start + AT_ONCE])
        if not unique:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.stack([known[text] for text in texts])

    def _stored(self, texts: list[str]) -> dict[str, Vectors]:
        keys = self._keys(texts)
        stored = self._cache.get(list(keys.values()))
        return self._remember({text: stored[key] for text, key in keys.items() if key in stored})

    def _fresh(self, texts: list[str]) -> dict[str, Vectors]:
        vectors = self._embedder.embed(texts)
        fresh = dict(zip(texts, vectors, strict=True))
        keys = self._keys(texts)
        self._cache.put({keys[text]: vector for text, vector in fresh.items()})
        return self._remember(fresh)

    def _remember(self, vectors: dict[str, Vectors]) -> dict[str, Vectors]:
        with self._lock:
            self._memory |= vectors
            for oldest in list(self._memory)[: max(0, len(self._memory) - self._in_memory)]:
                del self._memory[oldest]
        return vectors

    def _keys(self, texts: list[str]) -> dict[str, bytes]:
        identity = self._identity()
        return {text: vector_key(identity, _checked(text)) for text in texts}


def _checked(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"the text {shorten(ascii(text))} is no valid Unicode: {error.reason}; remove the character"
        ) from error
    return text
