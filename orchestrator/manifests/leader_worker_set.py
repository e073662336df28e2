"""One LeaderWorkerSet per pool: a replica is a group of pods that live and die together."""

from __future__ import annotations

from orchestrator.manifests.metadata import Object, metadata, pool_labels
from orchestrator.manifests.pod import pod_template
from orchestrator.plan.model import ClusterPlan, PoolPlan


def leader_worker_set(plan: ClusterPlan, pool: PoolPlan) -> Object:
    """Return the LeaderWorkerSet (v1) of a pool.

    A lost rank stops its whole group, so several nodes are recreated together; a single pod is
    restarted in place, where its node has the caches.
    """
    group: Object = {"size": pool.nodes}
    if pool.nodes > 1:
        group["restartPolicy"] = "RecreateGroupOnPodRestart"
        group["leaderTemplate"] = pod_template(plan, pool, leader=True)
        group["workerTemplate"] = pod_template(plan, pool, leader=False)
    else:
        group["restartPolicy"] = "None"
        group["workerTemplate"] = pod_template(plan, pool, leader=True)
    return {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": metadata(plan, pool.full_name, pool_labels(plan, pool)),
        "spec": {
            "replicas": pool.replicas,
            "startupPolicy": "LeaderCreated",
            "rolloutStrategy": {
                "type": "RollingUpdate",
                "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": 0},
            },
            "leaderWorkerTemplate": group,
        },
    }
