"""Runs a Job with the user's own kubectl and brings back what its containers said.

Which cluster, and as whom, is the kubeconfig's business; nothing stays behind, however it ends.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from orchestrator.manifests.metadata import Object

STEP = 5
"""Seconds that kubectl waits before the pods are looked at: a failed pull ends no Job."""

GIVEN_UP = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "ImageInspectError",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)
"""Reasons for which a container waits that no waiting mends (kubelet, `images/types.go` and others)."""

UNREACHABLE = re.compile(
    r"was refused|connection refused|no such host|unable to connect|i/o timeout|TLS handshake"
    r"|no configuration has been provided|context .* does not exist",
    re.IGNORECASE,
)

Say = Callable[[str], object]


class ClusterError(Exception):
    """The cluster could not run the check; the message is one line that names the object."""


def run_job(objects: Sequence[Object], *, seconds: float, say: Say) -> dict[str, str]:
    """Return the log of each container of the Job, which is the last of `objects`, once it ended.

    `say` is told the state while it lasts, for `seconds` at the longest. All objects are deleted
    again. Raises ClusterError; a Job that failed in its containers has logs and raises nothing.
    """
    job = objects[-1]
    cluster = _Cluster(job["metadata"]["namespace"])
    name = f"job/{job['metadata']['name']}"
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    try:
        # Server-side: the client's way keeps a copy in an annotation, which holds 256 KiB only.
        cluster.run("apply", "--server-side", "-f", "-", about=name, given=listed)
        _wait(cluster, name, time.monotonic() + seconds, say)
        return {
            container["name"]: cluster.run(
                "logs", name, "--container", container["name"], "--tail=-1", about=name
            )
            for container in job["spec"]["template"]["spec"]["containers"]
        }
    finally:
        _delete(cluster, objects, say)


class _Cluster:
    """kubectl in one namespace."""

    def __init__(self, namespace: str) -> None:
        program = shutil.which("kubectl")
        if program is None:
            raise ClusterError("--engine=cluster needs kubectl, and there is none on PATH")
        self._program = program
        self.namespace = namespace

    def ask(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - the user's own kubectl
            [self._program, "--namespace", self.namespace, "--request-timeout=30s", *words],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *words: str, about: str, given: str = "") -> str:
        """Return what kubectl wrote. Raises ClusterError."""
        done = self.ask(*words, given=given)
        if done.returncode:
            raise self.failed(words[0], about, done.stderr)
        return done.stdout

    def failed(self, verb: str, about: str, errors: str) -> ClusterError:
        """Return kubectl's failure in one line."""
        lines = [line for line in errors.splitlines() if line and not _is_log(line)]
        said = lines[-1].removeprefix("error: ") if lines else "kubectl said nothing"
        said = said.partition("; if you choose to ignore")[0]  # its advice mends nothing here
        what = f"{verb} {about} in namespace {self.namespace}"
        if UNREACHABLE.search(errors):
            return ClusterError(f"cannot {what}: no cluster answers kubectl: {said}")
        if "forbidden" in errors.lower():
            said = next(line for line in lines if "forbidden" in line.lower())
            return ClusterError(f"not allowed to {what}: {said}")
        return ClusterError(f"cannot {what}: {said}")


def _is_log(line: str) -> bool:
    """Return whether a line is kubectl's own logging, as in `E1124 22:03:45.464378 …`."""
    return re.match(r"[EWI]\d{4} ", line) is not None


def _wait(cluster: _Cluster, name: str, end: float, say: Say) -> None:
    """Return when the Job has ended with logs to read. Raises ClusterError."""
    state = "no pod of it is there yet"
    while True:
        done = cluster.ask("wait", name, "--for=condition=complete", f"--timeout={STEP}s")
        if done.returncode == 0:
            return
        if "timed out" not in done.stderr:
            raise cluster.failed("wait for", name, done.stderr)
        job = json.loads(cluster.run("get", name, "-o", "json", about=name))
        failed = _true(job, "Failed")
        if failed and failed.get("reason") != "DeadlineExceeded":
            return
        found = cluster.run(
            "get",
            "pods",
            "--selector",
            f"job-name={job['metadata']['name']}",
            "-o",
            "json",
            about=f"the pods of {name}",
        )
        for pod in json.loads(found)["items"]:
            state = _state(pod)
            _give_up(pod, cluster)
        if failed or time.monotonic() > end:
            raise ClusterError(
                f"{name} in namespace {cluster.namespace} did not end in time: {state}"
            )
        say(f"{name}: {state}")


def _true(thing: Any, kind: str) -> Any:
    """Return the condition of this type that holds, or `None`."""
    conditions = thing.get("status", {}).get("conditions") or ()
    return next((c for c in conditions if c["type"] == kind and c["status"] == "True"), None)


def _waiting(pod: Any) -> Iterator[tuple[str, str, str]]:
    for container in pod["status"].get("containerStatuses") or ():
        if why := container["state"].get("waiting"):
            yield container["name"], why.get("reason", "waiting"), why.get("message", "")


def _give_up(pod: Any, cluster: _Cluster) -> None:
    for container, reason, message in _waiting(pod):
        if reason in GIVEN_UP:
            raise ClusterError(
                f"pod {pod['metadata']['name']} in namespace {cluster.namespace} cannot start "
                f"container {container}: {reason}: {' '.join(message.split())}"
            )


def _state(pod: Any) -> str:
    """Return where a pod stands, with the scheduler's or the kubelet's reason."""
    name, status = pod["metadata"]["name"], pod["status"]
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"pod {name} is not scheduled: {condition.get('message', '')}"
    waiting = [f"{container} {reason}" for container, reason, _ in _waiting(pod)]
    return f"pod {name} is {', '.join(waiting) or status.get('phase', 'Pending')}"


def _delete(cluster: _Cluster, objects: Sequence[Object], say: Say) -> None:
    """Delete the objects; what stays is told, and never takes the place of what went wrong before."""
    names = [f"{one['kind'].lower()}/{one['metadata']['name']}" for one in objects]
    done = cluster.ask("delete", *names, "--ignore-not-found", "--wait=false")
    if done.returncode and not UNREACHABLE.search(done.stderr):
        say(str(cluster.failed("delete", " ".join(names), done.stderr)))
