"""Runs one of our scripts in a pod of the engine's image, without a GPU, and returns what it said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from orchestrator.cluster.api import Api
from orchestrator.cluster.jobs import ended, job, log, pods_of
from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.recording.leaders import Leader, RecordingError
from orchestrator.cluster.wait import Clock
from orchestrator.manifests.metadata import Object, common
from orchestrator.manifests.pod import placement, pull_secrets
from orchestrator.manifests.security import unprivileged
from orchestrator.manifests.spelling import literal, variables
from orchestrator.plan.model import ClusterPlan, Mount, Value
from orchestrator.templates import template

PLACED_SECONDS = 600
"""For a pod to be placed and its image pulled; on the leader's node it is there already."""

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Script:
    """A template with its arguments, and what its pod needs; `near` is the leader it works for."""

    name: str
    arguments: Sequence[str]
    near: Leader
    seconds: float
    memory: str = "256Mi"
    env: Mapping[str, Value] = field(default_factory=dict)
    mount: Mount | None = None


@dataclass(frozen=True, slots=True)
class Pods:
    """Where scripts run: the cluster, the deployment they are about, the clock, who is told."""

    api: Api
    plan: ClusterPlan
    say: Say
    clock: Clock = field(default_factory=Clock)

    def run(self, script: Script) -> dict[str, Any]:
        """Return what the script printed; its Job is gone by then, whatever happens.

        Raises RecordingError where it said an error or nothing, and ClusterError.
        """
        one, limit = script_job(self.plan, script), PLACED_SECONDS + script.seconds
        try:
            self.api.create(one)
            end = self.clock.now() + limit
            pod = next(iter(pods_of(self.api, one, self.clock, end, self.say)), None)
            return self._said(script, pod, limit)
        finally:
            surely(lambda: self.api.delete(one), f"Job {one['metadata']['name']} was deleted")

    def _said(self, script: Script, pod: Object | None, limit: float) -> dict[str, Any]:
        about = f"{script.name}, run for {script.near.pod}"
        if pod is None or not ended(pod):
            why = rank_of(0, pod).why if pod else "no pod was made"
            raise RecordingError(f"{about}, did not end within {limit:.0f} s: {why}")
        lines = log(self.api, pod, patient=True).strip().splitlines()
        try:
            said = json.loads(lines[-1])
        except (ValueError, IndexError):
            last = lines[-1][:300] if lines else "it printed nothing"
            raise RecordingError(f"{about}, gave no answer: {last}") from None
        if not isinstance(said, dict) or "error" in said:
            raise RecordingError(f"{about}: {said['error'] if isinstance(said, dict) else said}")
        return said


def surely(action: Callable[[], object], what: str) -> None:
    """Do what must be done also where the user interrupts it: once more, and then it is over.

    Raises KeyboardInterrupt once it is done; RecordingError where it was interrupted again.
    """
    try:
        action()
    except KeyboardInterrupt:
        try:
            action()
        except KeyboardInterrupt:
            raise RecordingError(f"interrupted again before {what}") from None
        raise


def script_job(plan: ClusterPlan, script: Script) -> Object:
    """Return the Job: placed as the leader's pod may be, best on its node, where image and volume are.

    Its name is new each time, so that what a killed run left stands in nobody's way.
    """
    pool = script.near.pool
    container: Object = {
        "name": "script",
        "image": plan.image,
        "command": [
            "python3",
            "-c",
            literal(template(script.name)),
            *map(literal, script.arguments),
        ],
        "env": variables(script.env),
        "resources": {"requests": {"cpu": "100m", "memory": script.memory}},
        "securityContext": unprivileged(),
    }
    spec: Object = {
        **{name: value for name, value in placement(pool.pod).items() if name in _KEPT},
        "affinity": {
            "nodeAffinity": {_PREFERRED: [{"weight": 100, "preference": _on(script.near)}]}
        },
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        **pull_secrets(plan),
        "containers": [container],
    }
    if script.mount:
        volume = {"name": "v", "persistentVolumeClaim": {"claimName": script.mount.claim}}
        mounted = {"name": "v", "mountPath": script.mount.path, "readOnly": True}
        spec["volumes"], container["volumeMounts"] = [volume], [mounted]
    return job(
        plan,
        f"recording-{uuid4().hex[:8]}",
        common(plan, "recording"),
        spec,
        pods=1,
        seconds=int(PLACED_SECONDS + script.seconds),
    )


_KEPT = ("serviceAccountName", "nodeSelector", "tolerations")
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def _on(leader: Leader) -> Object:
    return {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [leader.node]}]}
