"""`deploy experts simulate`: what a file's traffic does to the ranks, and whether Waterfill pays."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.experts.files import counts, read
from orchestrator.cli.experts.pools import Asked, add_pools, pools
from orchestrator.cli.experts.simulated import Answer, data, text
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.report import CLEAN

if TYPE_CHECKING:
    from orchestrator.experts.expert_file import ExpertFile

NAME = "simulate"
HELP = "load of every rank with experts in order, EPLB and Waterfill"
DESCRIPTION = (
    "Say what the traffic of an expert file does to every rank and layer with experts in order, with "
    "EPLB's placement, and with Waterfill on top, and whether Waterfill pays in each pool. "
    "Replicas and shared experts go where the engine sends them; speed is a bound, with its range."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file, and the pools: of a spec or one by its numbers."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a .pt or .json file with counts")
    add_pools(parser)
    parser.add_argument(
        "--layers", action="store_true", help="print rows of every rank and layer too"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print what came of each pool. Raises `UserError`."""
    file = read(options.file)
    counts(file)
    answers = [_answer(file, pool) for pool in pools(options, file)]
    if options.format == "json":
        sys.stdout.write(json.dumps(data(file, answers), indent=2) + "\n")
    else:
        sys.stdout.write(text(answers, layers=options.layers))
    return CLEAN


def _answer(file: ExpertFile, asked: Asked) -> Answer:
    from orchestrator.balance.batches import Size, batches
    from orchestrator.balance.simulate import simulate
    from orchestrator.balance.verdict import verdict
    from orchestrator.experts.limits import ExpertFileError
    from orchestrator.experts.placement import Undivided
    from orchestrator.experts.steps import expert_steps

    if asked.ranks % asked.nodes:
        raise UserError(f"{asked.name}: {asked.ranks} ranks do not divide by {asked.nodes} nodes")
    totals = file.logical_totals()
    if asked.top_k > len(totals[0]):
        raise UserError(
            f"{file.path} has {len(totals[0])} experts, no token has {asked.top_k} of them"
        )
    size = Size(asked.ranks, asked.tokens, asked.top_k)
    try:
        found = batches(totals, (step for _, step in expert_steps(file.path)), size)
    except ExpertFileError as error:
        raise UserError(f"{file.path}: {error}") from None
    done = simulate(totals, found, size, asked.redundant, asked.nodes)
    if isinstance(done, Undivided):
        raise UserError(
            f"{asked.name}: {done.physical} experts with the redundant ones do not divide by "
            f"{done.ranks} ranks, {done.remainder} are left over: change the redundant experts"
        )
    return Answer(asked, done, verdict(done, asked.role))
