"""Labels, annotations and metadata of every object, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from orchestrator.names import INSTANCE_LABEL, LEADER_LABEL, POOL_LABEL, PREFIX, ROLE_LABEL
from orchestrator.plan.model import ClusterPlan, PoolPlan

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object as the data of its YAML."""

EXPERTS_ANNOTATION = f"{PREFIX}/expert-file-sha256"
"""On pod templates: a new file rolls the pools that replay it."""


def common(plan: ClusterPlan, component: str) -> dict[str, str]:
    """Return the labels of every object of one component."""
    return {
        "app.kubernetes.io/name": "sglang",
        INSTANCE_LABEL: plan.name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": plan.name,
        "app.kubernetes.io/managed-by": "deploy",
    }


def pool_labels(plan: ClusterPlan, pool: PoolPlan) -> dict[str, str]:
    """Return the labels of a pool's objects and pods."""
    return {**common(plan, pool.role), ROLE_LABEL: pool.role, POOL_LABEL: pool.name}


def pool_selector(plan: ClusterPlan, pool: PoolPlan) -> dict[str, str]:
    """Return the labels that match all pods of one pool."""
    return {INSTANCE_LABEL: plan.name, POOL_LABEL: pool.name}


def leader_selector(plan: ClusterPlan, pool: PoolPlan) -> dict[str, str]:
    """Return the labels that match the leaders of one pool, and never a worker."""
    return {**pool_selector(plan, pool), LEADER_LABEL: "0"}


def metadata(plan: ClusterPlan, name: str, labels: Mapping[str, str]) -> Object:
    """Return an object's metadata."""
    return {"name": name, "namespace": plan.namespace, "labels": dict(labels)}
