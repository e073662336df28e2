"""Services: every pool's leaders by name, never a worker, for its HTTP and bootstrap ports."""

from __future__ import annotations

from orchestrator.manifests.metadata import Object, leader_selector, metadata, pool_labels
from orchestrator.names import leaders_name
from orchestrator.plan.model import ClusterPlan, PoolPlan


def leaders_service(plan: ClusterPlan, pool: PoolPlan) -> Object:
    """Return the Service of a pool's leaders; headless where a router balances in front."""
    ports: list[Object] = [{"name": "http", "port": pool.ports.http, "targetPort": "http"}]
    if pool.ports.bootstrap:
        ports.append({"name": "bootstrap", "port": pool.ports.bootstrap, "targetPort": "bootstrap"})
    kind = {"type": "ClusterIP"} if pool.serves_clients else {"clusterIP": "None"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(plan, leaders_name(plan.name, pool.name), pool_labels(plan, pool)),
        "spec": {**kind, "selector": leader_selector(plan, pool), "ports": ports},
    }
