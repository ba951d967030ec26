"""The embedder that the settings ask for."""

from __future__ import annotations

import logging
from pathlib import Path

from deeppersona_graph.embedding.cache import VectorCache
from deeppersona_graph.embedding.cached import CachedEmbedder
from deeppersona_graph.embedding.checksums import Checksums
from deeppersona_graph.embedding.find import find_model
from deeppersona_graph.embedding.keep import keep
from deeppersona_graph.embedding.lazy import LazyEmbedder
from deeppersona_graph.embedding.model_folder import ModelFolder
from deeppersona_graph.embedding.onnx_model import GraphRefusedError, graph_identity, open_graph
from deeppersona_graph.embedding.protocol import Embedder
from deeppersona_graph.embedding.sentence_model import SentenceTransformerEmbedder, sentence_identity
from deeppersona_graph.settings import Settings

log = logging.getLogger(__name__)


def load_embedder(settings: Settings) -> CachedEmbedder:
    """Find the model `settings.embedding_model`; it is loaded when a text is not in the cache.

    The default model comes with the package and needs no network; any other name is a folder or is sought
    on the model hub. Graphs, checksums and vectors are kept in `data_dir/embedding`.

    Raises `EmbeddingError` if the model cannot be had or is not the genuine one.
    """
    folder = settings.data_dir / "embedding"
    model = find_model(settings.embedding_model, Checksums(folder / "checksums.json"))
    lazy = LazyEmbedder(lambda: _open(model, folder), model.name, model.dimensions)
    return CachedEmbedder(lazy, VectorCache(folder / "vectors.sqlite"), lambda: _identity(model, folder))


def _open(model: ModelFolder, folder: Path) -> Embedder:
    if model.bert is not None and not _refusal(model, folder).exists():
        try:
            return open_graph(model, model.bert, folder)
        except GraphRefusedError as error:
            log.warning("%s is run by sentence-transformers, the fast way fails: %s", model.name, error)
            keep(_refusal(model, folder), f"{error}\n".encode())
    return SentenceTransformerEmbedder(model)


def _identity(model: ModelFolder, folder: Path) -> str:
    fast = model.bert is not None and not _refusal(model, folder).exists()
    return graph_identity(model) if fast else sentence_identity(model)


def _refusal(model: ModelFolder, folder: Path) -> Path:
    """The file that remembers that the graph of this model failed its check."""
    return folder / f"{graph_identity(model)}.refused"
