"""Asks the engine about every pool of a spec and compares its answers with what the plan predicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.diagnostics.model import FieldPath
from orchestrator.engine.behaviours import predict
from orchestrator.engine.check.pipeline import Verdict
from orchestrator.facts.model import Facts, Known
from orchestrator.oracle.cause import Judge, causes
from orchestrator.oracle.compare import resolved, rewrites, written
from orchestrator.oracle.loading import loading
from orchestrator.oracle.report import Difference, EngineReport, PoolReport
from orchestrator.oracle.requests import NotAskableError, requests
from orchestrator.pools import PoolView, pool_views
from orchestrator.spec.cluster import ClusterSpec


def ask(spec: ClusterSpec, facts: Facts, folder: Path, engine: Judge, where: str) -> EngineReport:
    """Return the engine's word on every pool, whether our rules pass it or not."""
    return EngineReport(
        sglang=spec.engine.sglang,
        where=where,
        assumed=tuple(_assumed(spec, facts)),
        pools=tuple(ask_pool(view, facts, folder, engine) for view in pool_views(spec)),
    )


def ask_pool(view: PoolView, facts: Facts, folder: Path, engine: Judge) -> PoolReport:
    """Return the engine's word on one pool: on the first node rank that it does not accept."""
    try:
        asked = requests(view, facts, folder)
    except NotAskableError as reason:
        return _report(view, facts, Verdict("unknown", str(reason)))
    answers = [(one, engine.judge(one.request)) for one in asked]
    first, verdict = next((a for a in answers if a[1].verdict != "accepted"), answers[0])
    found = causes(first, verdict, engine) if verdict.verdict == "refused" else ()
    return _report(view, facts, verdict, ranks=len(asked), rank=first.rank, found=found)


def _report(
    view: PoolView,
    facts: Facts,
    verdict: Verdict,
    *,
    ranks: int = 0,
    rank: int = 0,
    found: tuple[FieldPath, ...] = (),
) -> PoolReport:
    accepted = verdict.verdict == "accepted"
    return PoolReport(
        pool=view.pool.name,
        path=view.path,
        ranks=ranks,
        rank=rank,
        verdict=verdict.verdict,
        error=verdict.error,
        stage=verdict.stage,
        causes=found,
        differences=tuple(_differences(view, verdict)) if accepted else (),
        filled=_filled(verdict) if accepted else {},
        loading=loading(view, facts, verdict) if accepted else None,
    )


def _differences(view: PoolView, verdict: Verdict) -> Iterator[Difference]:
    """Yield what resolves differently, and what was predicted and does not come."""
    predicted = {rewrite.argument: rewrite for rewrite in predict(view)}
    for argument, rewrite in predicted.items():
        asked, got = written(verdict, argument), resolved(verdict, argument)
        came = got == rewrite.resolved
        yield Difference(argument, asked, got, rewrite.behaviour, rewrite.says, came=came)
    for argument, asked, got in rewrites(verdict):
        if argument not in predicted:
            yield Difference(argument, asked, got, None, "")


def _filled(verdict: Verdict) -> dict[str, Any]:
    return {
        name: got
        for name, got in verdict.resolved.items()
        if got is not None and verdict.requested.get(name, got) is None
    }


def _assumed(spec: ClusterSpec, facts: Facts) -> Iterator[str]:
    if isinstance(facts.gpu, Known):
        gpu = facts.gpu.value
        yield f"GPUs are {gpu.device_name} with {gpu.memory_mib} MiB"
    yield f"{spec.model.path} has the config.json of {spec.model.config or spec.model.variant}"
    if spec.hardware.nics:
        yield "nodes have the RDMA devices that hardware.nics names"
