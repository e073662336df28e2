"""Disruption budgets: at most one group of a pool, and one router, is evicted at a time."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.manifests.metadata import Object, common, metadata, pool_labels, pool_selector
from orchestrator.names import INSTANCE_LABEL
from orchestrator.plan.model import ClusterPlan, PoolPlan, RouterPlan


def pool_budget(plan: ClusterPlan, pool: PoolPlan) -> Object:
    """Return the budget of a pool.

    It selects leaders and workers and allows one unavailable pod: evicting any pod stops its group,
    whose other pods are then unavailable too, so no second group can be evicted until it is back.
    """
    return _budget(plan, pool.full_name, pool_labels(plan, pool), pool_selector(plan, pool))


def router_budget(plan: ClusterPlan, router: RouterPlan) -> Object:
    """Return the budget of the router."""
    return _budget(plan, router.full_name, common(plan, "router"), router_selector(plan))


def router_selector(plan: ClusterPlan) -> dict[str, str]:
    """Return the labels that match the router's pods."""
    return {INSTANCE_LABEL: plan.name, "app.kubernetes.io/component": "router"}


def _budget(
    plan: ClusterPlan, name: str, labels: Mapping[str, str], selector: Mapping[str, str]
) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(plan, name, labels),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": dict(selector)}},
    }
