"""A large cluster that is made up, for the figures of `make bench` about live verbs."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts import go_tools
from scripts.control_plane.background import started

NODES, PODS = 5000, 2000
SECONDS = 300

OTHERS: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "others"},
    "spec": {
        "replicas": PODS,
        "selector": {"matchLabels": {"app": "others"}},
        "template": {
            "metadata": {"labels": {"app": "others"}},
            "spec": {
                "containers": [
                    {"name": "a", "image": "a", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
                ]
            },
        },
    },
}
"""Pods of somebody else, one GPU each."""


@contextmanager
def large_cluster(namespace: str, claims: Path) -> Iterator[Path]:
    """Start a cluster of that many nodes and pods; yield its kubeconfig. Takes about two minutes."""
    with tempfile.TemporaryDirectory() as folder, started(Path(folder), NODES) as plane:

        def kubectl(*words: str, stdin: str | None = None) -> None:
            program = [str(go_tools.ensure("kubectl")), "--kubeconfig", str(plane.kubeconfig)]
            subprocess.run(
                [*program, *words], input=stdin, text=True, check=True, stdout=subprocess.DEVNULL
            )

        kubectl("create", "namespace", namespace)
        kubectl("apply", "-n", namespace, "-f", str(claims))
        kubectl("create", "namespace", "others")
        kubectl("apply", "-n", "others", "-f", "-", stdin=json.dumps(OTHERS))
        ready = ("rollout", "status", "deployment/others", f"--timeout={SECONDS}s")
        kubectl(*ready, "-n", "others")
        yield Path(plane.kubeconfig)
