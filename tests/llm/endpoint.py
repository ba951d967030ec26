"""A real HTTP server on the loopback that speaks the chat completions protocol, and answers as told."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-planted-4f9d1c7e2b"
"""The key that must never be found anywhere."""


@dataclass(frozen=True)
class Call:
    """A request as it arrived; `number` says how often these words arrived, from 1."""

    body: dict[str, Any]
    number: int
    authorization: str

    @property
    def words(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def text(self) -> str:
        return "\n".join(message["content"] for message in self.body["messages"])


@dataclass(frozen=True)
class Reply:
    """What goes back: a status and bytes, or nothing at all."""

    status: int = 200
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    drop: bool = False
    after: float = 0.0
    """Seconds of silence before."""


def completion(
    text: str | None,
    *,
    finish: str = "stop",
    refusal: str | None = None,
    model: str = "gpt-4o-mini-2024-07-18",
    sent: int = 100,
    cached: int = 0,
    received: int = 20,
) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
            }
        ],
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": received,
            "total_tokens": sent + received,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }


def said(text: str | None, *, after: float = 0.0, **kind: Any) -> Reply:
    return Reply(content=json.dumps(completion(text, **kind)).encode(), after=after)


def error(status: int, message: str, headers: dict[str, str] | None = None, **fields: str) -> Reply:
    body = json.dumps({"error": {"message": message, **fields}}).encode()
    return Reply(status, body, {"Content-Type": "application/json", **(headers or {})})


def page(status: int) -> Reply:
    return Reply(status, b"<html><body><h1>Bad gateway</h1></body></html>", {"Content-Type": "text/html"})


DROP = Reply(drop=True)


def usual(call: Call) -> Reply:
    """A good answer to any question: the same question gets the same answer, in whatever form it is put."""
    question = next(one["content"] for one in call.body["messages"] if one["role"] == "user")
    word = hashlib.sha256(question.encode()).hexdigest()[:8]
    return said(json.dumps({"word": word, "number": int(word[:4], 16)}))


class Endpoint(ThreadingHTTPServer):
    """The server; `script` decides every reply, `calls` is what arrived."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, script: Callable[[Call], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.calls: list[Call] = []
        self.answered: Counter[str] = Counter()
        """By the words, how often a status of 200 was sent off whole."""
        self.most_at_once = 0
        self._seen: Counter[str] = Counter()
        self._at_once = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what some tests are about."""

    def arrive(self, body: dict[str, Any], authorization: str) -> Reply:
        text = json.dumps(body["messages"])
        with self._lock:
            self._seen[text] += 1
            call = Call(body, self._seen[text], authorization)
            self.calls.append(call)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        reply = self.script(call)
        if reply.after:
            time.sleep(reply.after)
        return reply

    def leave(self, body: dict[str, Any], reply: Reply, *, whole: bool) -> None:
        with self._lock:
            self._at_once -= 1
            if whole and reply.status == 200:
                self.answered[json.dumps(body["messages"])] += 1


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reply = self.server.arrive(body, self.headers["Authorization"])
        whole = False
        try:
            whole = self._send(reply)
        finally:
            self.server.leave(body, reply, whole=whole)

    def _send(self, reply: Reply) -> bool:
        if reply.drop:
            self.close_connection = True
            return False
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)
        self.wfile.flush()
        return True

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def serving(script: Callable[[Call], Reply] = usual) -> Iterator[Endpoint]:
    """An endpoint that is up inside the block."""
    with Endpoint(script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
