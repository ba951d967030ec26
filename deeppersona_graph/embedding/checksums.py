"""Checksums of model files, computed once and remembered by size and time of change.

Hashing 90 MB at every run would cost more than reading the model.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

from deeppersona_graph.embedding.keep import keep
from deeppersona_graph.errors import EmbeddingError

log = logging.getLogger(__name__)


class Checksums:
    """The sha256 of files, kept in a JSON file: path, then size, time of change in ns, and checksum."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, path: Path) -> str:
        """The sha256 of the file `path` in hexadecimal; read again only if its size or time changed.

        Raises `EmbeddingError` if `path` cannot be read or the memory of checksums cannot be written.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise EmbeddingError(f"the model file {path} cannot be read: {error.strerror}") from error
        stamp = [status.st_size, status.st_mtime_ns]
        known = self._read().get(str(path))
        if isinstance(known, list) and known[:2] == stamp and len(known) == 3:
            return str(known[2])
        with path.open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        content = self._read() | {str(path): [*stamp, checksum]}
        keep(self._file, json.dumps(content, indent=0).encode())
        return checksum

    def _read(self) -> dict[str, object]:
        try:
            content = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("checksums are computed anew: %s is unreadable (%s)", self._file, error)
            return {}
        return content if isinstance(content, dict) else {}
