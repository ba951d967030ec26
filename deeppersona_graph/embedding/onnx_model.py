"""A plain BERT model run by onnxruntime, sparing the import of torch (5 to 17 s).

The graph is written once into the data folder and accepted only if it gives sentence-transformers' vectors
and if the vector of a text does not depend, to the bit, on the texts beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deeppersona_graph.embedding import bert_graph
from deeppersona_graph.embedding.keep import keep
from deeppersona_graph.embedding.model_folder import BertShape, ModelFolder
from deeppersona_graph.embedding.protocol import Vectors
from deeppersona_graph.embedding.reference import TEXTS, expected_vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

THREADS = 2
TOKENS_AT_ONCE = 2048
TOLERANCE = 1e-5
"""Largest difference of a coordinate from sentence-transformers' vector."""


class GraphRefusedError(Exception):
    """The graph does not give the model's vectors; the message says where."""


@cache
def graph_identity(model: ModelFolder) -> str:
    """Names what decides the bits of a vector; also the name of the graph's file."""
    runtime, tokenizers = version("onnxruntime"), version("tokenizers")
    return f"{model.checksum[:16]}-graph{bert_graph.VERSION}-onnxruntime{runtime}-tokenizers{tokenizers}"


class OnnxEmbedder:
    """An `Embedder` over a graph in memory."""

    def __init__(self, model: ModelFolder, shape: BertShape, session: Any, tokenizer: Tokenizer) -> None:
        self.model = model.name
        self.dimensions = shape.width
        self._session = session
        self._tokenizer = tokenizer

    def embed(self, texts: Sequence[str]) -> Vectors:
        # One by one: encode_batch starts threads that complain when the process forks.
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        lengths: dict[int, list[int]] = {}
        for place, ids in enumerate(tokens):
            lengths.setdefault(len(ids), []).append(place)
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for length, places in lengths.items():
            step = max(1, TOKENS_AT_ONCE // length)
            for start in range(0, len(places), step):
                group = places[start : start + step]
                vectors[group] = self._run([tokens[place] for place in group])
        return vectors

    def _run(self, tokens: list[list[int]]) -> Vectors:
        """Vectors of texts with equally many tokens.

        Mean and length are numpy's, which gives the same bits for one text as for many; onnxruntime's
        reductions do not.
        """
        states = self._session.run(
            [bert_graph.STATES], {bert_graph.TOKENS: np.array(tokens, dtype=np.int64)}
        )[0]
        means = states.mean(axis=1)
        vectors: Vectors = means / np.sqrt((means * means).sum(axis=1, keepdims=True))
        return vectors


def open_graph(model: ModelFolder, shape: BertShape, folder: Path) -> OnnxEmbedder:
    """The model read from its graph in `folder`, which is written and checked first if it is not there.

    Raises `GraphRefusedError` if the graph fails the check, `EmbeddingError` if it cannot be written.
    """
    file = folder / f"{graph_identity(model)}.onnx"
    if file.exists():
        try:
            return _open(model, shape, str(file))
        except GraphRefusedError as error:
            log.warning("the graph %s is written anew: %s", file, error)
    content = _write(model, shape)
    embedder = _open(model, shape, content)
    _accept(embedder, model)
    keep(file, content)
    return embedder


def _open(model: ModelFolder, shape: BertShape, graph: str | bytes) -> OnnxEmbedder:
    import onnxruntime
    from tokenizers import Tokenizer

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A thread that spins while it waits is a third faster on an idle machine, and half as fast on a busy one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except _session_errors() as error:
        raise GraphRefusedError(f"it cannot be read: {error}") from error
    try:
        tokenizer = Tokenizer.from_file(str(model.folder / "tokenizer.json"))
    except Exception as error:  # The class that tokenizers raises is Exception itself.
        raise GraphRefusedError(f"its tokenizer cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(shape.tokens)
    return OnnxEmbedder(model, shape, session, tokenizer)


def _session_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for a graph it cannot open; its own classes have no base in common."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "EPFail", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile",
        "NotImplemented", "RuntimeException",
    )  # fmt: skip
    return (OSError, ValueError, RuntimeError, *(getattr(state, name) for name in names))


def _write(model: ModelFolder, shape: BertShape) -> bytes:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        weights = load_file(model.folder / "model.safetensors")
        return bert_graph.write_bert({name.removeprefix("bert."): weights[name] for name in weights}, shape)
    except (SafetensorError, KeyError) as error:
        raise GraphRefusedError(
            f"the weights are not those of a BERT in single precision: {error!r}"
        ) from error


def _accept(embedder: OnnxEmbedder, model: ModelFolder) -> None:
    """Raise `GraphRefusedError` unless the embedder gives the model's vectors, alone and together."""
    together = embedder.embed(TEXTS)
    difference = np.abs(together - expected_vectors(model)).max(axis=1)
    if not difference.max() < TOLERANCE:
        worst = TEXTS[int(difference.argmax())]
        raise GraphRefusedError(f"{difference.max():.1e} from sentence-transformers for {worst[:40]!r}")
    for text, vector in zip(TEXTS, together, strict=True):
        if not np.array_equal(embedder.embed([text])[0], vector):
            raise GraphRefusedError(f"the vector of {text[:40]!r} depends on the texts beside it")
