"""Who may reach the engine pods. Rendered only where the spec asks for it."""

from __future__ import annotations

from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.names import HTTP_PORT, INSTANCE_LABEL, POOL_LABEL
from orchestrator.plan.model import ClusterPlan


def network_policy(plan: ClusterPlan) -> Object:
    """Return the policy for all engine pods.

    Engines use random ports for KV transfer and collectives, so pods of one deployment reach each
    other on all of them; from outside only HTTP is open, where clients or a scraper need it.
    """
    ingress: list[Object] = [
        {"from": [{"podSelector": {"matchLabels": {INSTANCE_LABEL: plan.name}}}]}
    ]
    if plan.pod_monitor or plan.router is None:
        ingress.append({"ports": [{"port": HTTP_PORT, "protocol": "TCP"}]})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(plan, f"{plan.name}-engines", common(plan, "engines")),
        "spec": {
            "podSelector": {
                "matchLabels": {INSTANCE_LABEL: plan.name},
                "matchExpressions": [{"key": POOL_LABEL, "operator": "Exists"}],
            },
            "policyTypes": ["Ingress"],
            "ingress": ingress,
        },
    }
