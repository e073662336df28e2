"""A small server in the place of an API server, with fake leaders behind it, for recordings alone.

It lists pods, passes requests on to them as the API server does (without `Authorization`), and runs
the scripts of Jobs at once. Real admission, placement and proxies are the business of tests/cluster.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orchestrator.experts.read import read_expert_file
from orchestrator.manifests.metadata import pool_labels
from orchestrator.names import HTTP_PORT, LEADER_LABEL
from orchestrator.plan.model import ClusterPlan, FromSecret
from tests.fake_recorder import FakeRecorder, serving

READ = Path(__file__).parents[1] / "templates/read-recordings.py"
_POD = re.compile(r"/api/v1/namespaces/[^/]+/pods/([^/:]+):\d+/proxy(/.*)")
_SERVICE = re.compile(r"/api/v1/namespaces/[^/]+/services/([^/]+):http/proxy(/.*)")
_LOG = re.compile(r"/api/v1/namespaces/[^/]+/pods/([^/]+)/log")
_SERVED = {"/api/v1": ("pods", "Pod"), "/apis/batch/v1": ("jobs", "Job")}
_ADDRESSES = count(2)


@dataclass
class RecordingCluster:
    """Leaders by pod, Jobs that are there, and the folder that stands for the recordings claim."""

    plan: ClusterPlan
    volume: Path
    python: str = ""
    """A python with torch for the scripts; without one our own reader stands in for torch."""
    leaders: dict[str, FakeRecorder] = field(default_factory=dict)
    pods: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[dict[str, Any]] = field(default_factory=list)
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    away: int = 0
    """So many requests find nobody."""
    url: str = ""
    turn: Iterator[int] = field(default_factory=count)

    def of(self, pool: str) -> list[FakeRecorder]:
        """Return the leaders of a pool."""
        return [one for name, one in self.leaders.items() if f"-{pool}-" in name]

    @property
    def recording(self) -> list[str]:
        """The pods that record."""
        return [name for name, one in self.leaders.items() if one.recording]

    def generate(self, body: Any) -> dict[str, str]:
        """Do what the router does: a leader of each role, one after the other."""
        number = next(self.turn)
        for pool in self.plan.pools:
            found = self.of(pool.name)
            _asked(self._address(found[number % len(found)]), "/generate", "POST", body)
        return {"text": "x"}

    def _address(self, leader: FakeRecorder) -> str:
        name = next(name for name, one in self.leaders.items() if one is leader)
        pod = next(one for one in self.pods if one["metadata"]["name"] == name)
        return f"http://{pod['status']['podIP']}:{HTTP_PORT}"

    def passed_on(self, pod: str, path: str, method: str, body: Any) -> tuple[int, bytes]:
        """Return what a leader answers, or what the API server says where it answers nothing."""
        return _asked(self._address(self.leaders[pod]), path, method, body)

    def run(self, job: dict[str, Any]) -> str:
        """Return what the Job's script prints."""
        (container,) = job["spec"]["template"]["spec"]["containers"]
        python, dash, script, *words = (one.replace("$$", "$") for one in container["command"])
        assert (python, dash) == ("python3", "-c")
        env = {one["name"]: self._value(one) for one in container.get("env", ())}
        words = [word.replace("/recordings", str(self.volume)) for word in words]
        if words[0] in ("list", "read") and not self.python:
            return _read_without_torch(*words)
        done = subprocess.run(
            [self.python or sys.executable, "-c", script, *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **env},
        )
        return f"{done.stderr[-2000:]}\n{done.stdout}"

    def _value(self, one: dict[str, Any]) -> str:
        if "valueFrom" not in one:
            return str(one["value"])
        asked = one["valueFrom"]["secretKeyRef"]
        return self.secrets[asked["name"], asked["key"]]


def _asked(url: str, path: str, method: str, body: Any) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, method=method)  # noqa: S310 - http, above
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        said = {"kind": "Status", "message": f"error trying to reach service: {error}"}
        return 503, json.dumps(said).encode()


def _read_without_torch(*words: str) -> str:
    """Run the script with our own reader for torch's; tests/oracle shows that they read alike."""
    spec = importlib.util.spec_from_file_location("read_recordings", READ)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def one(path: Path) -> dict[str, Any]:
        file = read_expert_file(path)
        counts = [list(row) for row in file.logical_totals()]
        return {
            "name": path.name,
            "sha256": file.sha256,
            "kept": None if file.mapping else file.steps,
            "steps": file.nonzero_steps,
            "counts": counts,
        }

    passed = count()  # whoever waits there, waits no real time
    script.time = SimpleNamespace(  # type: ignore[attr-defined]
        monotonic=lambda: float(next(passed)), sleep=lambda _: None
    )
    script.one = one  # type: ignore[attr-defined]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        script.main(*words)
    return printed.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # an answer is one packet: two of them wait for each other

    def answer(self) -> None:
        cluster: RecordingCluster = self.server.cluster  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        if cluster.away:
            cluster.away -= 1
            self.close_connection = True
            return
        status, content = self._said(cluster, body)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

    def _said(self, cluster: RecordingCluster, body: Any) -> tuple[int, Any]:
        asked = urlsplit(self.path)
        path, query = asked.path, {k: v[0] for k, v in parse_qs(asked.query).items()}
        name = path.rpartition("/")[2]
        status, answer = 200, None
        if path in _SERVED:
            resource, kind = _SERVED[path]
            answer = {"resources": [{"name": resource, "kind": kind, "namespaced": True}]}
        elif found := _POD.fullmatch(path):
            status, answer = cluster.passed_on(found[1], found[2], self.command, body)
        elif found := _SERVICE.fullmatch(path):
            assert (found[1], found[2]) == (f"{cluster.plan.name}-router", "/generate")
            answer = cluster.generate(body)
        elif found := _LOG.fullmatch(path):
            answer = cluster.jobs[found[1]]["log"].encode()
        elif path.endswith("/pods"):
            answer = {"metadata": {}, "items": _selected(cluster, query["labelSelector"])}
        elif path.endswith("/jobs"):
            cluster.made.append(body)
            cluster.jobs[body["metadata"]["name"]] = {**body, "log": cluster.run(body)}
            status, answer = 201, body
        elif "/jobs/" in path:
            answer = cluster.jobs.pop(name, None)
        if answer is None:
            return 404, {"kind": "Status", "message": f"{name} not found"}
        return status, answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _selected(cluster: RecordingCluster, selector: str) -> list[dict[str, Any]]:
    wanted = dict(one.split("=") for one in selector.split(","))
    if name := wanted.get("batch.kubernetes.io/job-name"):
        about = {"name": name, "namespace": cluster.plan.namespace}
        there = [{"metadata": about, "spec": {}, "status": {"phase": "Succeeded"}}]
        return there if name in cluster.jobs else []
    return [one for one in cluster.pods if wanted.items() <= one["metadata"]["labels"].items()]


@contextmanager
def recording_cluster(
    plan: ClusterPlan, volume: Path, python: str = ""
) -> Iterator[RecordingCluster]:
    """Serve a deployment of fake leaders as it runs once it is applied and ready."""
    cluster = RecordingCluster(plan, volume, python)
    with ExitStack() as stack:
        for pool in plan.pools:
            for group in range(pool.replicas):
                number = next(_ADDRESSES)
                # All listen on one port; the process keeps those of other runs apart.
                address = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}.{number}"
                name = f"{pool.full_name}-{group}"
                leader = cluster.leaders[name] = FakeRecorder(volume / pool.name)
                stack.enter_context(serving(leader, address, HTTP_PORT))
                cluster.pods.append(_pod(plan, pool, name, address))
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.cluster = cluster  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        cluster.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield cluster
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _pod(plan: ClusterPlan, pool: Any, name: str, address: str) -> dict[str, Any]:
    plain = {k: v for k, v in pool.env.items() if isinstance(v, str)}
    assert all(isinstance(v, FromSecret) or v for v in pool.env.values())
    env = [{"name": key, "value": value} for key, value in plain.items()]
    labels = {**pool_labels(plan, pool), LEADER_LABEL: "0"}
    return {
        "metadata": {"name": name, "namespace": plan.namespace, "labels": labels},
        "spec": {"nodeName": f"node-of-{name}", "containers": [{"name": "engine", "env": env}]},
        "status": {"podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
    }
