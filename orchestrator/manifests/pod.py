"""The pod template of a pool's engines. Leader and followers differ in probes and ports alone."""

from __future__ import annotations

from orchestrator.manifests.compute_domain import container_claims, pod_claims
from orchestrator.manifests.metadata import EXPERTS_ANNOTATION, Object, pool_labels
from orchestrator.manifests.probes import probes
from orchestrator.manifests.security import engine_rights
from orchestrator.manifests.spelling import variables, words
from orchestrator.manifests.strategic import patched_all
from orchestrator.manifests.volumes import expert_check, mounts, volumes
from orchestrator.names import BOOTSTRAP_ANNOTATION
from orchestrator.plan.model import ClusterPlan, PodSettings, PoolPlan


def pod_template(plan: ClusterPlan, pool: PoolPlan, *, leader: bool) -> Object:
    """Return the template of a group's leader or of its followers, with the user's patch over it."""
    template: Object = {
        "metadata": {
            "labels": {**pool.pod.labels, **pool_labels(plan, pool)},
            "annotations": {
                **plan.annotations,
                **pool.pod.annotations,
                **_annotations(plan, pool),
            },
        },
        "spec": {
            **placement(pool.pod),
            **_network(plan),
            **pod_claims(plan),
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": pool.budgets.grace,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            **pull_secrets(plan),
            "initContainers": expert_check(plan, pool),
            "containers": [_engine(plan, pool, leader=leader)],
            "volumes": volumes(pool),
        },
    }
    if not template["spec"]["initContainers"]:
        del template["spec"]["initContainers"]
    return patched_all(template, pool.pod.patches)


def placement(options: PodSettings) -> Object:
    """Return what the user says about where and as whom pods run."""
    given: Object = {
        "serviceAccountName": options.service_account,
        "priorityClassName": options.priority_class,
        "nodeSelector": dict(options.node_selector),
        "tolerations": list(options.tolerations),
        "affinity": dict(options.affinity),
    }
    return {field: value for field, value in given.items() if value}


def pull_secrets(plan: ClusterPlan) -> Object:
    """Return the pod's `imagePullSecrets`, where there are any."""
    names = [{"name": name} for name in plan.pull_secrets]
    return {"imagePullSecrets": names} if names else {}


def _annotations(plan: ClusterPlan, pool: PoolPlan) -> dict[str, str]:
    annotations = {}
    if plan.expert_file:
        annotations[EXPERTS_ANNOTATION] = plan.expert_file.sha256 or "unknown"
    if pool.ports.bootstrap:
        annotations[BOOTSTRAP_ANNOTATION] = str(pool.ports.bootstrap)
    return annotations


def _network(plan: ClusterPlan) -> Object:
    return (
        {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"} if plan.host_network else {}
    )


def _engine(plan: ClusterPlan, pool: PoolPlan, *, leader: bool) -> Object:
    return {
        "name": "engine",
        "image": plan.image,
        "command": words(pool.argv),
        "env": variables(pool.env),
        "ports": _ports(pool, leader=leader),
        "resources": {**_resources(pool), **container_claims(plan)},
        "securityContext": engine_rights(plan.capabilities, privileged=plan.privileged),
        **probes(pool, leader=leader),
        "lifecycle": {
            "preStop": {"exec": {"command": ["sleep", str(pool.budgets.deregister)]}},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts(pool),
    }


def _ports(pool: PoolPlan, *, leader: bool) -> list[Object]:
    ports = [{"name": "http", "containerPort": pool.ports.http}]
    if leader and pool.ports.bootstrap:
        ports.append({"name": "bootstrap", "containerPort": pool.ports.bootstrap})
    if leader and pool.nodes > 1:
        ports.append({"name": "rendezvous", "containerPort": pool.ports.rendezvous})
    return ports


def _resources(pool: PoolPlan) -> Object:
    asked = pool.pod
    devices = {"nvidia.com/gpu": str(pool.gpus_per_pod)}
    devices |= {name: str(count) for name, count in pool.rdma_devices.items()}
    limits, requests = dict(devices), dict(devices)
    for name, amount in (("memory", asked.memory), ("ephemeral-storage", asked.ephemeral_storage)):
        if amount:
            limits[name] = requests[name] = amount
    if asked.cpu:
        requests["cpu"] = asked.cpu
    return {"requests": requests, "limits": limits}
