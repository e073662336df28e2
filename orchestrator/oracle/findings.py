"""The engine's word as findings at the user's fields, beside those of the rules."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.diagnostics.model import (
    Diagnostic,
    Fix,
    Impact,
    Related,
    Severity,
    Stage,
    spell,
)
from orchestrator.oracle.report import EngineReport, PoolReport


def findings(report: EngineReport) -> Iterator[Diagnostic]:
    """Yield a finding for every refusal, gap and surprise; nothing for what the plan says already."""
    if report.held and not _same(report.held, report.sglang):
        yield _other_release(report.held, report.sglang)
    for pool in report.pools:
        if pool.verdict == "refused":
            yield _refused(pool, report)
        elif pool.verdict == "unknown":
            yield _unknown(pool, report)
        if pool.surprises:
            yield _surprised(pool, report)
        if pool.loading and pool.loading.placed_alike is False:
            yield _placed_otherwise(pool, report)
        if pool.loading and pool.loading.waterfill is False:
            yield _without_waterfill(pool, report)


def _same(one: str, other: str) -> bool:
    """Return whether two versions are one release; a local part (`+cu129`) names a build of it."""
    return one.partition("+")[0] == other.partition("+")[0]


def _other_release(held: str, named: str) -> Diagnostic:
    return Diagnostic(
        "ENG824",
        "image-holds-another-release",
        Severity.WARNING,
        f"the image holds SGLang {held}, not the {named} that engine.sglang names",
        ("engine", "image"),
        impact=Impact.SILENTLY_WRONG,
        because=f"rules, plan and command lines are made for {named}",
        related=(Related(("engine", "sglang"), "names another"),),
        fix=Fix(f"name an image of {named}, or set engine.sglang to {held}"),
    )


def _refused(pool: PoolReport, report: EngineReport) -> Diagnostic:
    place, *others = pool.causes or (pool.path,)
    rank = f", node rank {pool.rank}" if pool.rank else ""
    advice = (
        f"change {' or '.join(spell(path) for path in pool.causes[:3])}"
        if pool.causes
        else "read the engine's message; no single field makes it go away"
    )
    return Diagnostic(
        "ENG821",
        "refused-by-engine",
        Severity.ERROR,
        f"pool {pool.pool}{rank}: SGLang {report.answering} refuses to start: {pool.error}",
        place,
        impact=Impact.REFUSES_TO_START,
        because="said by the engine itself, asked without a GPU",
        related=tuple(Related(path, "has a part in it") for path in others[:3]),
        fix=Fix(advice),
        on_key="extra_args" in place or "env" in place,
        refused_at=Stage(pool.stage),
    )


def _surprised(pool: PoolReport, report: EngineReport) -> Diagnostic:
    count = len(pool.surprises)
    noun = "argument" if count == 1 else "arguments"
    return Diagnostic(
        "ENG822",
        "unpredicted-rewrite",
        Severity.WARNING,
        f"pool {pool.pool}: SGLang {report.answering} resolves {count} {noun} to what the plan does not say",
        pool.path,
        impact=Impact.SILENTLY_WRONG,
        because="rules and memory were computed with other values",
        details=tuple(
            f"{one.argument}: {one.asked} becomes {one.resolved}" for one in pool.surprises
        ),
        fix=Fix("check that you can live with it, and report it: the plan should have said so"),
    )


def _unknown(pool: PoolReport, report: EngineReport) -> Diagnostic:
    return Diagnostic(
        "ENG823",
        "engine-check-incomplete",
        Severity.WARNING,
        f"pool {pool.pool}: what SGLang {report.answering} makes of it is unknown: {pool.error}",
        pool.path,
        impact=Impact.OPERATIONAL_RISK,
        because="the check lacks something that only a pod has; it is no refusal",
        fix=Fix(
            "read what is missing in the message; nothing else was asked in its place"
            if report.in_cluster
            else "run `deploy validate SPEC --engine=cluster`, where the engine's image has it"
        ),
    )


def _placed_otherwise(pool: PoolReport, report: EngineReport) -> Diagnostic:
    return Diagnostic(
        "ENG825",
        "experts-placed-otherwise",
        Severity.WARNING,
        f"pool {pool.pool}: SGLang {report.sglang} places the experts otherwise than computed here",
        pool.path,
        impact=Impact.SILENTLY_SLOW,
        because="what is said here about balance holds for another placement",
        fix=Fix("report it with the file's digest; the engine's placement is the one that runs"),
    )


def _without_waterfill(pool: PoolReport, report: EngineReport) -> Diagnostic:
    return Diagnostic(
        "ENG826",
        "waterfill-without-effect",
        Severity.ERROR,
        f"pool {pool.pool}: SGLang {report.sglang} accepts Waterfill and does not run it for this model",
        pool.path,
        impact=Impact.SILENTLY_SLOW,
        because="shared experts stay apart, and nothing but a missing line in the log says so",
        fix=Fix("set waterfill to false, or take a checkpoint whose shared experts can be fused"),
    )
