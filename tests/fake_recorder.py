"""A fake of a leader's HTTP server: SGLang's recorder, health, server_info and generate endpoints.

It answers what srt/entrypoints/http_server.py of 0.5.23 answers and counts as its recorder does; a
dump is a real server's file with other counts in it. tests/oracle/test_fake_recorder.py compares it
with the engine's own code.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import zipfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REAL = Path(__file__).parent / "data/expert-distributions/sglang-0.5.17-tiny-v4-stat.pt"
PASSES, LAYERS, EXPERTS, TOP_K = 1000, 4, 64, 6
MODEL, REVISION, VERSION = "/models/tiny", None, "0.5.23"
ANSWERS = {
    "start": "Start recording the expert distribution.\n",
    "stop": "Stop recording the expert distribution.\n",
    "dump": "Dump expert distribution record.\n",
}


def chosen(layer: int, token: int) -> list[int]:
    """Return the experts of a token in a layer."""
    return [(7 * token + 11 * layer + 13 * place) % EXPERTS for place in range(TOP_K)]


class FakeRecorder:
    """The recorder in mode `stat`, or `None` where the engine was not started to record."""

    def __init__(self, folder: Path, mode: str | None = "stat") -> None:
        self.folder, self.mode = folder, mode
        self.recording = self.dead = False
        self.keys: dict[str, str | None] = {"api": None, "admin": None}
        self.info: dict[str, Any] = {"enable_eplb": False, "expert_balancedness_report_mode": "off"}
        self.got: list[tuple[str, str]] = []
        self.authorizations: list[str | None] = []
        self.served: list[list[int]] = []
        self._passes = array("i", bytes(4 * PASSES * LAYERS * EXPERTS))
        self._next = 0

    def forward(self, tokens: Sequence[int]) -> None:
        """Run a forward pass over these tokens."""
        if not self.recording:
            return
        start = self._next * LAYERS * EXPERTS
        self._passes[start : start + LAYERS * EXPERTS] = array("i", bytes(4 * LAYERS * EXPERTS))
        for layer in range(LAYERS):
            for token in tokens:
                for expert in chosen(layer, token):
                    self._passes[start + layer * EXPERTS + expert] += 1
        self._next = (self._next + 1) % PASSES

    def start(self) -> None:
        """Count from zero, also where it counts already."""
        self._reset()
        self.recording = True

    def stop(self) -> None:
        """Count no more; what was counted stays."""
        self.recording = False

    def dump(self) -> None:
        """Write what was counted, zeros where nothing was, and go on as before from zero."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"expert_distribution_recorder_{time.time()}"
        with zipfile.ZipFile(REAL) as real, zipfile.ZipFile(self.folder / f"{name}.pt", "w") as new:
            for entry in real.namelist():
                place = entry.partition("/")[2]
                content = self._passes.tobytes() if place == "data/0" else real.read(entry)
                new.writestr(f"{name}/{place}", content)
        self._reset()

    def _reset(self) -> None:
        # The place in the ring stays where it is, as in the engine.
        self._passes = array("i", bytes(4 * PASSES * LAYERS * EXPERTS))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # an answer is one packet: two of them wait for each other

    def answer(self) -> None:
        recorder: FakeRecorder = self.server.recorder  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        recorder.got.append((self.command, self.path))
        recorder.authorizations.append(self.headers.get("Authorization"))
        status, content = self._said(recorder, body)
        if recorder.dead:
            self.close_connection = True
            return
        text = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer  # noqa: N815 - http.server's names

    def _said(self, recorder: FakeRecorder, body: dict[str, Any]) -> tuple[int, Any]:
        action = self.path.removesuffix("_expert_distribution_record").removeprefix("/")
        admin = action in ANSWERS and action != self.path.removeprefix("/")
        if not self._allowed(recorder, admin=admin):
            return 401, {"error": "Unauthorized"}
        if admin:
            if recorder.mode is None:  # the scheduler raises, and the server dies with it
                recorder.dead = True
            else:
                getattr(recorder, action)()
            return 200, ANSWERS[action]
        if self.path in ("/health", "/ready"):
            return 200, ""
        if self.path == "/server_info":
            return 200, {
                "model_path": MODEL,
                "revision": REVISION,
                "version": VERSION,
                "expert_distribution_recorder_mode": recorder.mode,
                **recorder.info,
            }
        if (self.command, self.path) == ("POST", "/generate"):
            tokens = body.get("input_ids") or list(body["text"].encode())
            recorder.served.append(tokens)
            recorder.forward(tokens)
            return 200, {"text": "x", "meta_info": {"prompt_tokens": len(tokens)}}
        return 404, {"detail": "Not Found"}

    def _allowed(self, recorder: FakeRecorder, *, admin: bool) -> bool:
        if self.path.startswith(("/health", "/ready", "/metrics")):
            return True
        key = recorder.keys["api"]
        if admin and recorder.keys["admin"]:
            key = recorder.keys["admin"]
        return key is None or self.headers.get("Authorization") == f"Bearer {key}"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    """Ends its connections with itself: an API server would ask an earlier fake on one it kept."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], recorder: FakeRecorder) -> None:
        super().__init__(address, _Handler)
        self.recorder = recorder
        self._kept: list[Any] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._kept.append(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        super().server_close()
        for one in self._kept:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def serving(recorder: FakeRecorder, address: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve a recorder and yield its URL."""
    server = _Server((address, port), recorder)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield "http://{}:{}".format(*server.server_address[:2])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
