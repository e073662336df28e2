"""The specs that provoke each row of `behaviours.yaml`, and what the engine made of them.

The fragments are data (`tests/data/engine/behaviours.yaml`); what must be true of them is the tests'.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from orchestrator.engine.behaviours import predict
from orchestrator.engine.check.pipeline import Verdict
from orchestrator.engine.tables import table
from orchestrator.facts.gather import gather
from orchestrator.oracle.cause import Judge
from orchestrator.oracle.compare import rewrites
from orchestrator.oracle.requests import NotAskableError, RankRequest, requests
from orchestrator.pools import PoolView, pool_views
from orchestrator.rules.examples import bases, merge
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.tables import read_table
from orchestrator.versions import within
from tests.oracle.tier import CUTS

ROWS: Mapping[str, Mapping[str, Any]] = {row["id"]: row for row in table("behaviours")}
FRAGMENTS: Mapping[str, Mapping[str, Any]] = read_table(
    Path(__file__).parents[1] / "data" / "engine" / "behaviours.yaml"
)


def spec(identifier: str, version: str, *, without: bool = False) -> dict[str, Any]:
    """Return the spec that provokes a row, or the one with a condition taken away, as plain data."""
    fragment = FRAGMENTS[identifier]
    data = merge(copy.deepcopy(bases()[fragment["over"]]), fragment["with"])
    if without:
        data = merge(data, fragment["without"])
    data["engine"] |= {"sglang": version, "image": f"lmsysorg/sglang:v{version}"}
    plain: dict[str, Any] = data
    return plain


def inside(identifier: str) -> tuple[str, ...]:
    """Return the first and the last of `CUTS` in the row's range; one where they are the same."""
    held = [version for version in CUTS if within(version, ROWS[identifier]["sglang"])]
    return tuple(dict.fromkeys((held[0], held[-1])))


def outside(identifier: str) -> tuple[str, ...]:
    """Return those of `CUTS` that stand just before and just after the row's range.

    A release that has no words for what the row's spec asks is left out: it cannot be asked.
    """
    first, last = (
        CUTS.index(version) for version in (inside(identifier)[0], inside(identifier)[-1])
    )
    beside = (*CUTS[max(first - 1, 0) : first], *CUTS[last + 1 : last + 2])
    return tuple(version for version in beside if _askable(identifier, version))


def _askable(identifier: str, version: str) -> bool:
    try:
        _request(identifier, version, without=False)
    except NotAskableError:
        return False
    return True


@cache
def asked(
    identifier: str, version: str, engine: Judge, *, without: bool = False
) -> tuple[PoolView, Verdict]:
    """Return the row's pool of its spec, and what the engine made of its leader's command line."""
    request = _request(identifier, version, without=without)
    return request.view, engine.judge(request.request)


def _request(identifier: str, version: str, *, without: bool) -> RankRequest:
    """Return the leader's command line of the row's pool. Raises NotAskableError."""
    found = ClusterSpec.model_validate(spec(identifier, version, without=without))
    view = next(v for v in pool_views(found) if v.pool.name == FRAGMENTS[identifier]["pool"])
    folder = Path(__file__).parent
    return requests(view, gather(found, folder), folder)[0]


def predicted(identifier: str, view: PoolView) -> dict[str, object]:
    """Return what the row alone predicts for the pool: nothing where it does not hold."""
    return {r.argument: r.resolved for r in predict(view) if r.behaviour == identifier}


def others(identifier: str, view: PoolView) -> dict[str, object]:
    """Return what other rows predict for the arguments that the row speaks of."""
    spoken = ROWS[identifier]["resolves"]
    return {
        r.argument: r.resolved
        for r in predict(view)
        if r.behaviour != identifier and r.argument in spoken
    }


def came(identifier: str, verdict: Verdict) -> dict[str, object]:
    """Return what the engine replaced of the arguments that the row speaks of."""
    spoken = ROWS[identifier]["resolves"]
    return {name: got for name, _, got in rewrites(verdict) if name in spoken}
