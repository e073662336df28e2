"""`deploy diff`: what applying a spec would change in the cluster, and what that means."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from orchestrator.cli.checking import add_spec, refuse
from orchestrator.cli.live import add_cluster, on_cluster
from orchestrator.cli.rollout import compared
from orchestrator.cli.terminal import complain
from orchestrator.diagnostics.report import CLEAN, FINDINGS, UNUSABLE

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

NAME = "diff"
HELP = "show what applying a spec would change in the cluster"
DESCRIPTION = (
    "Ask the API server what applying the spec would change (a dry run: nothing is written), and say "
    "what it means: which groups restart and why, how many GPUs come and go, which fields differ. "
    "Exit codes as kubectl's: 0 nothing would change, 1 something would, 2 it could not be told."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    add_cluster(parser)


def run(options: argparse.Namespace) -> int:
    """Print the difference; 1 where there is one."""
    from orchestrator.cli.desired import desired
    from orchestrator.diagnostics.report import Report

    wanted = desired(options.spec)
    if isinstance(wanted, Report):
        refuse(wanted, "compared")
        return UNUSABLE

    def told(api: Api) -> int:
        from orchestrator.cluster.difftext import refusals
        from orchestrator.cluster.revisions import recorded

        revision = wanted.revision
        earlier = recorded(api, revision.name, revision.namespace)
        diff = compared(api, revision, earlier, wanted.file)
        for reason in refusals(diff, take_over=False):
            complain(reason)
        return FINDINGS if diff.changing else CLEAN

    return on_cluster(options, told, UNUSABLE)
