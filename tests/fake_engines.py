"""Fake engines: HTTP servers that answer as a leader or a follower of SGLang does, without a GPU.

What they serve is what the real one was seen to serve (srt/entrypoints/http_server.py, engine.py,
SGLang 0.5.23): a leader everything below, a follower /health alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "deepseek-v4-fake"


class _FakeEngine(BaseHTTPRequestHandler):
    """Answers for one engine; `leader` and `text` are the server's."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.got.append(self.path)  # type: ignore[attr-defined]
        answers: dict[str, Any] = {"/health": {}}
        if self.server.leader:  # type: ignore[attr-defined]
            answers |= {
                "/ready": {},
                "/v1/models": {"object": "list", "data": [{"id": MODEL, "object": "model"}]},
                "/model_info": {"model_path": MODEL, "is_generation": True},
                "/server_info": {"model_path": MODEL, "served_model_name": MODEL, "dp_size": 1},
            }
        self._answer(answers.get(self.path))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.append((self.path, asked))  # type: ignore[attr-defined]
        message = {"role": "assistant", "content": self.server.text}  # type: ignore[attr-defined]
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self._answer({"id": "x", "object": "chat.completion", "model": MODEL, "choices": [choice]})

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def fake_engine(
    address: str = "127.0.0.1", port: int = 0, *, leader: bool = True, text: str = "hello"
) -> Iterator[ThreadingHTTPServer]:
    """Serve as one engine; `server_address` says where, `got` and `posted` what it was asked."""
    server = ThreadingHTTPServer((address, port), _FakeEngine)
    server.leader, server.text = leader, text  # type: ignore[attr-defined]
    server.got, server.posted = [], []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
