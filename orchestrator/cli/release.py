"""`deploy release`: the chart of a spec as a helm release, driven with timeouts that fit the model."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.chart import add_version, digest, write_chart
from orchestrator.cli.checking import add_spec, examine, planned, refuse
from orchestrator.cli.live import add_cluster, on_cluster
from orchestrator.cli.package import add_helm
from orchestrator.cli.rollout import add_wait, waited
from orchestrator.cli.terminal import UserError, complain, style
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.cli.checking import Examined
    from orchestrator.cluster.api import Api
    from orchestrator.plan.model import ClusterPlan
    from orchestrator.release.releases import Release

NAME = "release"
HELP = "install, upgrade or roll back the chart with helm"
DESCRIPTION = (
    "Drive helm with the chart of a spec that validates, and with timeouts computed from the plan: "
    "helm's own default of five minutes is none for these models. Charts that `deploy chart` did not "
    "write are left alone."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The spec as read, and its plan."""

    examined: Examined
    plan: ClusterPlan


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    for name, (text, _) in ACTIONS.items():
        action = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
        add_spec(action)
        action.add_argument("--release", metavar="NAME", help="its name (default: the spec's)")
        if name in ("install", "upgrade"):
            action.add_argument(
                "-f",
                "--values",
                metavar="FILE",
                type=Path,
                action="append",
                default=[],
                help="values of the chart; an upgrade without any keeps those set before",
            )
            add_version(action)
        if name == "rollback":
            action.add_argument(
                "--to", type=int, metavar="N", help="the revision (default: the one before)"
            )
        if name in ("install", "upgrade", "rollback"):
            add_wait(action)
        add_helm(action)
        add_cluster(action)


def run(options: argparse.Namespace) -> int:
    """Do what is asked; 1 where the spec has errors or helm refused."""
    from orchestrator.diagnostics.report import Report
    from orchestrator.release.helm import HelmError, NoClusterError, find
    from orchestrator.release.releases import Release

    examined = examine(options.spec)
    plan = planned(examined)
    if isinstance(plan, Report):
        return refuse(plan, f"sent to helm ({options.action})")
    try:
        helm = find(options.helm)
    except HelmError as error:
        raise UserError(str(error)) from None
    connection = [
        word
        for option, value in (
            ("--kubeconfig", options.kubeconfig),
            ("--kube-context", options.context),
        )
        if value
        for word in (option, str(value))
    ]
    release = Release(helm, options.release or plan.name, plan.namespace, tuple(connection))
    try:
        return ACTIONS[options.action][1](options, Asked(examined, plan), release)
    except NoClusterError as error:
        raise UserError(str(error)) from None
    except HelmError as error:
        complain(str(error))
        return FINDINGS


def _install(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    from orchestrator.chart.durations import install_seconds
    from orchestrator.release.releases import install

    seconds = options.timeout or install_seconds(asked.plan)
    with tempfile.TemporaryDirectory() as scratch:
        install(release, _chart(options, asked, scratch), options.values, seconds)
    _say(
        f"installed release {release.name} in namespace {release.namespace}: {asked.plan.gpus} GPUs"
    )
    return _settled(options, asked, seconds)


def _upgrade(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    from orchestrator.chart.durations import upgrade_seconds
    from orchestrator.release.releases import set_by_operators, upgrade

    seconds = options.timeout or upgrade_seconds(asked.plan)
    with tempfile.TemporaryDirectory() as scratch:
        upgrade(release, _chart(options, asked, scratch), options.values, seconds)
    kept = set_by_operators(release)
    _say(f"upgraded release {release.name} in namespace {release.namespace}")
    if kept and not options.values:
        _say(f"values kept from before: {', '.join(_names(kept))}")
    return _settled(options, asked, seconds)


def _rollback(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    from orchestrator.chart.durations import upgrade_seconds
    from orchestrator.release.releases import rollback

    seconds = options.timeout or upgrade_seconds(asked.plan)
    revision = rollback(release, options.to, seconds)
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


def _history(_: argparse.Namespace, __: Asked, release: Release) -> int:
    from orchestrator.release.releases import history

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
        for one in history(release)
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    return CLEAN


def _status(options: argparse.Namespace, asked: Asked, release: Release) -> int:
    from orchestrator.release.releases import latest, set_by_operators

    revision = latest(release)
    same = revision.spec_sha256 == digest(asked.examined)
    sys.stdout.write(
        f"release {release.name}, revision {revision.number}: {revision.status}, "
        f"SGLang {revision.sglang}, from {'this spec' if same else 'another spec than this file'}\n"
    )
    for name in _names(set_by_operators(release)):
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


ACTIONS: dict[str, tuple[str, Callable[[argparse.Namespace, Asked, Release], int]]] = {
    "install": ("install the chart as a new release", _install),
    "upgrade": ("upgrade the release to the spec as it is now", _upgrade),
    "rollback": ("return to an earlier revision", _rollback),
    "history": ("list the revisions, and the spec of each", _history),
    "status": ("say what is installed, and whether it is this spec", _status),
}
