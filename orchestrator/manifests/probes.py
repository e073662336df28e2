"""Health checks of engine pods: a leader answers for the group, a follower only for itself.

No liveness probe: a busy engine answers late, and its own watchdog kills a stuck one
(`--watchdog-timeout`, 300 s).
"""

from __future__ import annotations

from orchestrator.manifests.metadata import Object
from orchestrator.plan.model import PoolPlan

PERIOD_SECONDS = 10
TIMEOUT_SECONDS = 25
"""`/health` generates a token and gives up after 20 s (srt/entrypoints/http_server.py)."""

FOLLOWER_PATH = "/health"
"""Ranks above 0 serve only this, and only once their schedulers run (srt/entrypoints/engine.py)."""


def probes(pool: PoolPlan, *, leader: bool) -> Object:
    """Return the probes of a leader or of a follower."""
    path = pool.readiness if leader else FOLLOWER_PATH
    startup = {
        **_http(path),
        "failureThreshold": -(-pool.budgets.startup // PERIOD_SECONDS),
    }
    if not leader:
        return {"startupProbe": startup}
    return {"startupProbe": startup, "readinessProbe": {**_http(path), "failureThreshold": 3}}


def _http(path: str) -> Object:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": PERIOD_SECONDS,
        "timeoutSeconds": TIMEOUT_SECONDS,
    }
