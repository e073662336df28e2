"""Which expert file a pool's LeaderWorkerSet replays, read back from the object.

Read from objects, not from a plan, so that a recorded revision and what is live are read alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.cluster.workload import workload
from orchestrator.manifests.metadata import Object
from orchestrator.manifests.volumes import CHECK, EXPERTS

_FLAG = "--init-expert-location"


@dataclass(frozen=True, slots=True)
class Replayed:
    """An expert file as pods are told of it; exactly one of claim and ConfigMap holds it.

    `sha256` is empty where the plan did not know it.
    """

    claim: str | None
    config_map: str | None
    path: str
    sha256: str

    def __str__(self) -> str:
        home = f"on claim {self.claim}" if self.claim else f"in ConfigMap {self.config_map}"
        return f"{self.sha256[:12] or 'unknown'}… ({self.path} {home})"


def replayed(one: Object) -> Replayed | None:
    """Return the file that a pool replays, or `None` where it replays none."""
    pool = workload(one)
    if pool is None or _FLAG not in pool.flags:
        return None
    group = one["spec"]["leaderWorkerTemplate"]
    pod = (group.get("leaderTemplate") or group["workerTemplate"])["spec"]
    volume = _named(pod.get("volumes"), EXPERTS)
    mount = _named((_named(pod.get("initContainers"), CHECK) or {}).get("volumeMounts"), EXPERTS)
    if volume is None or mount is None:
        return None
    return Replayed(
        claim=(volume.get("persistentVolumeClaim") or {}).get("claimName"),
        config_map=(volume.get("configMap") or {}).get("name"),
        path=pool.flags[_FLAG].removeprefix(f"{mount['mountPath'].rstrip('/')}/"),
        sha256=pool.expert_sha256.removeprefix("unknown"),
    )


def _named(items: Sequence[Object] | None, name: str) -> Object | None:
    return next((one for one in items or () if one["name"] == name), None)
