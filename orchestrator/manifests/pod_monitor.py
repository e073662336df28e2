"""PodMonitor of the leaders: followers serve no metrics. Rendered only where the spec asks for it."""

from __future__ import annotations

from orchestrator.manifests.metadata import Object, common, metadata
from orchestrator.names import INSTANCE_LABEL, LEADER_LABEL, POOL_LABEL, ROLE_LABEL
from orchestrator.plan.model import ClusterPlan


def pod_monitor(plan: ClusterPlan) -> Object:
    """Return the PodMonitor (Prometheus operator, v1) of all leaders."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(plan, f"{plan.name}-engines", common(plan, "engines")),
        "spec": {
            "selector": {"matchLabels": {INSTANCE_LABEL: plan.name, LEADER_LABEL: "0"}},
            "podTargetLabels": [POOL_LABEL, ROLE_LABEL],
            "podMetricsEndpoints": [{"port": "http", "path": "/metrics"}],
        },
    }
