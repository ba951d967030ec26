"""What the embedder keeps in the data folder: graphs, checksums, refusals."""

from __future__ import annotations

from pathlib import Path

from deeppersona_graph.errors import EmbeddingError
from deeppersona_graph.files import written_whole


def keep(path: Path, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all; raises `EmbeddingError` where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise EmbeddingError(
            f"cannot write {path}: {error.strerror or error}; "
            "make the folder writable or set another data_dir"
        ) from error
