"""`deploy apply`: brings the cluster to what a spec says, and records it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from orchestrator.cli.checking import add_spec, refuse
from orchestrator.cli.live import can_ask, on_cluster
from orchestrator.cli.rollout import add_rollout, roll_out

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

NAME = "apply"
HELP = "bring the cluster to what a spec says"
DESCRIPTION = (
    "Validate the spec, show what would change, ask, and apply it on the server; objects of earlier "
    "revisions that the spec no longer has are deleted, claims never. Each apply is recorded in a "
    "ConfigMap NAME-revision-N before its first object (the last 10 are kept), so an apply that "
    "stopped anywhere is finished by running it again. The namespace must exist."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    add_rollout(parser)


def run(options: argparse.Namespace) -> int:
    """Apply; 1 where the spec has errors, the cluster refuses, or it is not ready in time."""
    from orchestrator.cli.desired import desired
    from orchestrator.diagnostics.report import Report

    can_ask(options, NAME)
    wanted = desired(options.spec)
    if isinstance(wanted, Report):
        return refuse(wanted, "applied")

    def applied(api: Api) -> int:
        from orchestrator.cluster.revisions import recorded

        revision = wanted.revision
        earlier = recorded(api, revision.name, revision.namespace)
        return roll_out(api, options, revision, earlier, wanted.file)

    return on_cluster(options, applied)
