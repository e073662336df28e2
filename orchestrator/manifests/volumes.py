"""Volumes and mounts of engine pods, and the check of the expert file that runs before any GPU work."""

from __future__ import annotations

from orchestrator.manifests.metadata import Object
from orchestrator.manifests.security import unprivileged
from orchestrator.manifests.spelling import literal
from orchestrator.plan.model import ClusterPlan, Mount, PoolPlan
from orchestrator.templates import template

EXPERTS = "experts"
"""The volume of the expert file."""
CHECK = "check-expert-file"
"""The init container that looks at it."""
JIT_CACHE_LIMIT = "50Gi"
"""Size of a per-pod kernel cache: an assumption, not measured; a claim or a host path has no limit."""


def volumes(pool: PoolPlan) -> list[Object]:
    """Return the pod's volumes."""
    shared_memory = {
        "name": "shm",
        "emptyDir": {"medium": "Memory", "sizeLimit": pool.pod.shared_memory},
    }
    return [*map(_volume, pool.mounts), shared_memory]


def mounts(pool: PoolPlan) -> list[Object]:
    """Return where the engine container mounts the volumes."""
    return [*map(_mount, pool.mounts), {"name": "shm", "mountPath": "/dev/shm"}]  # noqa: S108


def expert_check(plan: ClusterPlan, pool: PoolPlan) -> list[Object]:
    """Return the init container that checks the expert file, or nothing where none is replayed."""
    mount = next((mount for mount in pool.mounts if mount.name == EXPERTS), None)
    if plan.expert_file is None or mount is None:
        return []
    script = literal(template("check-expert-file.sh"))
    file, digest = literal(plan.expert_file.file), plan.expert_file.sha256 or ""
    return [
        {
            "name": CHECK,
            "image": plan.image,
            "command": ["sh", "-ec", script, CHECK, file, digest],
            "resources": {
                "requests": {"cpu": "100m", "memory": "64Mi"},
                "limits": {"memory": "64Mi"},
            },
            "securityContext": unprivileged(read_only=True),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [_mount(mount)],
        }
    ]


def _volume(mount: Mount) -> Object:
    if mount.claim:
        claim: Object = {"claimName": mount.claim}
        if mount.read_only:
            claim["readOnly"] = True
        return {"name": mount.name, "persistentVolumeClaim": claim}
    if mount.config_map:
        return {"name": mount.name, "configMap": {"name": mount.config_map}}
    if mount.host_path:
        return {
            "name": mount.name,
            "hostPath": {"path": mount.host_path, "type": "DirectoryOrCreate"},
        }
    return {"name": mount.name, "emptyDir": {"sizeLimit": JIT_CACHE_LIMIT}}


def _mount(mount: Mount) -> Object:
    read_only = {"readOnly": True} if mount.read_only else {}
    return {"name": mount.name, "mountPath": mount.path, **read_only}
