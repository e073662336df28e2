"""`deploy plan`: what exactly will run, pool by pool."""

from __future__ import annotations

import argparse
import sys

from orchestrator.cli.checking import add_spec, plan_file, refuse
from orchestrator.cli.terminal import UserError, style

NAME = "plan"
HELP = "show what will run on which rank"
DESCRIPTION = (
    "Show every pool's shape, memory, command line, environment and ports, what the engine will "
    "resolve differently from what was written, and the totals."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )
    parser.add_argument(
        "--node-rank",
        type=int,
        metavar="N",
        help="fill in what LeaderWorkerSet gives node N of each pool's first group",
    )


def run(options: argparse.Namespace) -> int:
    """Print the plan; 1 where the spec has errors."""
    from orchestrator.diagnostics.report import CLEAN, Report
    from orchestrator.plan.data import as_json
    from orchestrator.plan.text import as_text

    plan = plan_file(options.spec)
    if isinstance(plan, Report):
        return refuse(plan, "planned")
    rank = options.node_rank
    most = max(pool.nodes for pool in plan.pools)
    if rank is not None and not 0 <= rank < most:
        raise UserError(f"--node-rank {rank}: the largest group has nodes 0 to {most - 1}")
    if options.format == "json":
        sys.stdout.write(as_json(plan, rank))
    else:
        sys.stdout.write(as_text(plan, rank, style(sys.stdout)))
    return CLEAN
