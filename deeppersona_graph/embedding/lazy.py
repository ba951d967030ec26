"""An embedder that is loaded when first used, or in a thread beside other work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy as np

from deeppersona_graph.embedding.protocol import Embedder, Vectors


class LazyEmbedder:
    """An `Embedder` whose name, and where possible dimensions, are known before it is loaded."""

    def __init__(self, open_model: Callable[[], Embedder], model: str, dimensions: int | None = None) -> None:
        """`open_model` is called at most once, unless it fails; then the next use calls it again."""
        self._open_model = open_model
        self._model = model
        self._dimensions = dimensions
        self._future: Future[Embedder] | None = None
        self._lock = threading.Lock()

    @property
    def model(self) -> str:
        return self._model

    @property
    def dimensions(self) -> int:
        """Loads the model only if its files do not tell."""
        return self._dimensions or self._loaded().dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return self._loaded().embed(texts)

    def load_in_background(self) -> None:
        """Begin to load in a thread of its own and return at once; a failure shows at the first use."""
        future = self._claim()
        if future is not None:
            # Not a daemon: the interpreter must not end in the middle of importing native code.
            threading.Thread(target=self._load, args=(future,), name="load-embedder").start()

    def _claim(self) -> Future[Embedder] | None:
        """A new future to fill, or None if somebody else fills one."""
        with self._lock:
            if self._future is not None:
                return None
            self._future = Future()
            return self._future

    def _load(self, future: Future[Embedder]) -> None:
        try:
            embedder = self._open_model()
        except BaseException as error:  # noqa: BLE001 (whoever waits for the model raises it)
            with self._lock:
                self._future = None
            future.set_exception(error)
        else:
            future.set_result(embedder)

    def _loaded(self) -> Embedder:
        claimed = self._claim()
        if claimed is not None:
            self._load(claimed)
            return claimed.result()
        with self._lock:
            waiting = self._future
        return waiting.result() if waiting is not None else self._loaded()
