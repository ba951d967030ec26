"""The BERT encoder (Devlin et al. 2019, arXiv 1810.04805) written out as an ONNX graph.

Written from the weights alone, it needs neither torch nor transformers, and its numbers do not depend on
the exporter of the day. All texts of a call have the same number of tokens, so there is neither padding
nor an attention mask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeppersona_graph.embedding.model_folder import BertShape

VERSION = 1
"""Raised whenever the graph changes, so that no vector of an older graph is taken for one of this."""

TOKENS = "tokens"
STATES = "states"


def write_bert(weights: Mapping[str, NDArray[np.float32]], shape: BertShape) -> bytes:
    """A serialised ONNX model from token ids (n, tokens) to last hidden states (n, tokens, width).

    `weights` have the names of transformers' `BertModel`. Raises `KeyError` if one is missing.
    """
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    tokens = graph.add("Shape", TOKENS, start=1, end=2)
    # The one segment there is, 0, is folded into the positions.
    places = (
        weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    words = graph.add("Gather", graph.constant(weights["embeddings.word_embeddings.weight"]), TOKENS)
    zero = graph.constant(np.array([0]))
    positions = graph.add("Slice", graph.constant(places), zero, tokens, zero)
    states = graph.norm(graph.add("Add", words, positions), "embeddings.LayerNorm", shape.epsilon)
    for layer in range(shape.layers):
        states = _layer(graph, states, f"encoder.layer.{layer}.", shape)
    graph.nodes.append(helper.make_node("Identity", [states], [STATES]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "bert",
            [helper.make_tensor_value_info(TOKENS, TensorProto.INT64, ["texts", "length"])],
            [helper.make_tensor_value_info(STATES, TensorProto.FLOAT, ["texts", "length", shape.width])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    serialised: bytes = model.SerializeToString()
    return serialised


def _layer(graph: _Graph, states: str, prefix: str, shape: BertShape) -> str:
    size = shape.width // shape.heads
    split = graph.constant(np.array([0, 0, shape.heads, size]))
    join = graph.constant(np.array([0, 0, shape.width]))

    def heads(part: str, order: list[int], scale: float = 1.0) -> str:
        projected = graph.linear(states, f"{prefix}attention.self.{part}", scale)
        return graph.add("Transpose", graph.add("Reshape", projected, split), perm=order)

    queries = heads("query", [0, 2, 1, 3], size**-0.5)
    keys = heads("key", [0, 2, 3, 1])
    values = heads("value", [0, 2, 1, 3])
    attention = graph.add("Softmax", graph.add("MatMul", queries, keys), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", attention, values), perm=[0, 2, 1, 3])
    attended = graph.linear(graph.add("Reshape", mixed, join), f"{prefix}attention.output.dense")
    states = graph.norm(
        graph.add("Add", attended, states), f"{prefix}attention.output.LayerNorm", shape.epsilon
    )
    inner = graph.add("Gelu", graph.linear(states, f"{prefix}intermediate.dense"))
    outer = graph.linear(inner, f"{prefix}output.dense")
    return graph.norm(graph.add("Add", outer, states), f"{prefix}output.LayerNorm", shape.epsilon)


class _Graph:
    """Nodes and constants, each named by its number."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._weights = weights

    def constant(self, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, states: str, name: str, scale: float = 1.0) -> str:
        factor = np.float32(scale)
        weight = self.constant(self._weights[f"{name}.weight"].T * factor)
        bias = self.constant(self._weights[f"{name}.bias"] * factor)
        return self.add("Add", self.add("MatMul", states, weight), bias)

    def norm(self, states: str, name: str, epsilon: float) -> str:
        weight = self.constant(self._weights[f"{name}.weight"])
        bias = self.constant(self._weights[f"{name}.bias"])
        return self.add("LayerNormalization", states, weight, bias, axis=-1, epsilon=epsilon)
