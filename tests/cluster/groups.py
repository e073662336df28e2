"""A LeaderWorkerSet as the tests of the control plane use it, and what pods of one say.

The sets that we write ourselves come from `deploy render`, not from here.
"""

import json
from typing import Any


def group_set(name: str, size: int = 2, gpus: int = 8, **labels: str) -> str:
    """Return one group of pods with so many GPUs each, as kubectl takes it."""
    resources = {"nvidia.com/gpu": str(gpus), "rdma/rdma_shared_device_ib": "1"}
    engine = {"name": "engine", "image": "engine", "resources": {"limits": resources}}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [engine]}}
    thing = {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": name},
        "spec": {"replicas": 1, "leaderWorkerTemplate": {"size": size, "workerTemplate": pod}},
    }
    return json.dumps(thing)


def items(answer: str) -> list[dict[str, Any]]:
    """Return the objects of a `kubectl get -o json`, by name."""
    found = json.loads(answer)["items"]
    return sorted(found, key=lambda one: one["metadata"]["name"])


def environment(pod: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a pod's first container that have a value of their own."""
    return {one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}
