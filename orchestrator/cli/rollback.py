"""`deploy rollback`: applies a recorded revision again, with its image, command lines and expert file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from orchestrator.cli.live import add_deployment, can_ask, deployment, on_cluster
from orchestrator.cli.rollout import add_rollout, roll_out

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

NAME = "rollback"
HELP = "apply an earlier revision again"
DESCRIPTION = (
    "Apply the objects of a recorded revision again, the path and the digest of its expert file "
    "included, and record that as a new revision. Without --to it is the newest one that was applied "
    "and differs from the current one. The spec file is not changed: mend it before the next apply."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_deployment(parser)
    parser.add_argument("--to", type=int, metavar="N", help="the revision to return to")
    add_rollout(parser)


def run(options: argparse.Namespace) -> int:
    """Roll back; 1 where there is no such revision, the cluster refuses, or it is not ready in time."""
    can_ask(options, NAME)

    def rolled_back(api: Api) -> int:
        from orchestrator.cluster.revisions import earlier_one, recorded

        name, namespace = deployment(options, api)
        revisions = recorded(api, name, namespace)
        return roll_out(api, options, earlier_one(revisions, options.to, name), revisions)

    return on_cluster(options, rolled_back)
