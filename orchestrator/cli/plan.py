"""`deploy plan`: what exactly will run, pool by pool."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

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
    parser.add_argument(
        "--since",
        type=Path,
        metavar="OLD",
        help="instead: which pools would restart and why, were OLD running; `deploy diff` asks the "
        "cluster what runs",
    )


def run(options: argparse.Namespace) -> int:
    """Print the plan; 1 where a spec has errors."""
    if options.since:
        return _since(options)
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


def _since(options: argparse.Namespace) -> int:
    from orchestrator.cli.desired import desired
    from orchestrator.cluster.diff import between
    from orchestrator.cluster.difftext import as_text
    from orchestrator.cluster.meaning import as_data, meaning
    from orchestrator.diagnostics import json
    from orchestrator.diagnostics.report import CLEAN, Report

    if options.node_rank is not None:
        raise UserError("--node-rank shows one plan; --since compares two")
    old, new = desired(options.since), desired(options.spec)
    if isinstance(old, Report):
        return refuse(old, "compared")
    if isinstance(new, Report):
        return refuse(new, "compared")
    wanted = new.revision
    diff = between(wanted.name, wanted.namespace, old.revision.objects, wanted.objects)
    said = meaning(diff, new.file)
    if options.format == "json":
        sys.stdout.write(json.spelled({"version": 1, "since": str(options.since), **as_data(said)}))
    else:
        sys.stdout.write(as_text(diff, said, style(sys.stdout)))
    return CLEAN
