"""The router's objects: Deployment, Service, and the right to watch the pods of its own namespace."""

from __future__ import annotations

from orchestrator.manifests.disruption import router_budget, router_selector
from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.manifests.pod import placement, pull_secrets
from orchestrator.manifests.security import unprivileged
from orchestrator.manifests.spelling import variables, words
from orchestrator.manifests.strategic import patched_all
from orchestrator.plan.model import ClusterPlan, RouterPlan


def router_objects(plan: ClusterPlan, router: RouterPlan) -> list[Object]:
    """Return the router's objects in apply order."""
    access = _access(plan, router) if router.watches_pods else []
    budget = [router_budget(plan, router)] if router.replicas > 1 else []
    return [*access, _service(plan, router), *budget, _deployment(plan, router)]


def _access(plan: ClusterPlan, router: RouterPlan) -> list[Object]:
    about = metadata(plan, router.full_name, common(plan, "router"))
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about}
    group = "rbac.authorization.k8s.io"
    return [
        *([] if router.pod.service_account else [account]),
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": about,
            "rules": [
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
            ],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": about,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": router.full_name},
            "subjects": [
                {
                    "kind": "ServiceAccount",
                    "name": router.pod.service_account or router.full_name,
                    "namespace": plan.namespace,
                }
            ],
        },
    ]


def _service(plan: ClusterPlan, router: RouterPlan) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(plan, router.full_name, common(plan, "router")),
        "spec": {
            "type": router.service_type,
            "selector": router_selector(plan),
            "ports": [{"name": "http", "port": router.port, "targetPort": "http"}],
        },
    }


def _deployment(plan: ClusterPlan, router: RouterPlan) -> Object:
    labels = common(plan, "router")
    account = {"serviceAccountName": router.full_name} if router.watches_pods else {}
    template: Object = {
        "metadata": {
            "labels": {**router.pod.labels, **labels},
            **({"annotations": dict(router.pod.annotations)} if router.pod.annotations else {}),
        },
        "spec": {
            **account,
            "affinity": _spread(plan),
            **placement(router.pod),
            "automountServiceAccountToken": router.watches_pods,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": router.grace,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            **pull_secrets(plan),
            "containers": [_container(router)],
        },
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(plan, router.full_name, labels),
        "spec": {
            "replicas": router.replicas,
            "selector": {"matchLabels": router_selector(plan)},
            "template": patched_all(template, router.pod.patches),
        },
    }


def _spread(plan: ClusterPlan) -> Object:
    """Return the affinity that keeps routers on different nodes where the cluster can."""
    term = {
        "labelSelector": {"matchLabels": router_selector(plan)},
        "topologyKey": "kubernetes.io/hostname",
    }
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}


def _container(router: RouterPlan) -> Object:
    asked = router.pod
    # Its files are logs: what it holds of prompts is in memory.
    sizes = {
        "memory": asked.memory or "2Gi",
        "ephemeral-storage": asked.ephemeral_storage or "1Gi",
    }
    return {
        "name": "router",
        "image": router.image,
        "command": words(router.argv),
        "env": variables(router.env),
        "ports": [
            {"name": "http", "containerPort": router.port},
            {"name": "metrics", "containerPort": router.metrics_port},
        ],
        "resources": {
            "requests": {"cpu": asked.cpu or "1", **sizes},
            "limits": sizes,
        },
        "securityContext": unprivileged(),
        # /health and /liveness are always 200; only /readiness knows whether both roles are there.
        "readinessProbe": {
            "httpGet": {"path": "/readiness", "port": "http"},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
        },
        "livenessProbe": {
            "httpGet": {"path": "/liveness", "port": "http"},
            "periodSeconds": 20,
            "timeoutSeconds": 10,
            "failureThreshold": 6,
        },
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
    }
