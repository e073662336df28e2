"""The actions of `deploy release`: what each has helm do, and what the user hears of it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.chart import digest, write_chart
from orchestrator.cli.live import on_cluster
from orchestrator.cli.rollout import waited
from orchestrator.cli.terminal import style
from orchestrator.diagnostics.report import CLEAN

if TYPE_CHECKING:
    from orchestrator.cli.checking import Examined
    from orchestrator.cluster.api import Api
    from orchestrator.plan.model import ClusterPlan
    from orchestrator.release.releases import Release


@dataclass(frozen=True, slots=True)
class Asked:
    """The spec as read, and its plan."""

    examined: Examined
    plan: ClusterPlan


def install(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    """Install the chart as a new release. Raises HelmError."""
    from orchestrator.chart.durations import install_seconds
    from orchestrator.release import releases

    seconds = options.timeout or install_seconds(asked.plan)
    with tempfile.TemporaryDirectory() as scratch:
        releases.install(release, _chart(options, asked, scratch), options.values, seconds)
    _say(
        f"installed release {release.name} in namespace {release.namespace}: {asked.plan.gpus} GPUs"
    )
    return _settled(options, asked, seconds)


def upgrade(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    """Upgrade the release to the spec as it is now, and say which values stayed. Raises HelmError."""
    from orchestrator.chart.durations import upgrade_seconds
    from orchestrator.release import releases

    seconds = options.timeout or upgrade_seconds(asked.plan)
    with tempfile.TemporaryDirectory() as scratch:
        releases.upgrade(release, _chart(options, asked, scratch), options.values, seconds)
    kept = releases.set_by_operators(release)
    _say(f"upgraded release {release.name} in namespace {release.namespace}")
    if kept and not options.values:
        _say(f"values kept from before: {', '.join(_names(kept))}")
    return _settled(options, asked, seconds)


def rollback(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    """Return to an earlier revision. Raises HelmError."""
    from orchestrator.chart.durations import upgrade_seconds
    from orchestrator.release import releases

    seconds = options.timeout or upgrade_seconds(asked.plan)
    revision = releases.rollback(release, options.to, seconds)
    _say(
        f"rolled release {release.name} back to revision {revision.number}: SGLang "
        f"{revision.sglang}, spec {(revision.spec_sha256 or '')[:12]}"
    )
    return _settled(options, asked, seconds)


def _settled(options: argparse.Namespace, asked: Asked, seconds: int) -> int:
    """Wait where that is asked for; helm itself takes a LeaderWorkerSet for ready at once."""
    if options.wait:
        plan = asked.plan
        return on_cluster(options, lambda api: waited(api, plan.name, plan.namespace, seconds))
    _say(f"ready within {seconds // 60 + 1} minutes: deploy release status {options.spec}")
    return CLEAN


def history(_: argparse.Namespace, __: Asked, release: Release) -> int:
    """List the revisions with the spec of each. Raises HelmError."""
    from orchestrator.release import releases

    rows = [("revision", "updated", "status", "SGLang", "spec", "description")]
    rows += [
        (
            str(one.number),
            one.updated.partition(".")[0],
            one.status,
            one.sglang,
            (one.spec_sha256 or "not ours")[:12],
            one.description,
        )
        for one in releases.history(release)
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    return CLEAN


def status(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    """Say what is installed and whether it is this spec, then how its groups stand. Raises HelmError."""
    from orchestrator.release import releases

    revision = releases.latest(release)
    same = revision.spec_sha256 == digest(asked.examined)
    sys.stdout.write(
        f"release {release.name}, revision {revision.number}: {revision.status}, "
        f"SGLang {revision.sglang}, from {'this spec' if same else 'another spec than this file'}\n"
    )
    for name in _names(releases.set_by_operators(release)):
        sys.stdout.write(f"  set by operators: {name}\n")

    def shown(api: Api) -> int:
        from orchestrator.cluster.status import as_text, status

        now = status(api, asked.plan.name, asked.plan.namespace)
        sys.stdout.write(as_text(now, style(sys.stdout)))
        return CLEAN

    sys.stdout.flush()
    return on_cluster(options, shown)


def _names(values: dict[str, object], above: str = "") -> list[str]:
    return [
        name
        for key, value in values.items()
        for name in (
            _names(value, f"{above}{key}.") if isinstance(value, dict) else [f"{above}{key}"]
        )
    ]


def _chart(options: argparse.Namespace, asked: Asked, scratch: str) -> Path:
    folder = Path(scratch) / "chart"
    write_chart(asked.examined, asked.plan, options.chart_version, folder)
    return folder


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
