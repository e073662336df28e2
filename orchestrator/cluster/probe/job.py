"""The Job that probes the nodes of one pool: a pod of the pool, with another program in it.

Placement, image, devices, capabilities and volumes are the engine's, so what it finds is what the
engine would find. It matches no Service, router or budget of the deployment.
"""

from __future__ import annotations

from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.manifests.pod import pod_template
from orchestrator.manifests.spelling import literal
from orchestrator.names import POOL_LABEL, job_name
from orchestrator.plan.model import ClusterPlan, PoolPlan
from orchestrator.templates import template

KEPT_SECONDS = 600
"""How long a Job stays that nobody was left to delete, waiting or ended."""

_ONLY_AN_ENGINES = ("ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle")


def probe_job(plan: ClusterPlan, pool: PoolPlan, seconds: int) -> Object:
    """Return the Job of a pool: one pod for each node of a group.

    It outlives the `seconds` that are waited for it, since its end would take its pods along.
    """
    spec: Object = dict(pod_template(plan, pool, leader=True)["spec"])
    engine = next(one for one in spec["containers"] if one["name"] == "engine")
    container = {name: value for name, value in engine.items() if name not in _ONLY_AN_ENGINES}
    files = [plan.expert_file.file] if plan.expert_file else []
    script = literal(template("probe-node.py"))
    container |= {
        "name": "probe",
        "command": ["python3", "-c", script, *map(literal, files)],
        "env": [*engine["env"], _from_pod("NODE_NAME", "spec.nodeName")],
    }
    spec |= {"containers": [container], "restartPolicy": "Never"}
    spec["terminationGracePeriodSeconds"] = 1
    spec.pop("initContainers", None)
    labels = {**common(plan, "probe"), f"{POOL_LABEL}-probed": pool.name}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(plan, job_name(plan.name, f"probe-{pool.name}"), labels),
        "spec": {
            "completions": pool.nodes,
            "parallelism": pool.nodes,
            "backoffLimit": 0,
            "activeDeadlineSeconds": seconds + KEPT_SECONDS,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def _from_pod(name: str, field: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}
