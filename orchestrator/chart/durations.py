"""How long helm has to wait, computed from the plan's budgets; its own default is five minutes."""

from __future__ import annotations

from orchestrator.plan.budgets import PULL_SECONDS
from orchestrator.plan.model import ClusterPlan


def install_seconds(plan: ClusterPlan) -> int:
    """Return until when every group of a fresh deployment is ready: all groups start together."""
    return PULL_SECONDS + max(pool.budgets.startup for pool in plan.pools)


def upgrade_seconds(plan: ClusterPlan) -> int:
    """Return until when every group is replaced: pools side by side, a pool's groups one by one."""
    return PULL_SECONDS + max(
        pool.replicas * (pool.budgets.grace + pool.budgets.startup) for pool in plan.pools
    )
