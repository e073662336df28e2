"""`deploy release`: the chart of a spec as a helm release, driven with timeouts that fit the model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli import releasing
from orchestrator.cli.chart import add_version
from orchestrator.cli.checking import add_spec, examine, planned, refuse
from orchestrator.cli.live import add_cluster
from orchestrator.cli.package import add_helm
from orchestrator.cli.rollout import add_wait
from orchestrator.cli.terminal import UserError, complain
from orchestrator.diagnostics.report import FINDINGS

if TYPE_CHECKING:
    from orchestrator.release.releases import Release

NAME = "release"
HELP = "install, upgrade or roll back the chart with helm"
DESCRIPTION = (
    "Drive helm with the chart of a spec that validates, and with timeouts computed from the plan: "
    "helm's own default of five minutes is none for these models. Charts that `deploy chart` did not "
    "write are left alone."
)


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
        return ACTIONS[options.action][1](options, releasing.Asked(examined, plan), release)
    except NoClusterError as error:
        raise UserError(str(error)) from None
    except HelmError as error:
        complain(str(error))
        return FINDINGS


ACTIONS: dict[str, tuple[str, Callable[[argparse.Namespace, releasing.Asked, Release], int]]] = {
    "install": ("install the chart as a new release", releasing.install),
    "upgrade": ("upgrade the release to the spec as it is now", releasing.upgrade),
    "rollback": ("return to an earlier revision", releasing.rollback),
    "history": ("list the revisions, and the spec of each", releasing.history),
    "status": ("say what is installed, and whether it is this spec", releasing.status),
}
