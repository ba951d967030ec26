"""Files of requests in the OpenAI Batch API's format: one wave, split by model and at the provider's limits.

A line is `{"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": …}`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from deeppersona_graph.llm.outbox import BatchFile, Outbox, Pending
from deeppersona_graph.llm.request import Request

URL = "/v1/chat/completions"

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""What a provider takes in one file."""

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class _Part:
    """One file that is being written."""

    path: Path
    model: str
    out: BinaryIO
    size: int = 0
    pending: list[Pending] = field(default_factory=list)


class Wave:
    """Writes the requests of one wave under names ending in `.part`; `finish()` gives the files their names.

    Use as a context manager: a wave that does not finish leaves nothing behind.
    """

    def __init__(
        self,
        outbox: Outbox,
        folder: Path,
        *,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._outbox, self._folder, self._abilities = outbox, folder, outbox.abilities()
        self._most_requests, self._most_bytes = most_requests, most_bytes
        self._number = outbox.last_wave() + 1
        self._keys: set[str] = set()
        self._open: dict[str, _Part] = {}
        self._full: list[_Part] = []

    def __enter__(self) -> Wave:
        return self

    def __exit__(self, *_: object) -> None:
        for part in (*self._full, *self._open.values()):
            part.out.close()
            part.path.unlink(missing_ok=True)
        self._full, self._open = [], {}

    def add(self, request: Request[Any]) -> None:
        """Put a request into the wave, once."""
        if request.key in self._keys:
            return
        self._keys.add(request.key)
        line = {
            "custom_id": request.key,
            "method": "POST",
            "url": URL,
            "body": self._abilities.of(request.model).body(request),
        }
        written = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        part = self._open.get(request.model)
        if part is not None and (
            len(part.pending) >= self._most_requests or part.size + len(written) > self._most_bytes
        ):
            self._full.append(self._open.pop(request.model))
            part = None
        if part is None:
            part = self._open[request.model] = self._begin(request.model)
        part.out.write(written)
        part.size += len(written)
        part.pending.append(Pending.of(request))

    def finish(self) -> list[Path]:
        """The files of the wave, in place and recorded in the outbox."""
        files = []
        for number, part in enumerate((*self._full, *self._open.values()), start=1):
            part.out.close()
            model = _NOT_A_NAME.sub("-", part.model)
            file = self._folder / f"wave-{self._number:03d}-{number:02d}-{model}.jsonl"
            part.path.replace(file)
            self._outbox.send(BatchFile(file.name, self._number, part.model, len(part.pending)), part.pending)
            files.append(file)
        self._full, self._open = [], {}
        return files

    def _begin(self, model: str) -> _Part:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = len(self._full) + len(self._open) + 1
        path = self._folder / f"wave-{self._number:03d}-{number:02d}.part"
        return _Part(path, model, path.open("wb"))
