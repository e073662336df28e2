"""A real HTTP server on loopback that plays scripted answers in the place of an API server.

It knows nothing of Kubernetes: it shows how our side takes an answer, not that a cluster gives it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml


@dataclass(frozen=True)
class Play:
    """One answer; a status of 0 drops the connection without one."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Script:
    """The answers that are left, each given once and the last one for ever; and what was asked."""

    url: str
    port: int
    plays: list[Play]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def scripted_api_server(*plays: Play, address: str = "127.0.0.1") -> Iterator[Script]:
    """Serve these answers in their order, whatever is asked, on a port that is free."""
    script = Script("", 0, list(plays))

    class Scripted(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def play(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = yaml.safe_load(self.rfile.read(length)) if length else None
            script.asked.append((self.command, self.path, body))
            script.headers.append(dict(self.headers))
            now = script.plays[0]
            if len(script.plays) > 1:
                script.plays.pop(0)
            if not now.status:
                self.close_connection = True
                return
            text = now.body.encode() if isinstance(now.body, str) else json.dumps(now.body).encode()
            self.send_response(now.status)
            for name, value in now.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = play  # noqa: N815 - http.server's names

    with ThreadingHTTPServer((address, 0), Scripted) as server:
        server.daemon_threads = True
        script.port = server.server_address[1]
        script.url = f"http://{address}:{script.port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield script
        server.shutdown()
        thread.join()


def kubeconfig(folder: Path, server: str, **user: Any) -> Path:
    """Write a kubeconfig with one context, `scripted`, and return its path."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user or {"token": "secret"}}],
        "contexts": [
            {"name": "scripted", "context": {"cluster": "c", "user": "u", "namespace": "mine"}}
        ],
        "current-context": "scripted",
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def status(code: int, reason: str, message: str, **details: Any) -> Play:
    """Return a Kubernetes `Status` as an answer."""
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason}
    return Play(code, {**body, "message": message, "details": details})
