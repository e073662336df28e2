"""The engine's report as stable data; it stands under `engine` in the machine form of a report."""

from __future__ import annotations

import dataclasses

from orchestrator.diagnostics.model import spell
from orchestrator.oracle.report import Difference, EngineReport, PoolReport


def as_data(report: EngineReport) -> dict[str, object]:
    """Return the report as plain JSON-able data."""
    return {
        "sglang": report.sglang,
        "answered_by": report.answering,
        "where": report.where,
        "assumed": list(report.assumed),
        "pools": [_pool(pool) for pool in report.pools],
    }


def _pool(pool: PoolReport) -> dict[str, object]:
    return {
        "name": pool.pool,
        "verdict": pool.verdict,
        "error": pool.error,
        "node_ranks": pool.ranks,
        "node_rank": pool.rank,
        "causes": [spell(path) for path in pool.causes],
        "differences": [_difference(one) for one in pool.differences],
        "filled": dict(pool.filled),
        "stage": pool.stage,
        "loading": pool.loading and dataclasses.asdict(pool.loading),
    }


def _difference(one: Difference) -> dict[str, object]:
    return {
        "argument": one.argument,
        "asked": one.asked,
        "resolved": one.resolved,
        "predicted": one.expected,
        "behaviour": one.behaviour,
        "says": one.says,
    }
