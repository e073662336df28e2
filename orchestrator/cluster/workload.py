"""A pool's LeaderWorkerSet read back: its shape, command line, and time limits.

Read from objects, not from a plan, so that a recorded revision and what is live are read alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.changes import flags
from orchestrator.manifests.metadata import EXPERTS_ANNOTATION, Object
from orchestrator.names import POOL_LABEL, ROLE_LABEL

KIND = "LeaderWorkerSet"
API_VERSION = "leaderworkerset.x-k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Workload:
    """A pool: `groups` of `size` pods with `gpus_per_pod` GPUs.

    `startup` and `grace` are seconds: until a group is ready at the latest, and until it is stopped.
    """

    pool: str
    role: str
    groups: int
    size: int
    gpus_per_pod: int
    image: str
    flags: Mapping[str, str]
    expert_sha256: str
    startup: int
    grace: int

    @property
    def gpus_per_group(self) -> int:
        """GPUs of one group."""
        return self.size * self.gpus_per_pod

    @property
    def gpus(self) -> int:
        """GPUs of all groups."""
        return self.groups * self.gpus_per_group


def workload(one: Object) -> Workload | None:
    """Return a pool as its LeaderWorkerSet says it, or `None` for an object of another kind."""
    if one["kind"] != KIND:
        return None
    labels, spec = one["metadata"].get("labels") or {}, one["spec"]
    group = spec["leaderWorkerTemplate"]
    template = group.get("leaderTemplate") or group["workerTemplate"]
    pod, engine = template["spec"], _engine(template["spec"]["containers"])
    probe = engine.get("startupProbe") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    limits = (engine.get("resources") or {}).get("limits") or {}
    return Workload(
        pool=labels.get(POOL_LABEL, one["metadata"]["name"]),
        role=labels.get(ROLE_LABEL, "?"),
        groups=spec.get("replicas", 1),
        size=group.get("size", 1),
        gpus_per_pod=int(limits.get("nvidia.com/gpu", 0)),
        image=engine.get("image", ""),
        flags=flags(engine.get("command") or ()),
        expert_sha256=annotations.get(EXPERTS_ANNOTATION, ""),
        startup=probe.get("failureThreshold", 0) * probe.get("periodSeconds", 0),
        grace=pod.get("terminationGracePeriodSeconds", 30),
    )


def _engine(containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((one for one in containers if one["name"] == "engine"), containers[0])
