"""The pods of `helm test`: whether the deployment serves, and whether the expert file is the planned one.

Both run in the deployment's own images, so nothing else has to be let into the cluster.
"""

from __future__ import annotations

from orchestrator.engine.asked import API_KEY
from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.manifests.pod import placement, pull_secrets
from orchestrator.manifests.security import unprivileged
from orchestrator.manifests.spelling import literal, variables
from orchestrator.manifests.volumes import EXPERTS, expert_check, volumes
from orchestrator.names import leaders_name
from orchestrator.plan.model import ClusterPlan, PodSettings, PoolPlan
from orchestrator.templates import template

_HOOK = {"helm.sh/hook": "test", "helm.sh/hook-delete-policy": "before-hook-creation"}
"""A pod stays after its run, because `helm test --logs` reads it then."""

_NOBODY = 65534
_LOGS = "64Mi"
"""All that a check writes. The check of an engine pod has no such limit, since the kubelet would
take it for the whole pod's where the engine has none (pkg/kubelet/eviction, Kubernetes 1.37)."""


def hooks(plan: ClusterPlan) -> list[Object]:
    """Return the test pods of a plan."""
    replaying = next((pool for pool in plan.pools if expert_check(plan, pool)), None)
    return [_serving(plan), *([_expert_file(plan, replaying)] if replaying else [])]


def _serving(plan: ClusterPlan) -> Object:
    front, first = plan.router, plan.pools[0]
    client = (
        f"{front.full_name}:{front.port}"
        if front
        else f"{leaders_name(plan.name, first.name)}:{first.ports.http}"
    )
    leaders = [
        f"{pool.role}={leaders_name(plan.name, pool.name)}:{pool.ports.http}" for pool in plan.pools
    ]
    key = (front.env if front else first.env).get(API_KEY)
    container: Object = {
        "name": "check-deployment",
        "image": front.image if front else plan.image,
        "command": ["python3", "-c", literal(template("check-deployment.py")), f"http://{client}"],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"memory": "128Mi"},
        },
        "securityContext": {
            **unprivileged(read_only=True),
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
        },
    }
    container["command"] += leaders
    if key:
        container["env"] = variables({API_KEY: key})
    return _pod(plan, "deployment", front.pod if front else first.pod, {"containers": [container]})


def _expert_file(plan: ClusterPlan, pool: PoolPlan) -> Object:
    mounted = [one for one in volumes(pool) if one["name"] == EXPERTS]
    containers = {"containers": expert_check(plan, pool), "volumes": mounted}
    return _pod(plan, "expert-file", pool.pod, containers)


def _pod(plan: ClusterPlan, check: str, settings: PodSettings, spec: Object) -> Object:
    about = metadata(plan, f"{plan.name}-check-{check}", common(plan, "check"))
    for container in spec["containers"]:
        for side in container["resources"].values():
            side["ephemeral-storage"] = _LOGS
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**about, "annotations": dict(_HOOK)},
        "spec": {
            **placement(settings),
            **pull_secrets(plan),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            **spec,
        },
    }
