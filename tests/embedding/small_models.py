"""Small models made on the spot, and processes of their own to use them in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from deeppersona_graph.embedding.model_folder import ModelFolder


def run_python(code: str, *arguments: str, **environment: str) -> str:
    """What `code` prints in a process of its own, in which warnings are errors."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def make_model(folder: Path, default: ModelFolder, *, mean: bool = True, half: bool = False) -> Path:
    """Write a BERT of two layers with random weights, as sentence-transformers stores its models."""
    precision = np.float16 if half else np.float32
    chance = np.random.default_rng(7)
    sizes = {"word": 30522, "position": 64, "token_type": 2}
    weights = {f"embeddings.{kind}_embeddings.weight": (size, 32) for kind, size in sizes.items()}
    linear = {
        "attention.self.query": (32, 32),
        "attention.self.key": (32, 32),
        "attention.self.value": (32, 32),
    }
    linear |= {"attention.output.dense": (32, 32), "intermediate.dense": (64, 32), "output.dense": (32, 64)}
    for layer in ("encoder.layer.0", "encoder.layer.1"):
        weights |= {f"{layer}.{name}.weight": shape for name, shape in linear.items()}
        weights |= {f"{layer}.{name}.bias": shape[:1] for name, shape in linear.items()}
    norms = [
        f"encoder.layer.{layer}.{part}.LayerNorm"
        for layer in (0, 1)
        for part in ("attention.output", "output")
    ]
    for norm in ["embeddings.LayerNorm", *norms]:
        weights |= {f"{norm}.weight": (32,), f"{norm}.bias": (32,)}
    weights |= {"pooler.dense.weight": (32, 32), "pooler.dense.bias": (32,)}
    (folder / "1_Pooling").mkdir(parents=True)
    values = {name: chance.normal(scale=0.5, size=shape).astype(precision) for name, shape in weights.items()}
    save_file(values, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((default.folder / "config.json").read_text())
    config |= {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2}
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 64}))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64, "do_lower_case": false}')
    pooling = {"pooling_mode_mean_tokens": mean, "pooling_mode_cls_token": not mean}
    pooling_config = {"word_embedding_dimension": 32, "pooling_mode_max_tokens": False, **pooling}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling_config))
    for name in (
        "modules.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "vocab.txt",
    ):
        shutil.copy(default.folder / name, folder / name)
    return folder
