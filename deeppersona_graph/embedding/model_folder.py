"""What a model's folder says about the model, read without loading it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deeppersona_graph.embedding.checksums import Checksums
from deeppersona_graph.errors import EmbeddingError

_SHAPING = {".json", ".txt", ".safetensors", ".bin", ".model", ".py"}
_PLAIN = ["Transformer", "Pooling", "Normalize"]


@dataclass(frozen=True)
class BertShape:
    """A plain BERT encoder followed by the mean over tokens and normalisation."""

    layers: int
    heads: int
    width: int
    epsilon: float
    tokens: int
    """Tokens read at most, [CLS] and [SEP] among them."""


@dataclass(frozen=True)
class ModelFolder:
    """A sentence-transformers model on disk."""

    name: str
    """The name recorded beside stored vectors."""
    folder: Path
    checksum: str
    """Changes with any file that shapes the vectors."""
    dimensions: int | None
    """None where only loading tells."""
    bert: BertShape | None
    """None where the model is more than a plain BERT encoder, mean pooling and normalisation."""


def read_folder(folder: Path, checksums: Checksums, name: str | None = None) -> ModelFolder:
    """Describe the model in `folder`; without `name` it is named after the folder and its checksum.

    Raises `EmbeddingError` if the folder holds no model or its configuration is unreadable.
    """
    config = _json(folder / "config.json")
    if config is None and _json(folder / "modules.json") is None:
        raise EmbeddingError(
            f"the folder {folder} holds no model: expected modules.json or config.json; "
            "name the folder of a sentence-transformers model"
        )
    checksum = _checksum(folder, checksums)
    return ModelFolder(
        name=name or f"{folder.name}@{checksum[:12]}",
        folder=folder,
        checksum=checksum,
        dimensions=_dimensions(folder, config or {}),
        bert=_bert(folder, config or {}),
    )


def _checksum(folder: Path, checksums: Checksums) -> str:
    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in _SHAPING and path.is_file() and not {"onnx", "openvino"} & set(path.parts)
    )
    parts = [f"{file} {checksums.of(folder / file)}" for file in files]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _modules(folder: Path) -> list[str]:
    listed: Any = _json(folder / "modules.json") or []
    return [str(module["type"]).rsplit(".", 1)[-1] for module in listed]


def _dimensions(folder: Path, config: dict[str, Any]) -> int | None:
    if set(_modules(folder)) - set(_PLAIN):
        return None
    pooling = _json(folder / "1_Pooling" / "config.json") or {}
    size = pooling.get("embedding_dimension") or pooling.get("word_embedding_dimension")
    return int(size or config["hidden_size"]) if size or "hidden_size" in config else None


def _bert(folder: Path, config: dict[str, Any]) -> BertShape | None:
    pooling = _json(folder / "1_Pooling" / "config.json") or {}
    sentence = _json(folder / "sentence_bert_config.json") or {}
    prompts = _json(folder / "config_sentence_transformers.json") or {}
    tokenizer = _json(folder / "tokenizer_config.json") or {}
    modes = {mode for mode, used in pooling.items() if mode.startswith("pooling_mode_") and used}
    plain = (
        _modules(folder) == _PLAIN
        and (modes == {"pooling_mode_mean_tokens"} or pooling.get("pooling_mode") == "mean")
        and config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and config.get("dtype", config.get("torch_dtype", "float32")) in {"float32", None}
        and not config.get("is_decoder")
        and not sentence.get("do_lower_case")
        and not prompts.get("default_prompt_name")
        and (folder / "tokenizer.json").is_file()
        and (folder / "model.safetensors").is_file()
    )
    if not plain:
        return None
    longest = sentence.get("max_seq_length") or tokenizer.get("model_max_length", 512)
    return BertShape(
        layers=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        width=config["hidden_size"],
        epsilon=config["layer_norm_eps"],
        tokens=min(longest, config["max_position_embeddings"]),
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise EmbeddingError(f"{path} is not readable JSON: {error}; fetch the model again") from error
