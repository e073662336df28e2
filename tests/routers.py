"""The real sglang-router as a process beside the tests, on free ports of loopback."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from orchestrator.engine.check.router import ensure_router
from orchestrator.engine.router_intents import planned_version

SECONDS = 90.0
"""How long it may take to see what the API server or an engine told it; idle it takes about one."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def routing(
    words: Sequence[str], log: Path, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run the release that plans are written for with these arguments; yield its URL at once."""
    python = ensure_router(planned_version(), say=logging.getLogger("router").warning).python
    port = free_port()
    ports = ["--host", "127.0.0.1", "--port", str(port)]
    ports += ["--prometheus-host", "127.0.0.1", "--prometheus-port", str(free_port())]
    with log.open("w") as output:
        process = subprocess.Popen(
            # Of an argument that is given twice the last one counts.
            [python, "-m", "sglang_router.launch_router", *words, *ports],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(variables or {})},
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ask(url: str, body: object = None) -> Any:
    """Return the JSON that comes back; raises OSError for anything but a good answer."""
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        text = answer.read()
    return json.loads(text) if text.startswith((b"{", b"[")) else text


def eventually(found: Callable[[], object], log: Path) -> None:
    """Wait until it is so; a router does not tell when it has seen something."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            if found():
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8")[-3000:])
