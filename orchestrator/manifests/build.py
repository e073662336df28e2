"""All objects of a plan, in the order in which they are applied."""

from __future__ import annotations

from orchestrator.manifests.compute_domain import compute_domain
from orchestrator.manifests.disruption import pool_budget
from orchestrator.manifests.leader_worker_set import leader_worker_set
from orchestrator.manifests.metadata import Object
from orchestrator.manifests.network_policy import network_policy
from orchestrator.manifests.pod_monitor import pod_monitor
from orchestrator.manifests.router import router_objects
from orchestrator.manifests.service import leaders_service
from orchestrator.plan.model import ClusterPlan


def build(plan: ClusterPlan) -> list[Object]:
    """Return the objects: what guards and addresses pods first, then the pods, then the router."""
    objects: list[Object] = [compute_domain(plan)] if plan.compute_domain else []
    if plan.network_policy:
        objects.append(network_policy(plan))
    if plan.pod_monitor:
        objects.append(pod_monitor(plan))
    for pool in plan.pools:
        objects += [leaders_service(plan, pool), pool_budget(plan, pool)]
    objects += [leader_worker_set(plan, pool) for pool in plan.pools]
    if plan.router:
        objects += router_objects(plan, plan.router)
    return objects
