"""Any model that sentence-transformers can load, run by it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version

import numpy as np

from deeppersona_graph.embedding.model_folder import ModelFolder
from deeppersona_graph.embedding.protocol import Vectors
from deeppersona_graph.errors import EmbeddingError, shorten


@cache
def sentence_identity(model: ModelFolder) -> str:
    """Names what decides the bits of a vector."""
    packages = ("sentence-transformers", "transformers", "torch")
    return "-".join([model.checksum[:16], *(f"{package}{version(package)}" for package in packages)])


class SentenceTransformerEmbedder:
    """An `Embedder` over sentence-transformers, on the processor."""

    def __init__(self, model: ModelFolder) -> None:
        """Load the model. Raises `EmbeddingError` if sentence-transformers cannot."""
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._transformer = SentenceTransformer(str(model.folder), device="cpu", local_files_only=True)
        except _loading_errors() as error:
            raise EmbeddingError(
                f"sentence-transformers cannot load the model in {model.folder}: {shorten(str(error), 160)}; "
                "name another model or fetch it again"
            ) from error
        self.model = model.name
        self.dimensions = model.dimensions or len(self._encode("measure"))
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        # One text at a time: padding to the longest of a batch changes the last bits.
        with self._lock:
            rows = [self._encode(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimensions)

    def _encode(self, text: str) -> Vectors:
        vector = self._transformer.encode(
            text, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True
        )
        return np.asarray(vector, dtype=np.float32)


def _loading_errors() -> tuple[type[Exception], ...]:
    """What a folder that holds no sound model makes the libraries raise: damaged files, unknown settings."""
    from pickle import UnpicklingError

    from huggingface_hub import errors
    from safetensors import SafetensorError

    # A wrong type in config.json; older releases of the hub do not check it.
    unfit = getattr(errors, "StrictDataclassError", ValueError)
    damaged = (OSError, ValueError, SafetensorError, UnpicklingError, unfit)
    return (*damaged, RuntimeError, TypeError, AttributeError, LookupError, ImportError)
