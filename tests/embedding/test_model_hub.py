"""A model that is fetched from a hub: here a small server on this machine that answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_models import make_model, run_python

from deeppersona_graph.embedding.model_folder import ModelFolder

_COMMIT = "0123456789" * 4

_EMBED = """
import sys
from pathlib import Path
from deeppersona_graph.embedding.load import load_embedder
from deeppersona_graph.settings import load_settings
embedder = load_embedder(load_settings(data_dir=Path(sys.argv[1]), embedding_model="someone/small"))
print(embedder.model, embedder.dimensions, embedder.embed(["tea"]).tobytes().hex())
embedder.close()
"""


@pytest.fixture
def hub(tmp_path: Path, default_model: ModelFolder) -> Iterator[ThreadingHTTPServer]:
    """A hub with the one model `someone/small`."""
    folder = make_model(tmp_path / "small", default_model)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    files["tf_model.h5"] = b"not wanted"

    class Hub(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/api/models/someone/small"):
                siblings = [{"rfilename": name} for name in files]
                tree = [
                    {"type": "file", "path": name, "size": len(files[name]), "oid": "0"} for name in files
                ]
                about = {"id": "someone/small", "sha": _COMMIT, "siblings": siblings, "private": False}
                self._answer(
                    json.dumps(tree if "/tree/" in self.path else about).encode(), "application/json"
                )
            elif self.path.startswith("/someone/small/resolve/"):
                self._answer(files[self.path.split("/", 5)[5].partition("?")[0]], "application/octet-stream")
            else:
                self.send_error(404)

        do_HEAD = do_GET

        def _answer(self, content: bytes, kind: str) -> None:
            self.server.asked.append(self.path)  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", _COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_is_fetched_once_and_then_used_without_the_hub(
    hub: ThreadingHTTPServer, tmp_path: Path
) -> None:
    environment = {
        "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}",
        "HF_HOME": str(tmp_path / "hub"),
        "no_proxy": "127.0.0.1",
    }
    fetched = run_python(_EMBED, str(tmp_path / "one"), **environment)
    asked = list(hub.asked)  # type: ignore[attr-defined]
    later = run_python(_EMBED, str(tmp_path / "two"), **environment)
    assert fetched.startswith("someone/small 32 ")
    assert later == fetched
    assert hub.asked == asked  # type: ignore[attr-defined]
    assert not [path for path in asked if "tf_model.h5" in path]
