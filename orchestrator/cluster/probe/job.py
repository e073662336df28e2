"""The Job that probes the nodes of one pool: a pod of the pool, with another program in it.

Placement, image, devices, capabilities and volumes are the engine's, so what it finds is what the
engine would find. It matches no Service, router or budget of the deployment.
"""

from __future__ import annotations

from orchestrator.cluster.jobs import job
from orchestrator.manifests.metadata import Object, common
from orchestrator.manifests.pod import pod_template
from orchestrator.manifests.spelling import literal
from orchestrator.names import POOL_LABEL
from orchestrator.plan.model import ClusterPlan, PoolPlan
from orchestrator.templates import template

_ONLY_AN_ENGINES = ("ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle")


def probe_job(plan: ClusterPlan, pool: PoolPlan, seconds: int) -> Object:
    """Return the Job of a pool, waited for `seconds`: one pod for each node of a group."""
    spec: Object = dict(pod_template(plan, pool, leader=True)["spec"])
    engine = next(one for one in spec["containers"] if one["name"] == "engine")
    # The deployment makes the NVLink domain, and a probe comes before it.
    spec.pop("resourceClaims", None)
    container = {name: value for name, value in engine.items() if name not in _ONLY_AN_ENGINES}
    files = [plan.expert_file.file] if plan.expert_file else []
    script = literal(template("probe-node.py"))
    container |= {
        "name": "probe",
        "resources": {side: engine["resources"][side] for side in ("requests", "limits")},
        "command": ["python3", "-c", script, *map(literal, files)],
        "env": [*engine["env"], _from_pod("NODE_NAME", "spec.nodeName")],
    }
    spec["containers"] = [container]
    spec.pop("initContainers", None)
    labels = {**common(plan, "probe"), f"{POOL_LABEL}-probed": pool.name}
    return job(plan, f"probe-{pool.name}", labels, spec, pods=pool.nodes, seconds=seconds)


def _from_pod(name: str, field: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}}
