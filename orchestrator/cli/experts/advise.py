"""`deploy experts advise`: the fewest redundant experts that make the load even enough."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.experts import files
from orchestrator.cli.experts.numbers import whole
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.cli.experts.advice_data import Told

NAME = "advise"
HELP = "the fewest redundant experts that balance the ranks"
DESCRIPTION = (
    "Compute the balance that SGLang's own placement reaches for every number of redundant experts "
    "up to 128, and choose for each pool of a spec the fewest that reach the target and fit its GPU. "
    "The edit of the spec is shown, and made with --write. Exit code 1 where a pool cannot reach the "
    "target, or where the edited spec would be refused."
)
RANKS = (8, 16, 32, 64)
TARGET = 0.95


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the file, the spec and what is aimed at."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a .pt or .json file with counts")
    parser.add_argument(
        "--spec", metavar="SPEC", type=Path, help="advise its pools, within their GPUs' memory"
    )
    parser.add_argument(
        "--target",
        metavar="BALANCE",
        type=_share,
        default=TARGET,
        help="mean over the layers of the ranks' mean load over the largest (default: 0.95)",
    )
    parser.add_argument(
        "--ep",
        metavar="N",
        type=whole(1, 1024, "; FILE goes before --ep"),
        nargs="+",
        default=RANKS,
        help="expert-parallel ranks to show beside those of the pools (default: 8 16 32 64)",
    )
    parser.add_argument("--write", action="store_true", help="make the edit in SPEC")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = 0
    if 0 < share <= 1:
        return share
    raise argparse.ArgumentTypeError(f"{word!r} is no share above 0 and up to 1, e.g. 0.95")


def run(options: argparse.Namespace) -> int:
    """Print the advice; 1 where a target cannot be reached or the edited spec would be refused."""
    if options.write and not options.spec:
        raise UserError("--write edits a spec; add --spec SPEC")
    from orchestrator.cli.experts.advice_data import as_data
    from orchestrator.cli.experts.advice_text import as_text
    from orchestrator.diagnostics import json

    told = _told(options)
    data = options.format == "json"
    sys.stdout.write(json.spelled(as_data(told)) if data else as_text(told))
    if options.write and told.edit and told.edit.edits and not told.refused:
        told.edit.write()
        sys.stderr.write(f"{options.spec}: written\n")
    return FINDINGS if told.refused or any(one.chosen is None for one in told.advice) else CLEAN


def _told(options: argparse.Namespace) -> Told:
    from orchestrator.balance.advise import MOST_REDUNDANT, Demand, advise, balances
    from orchestrator.balance.sweep import valid_cells
    from orchestrator.cli.experts.advice_data import Told
    from orchestrator.cli.experts.redundancy import demands, edits, notes
    from orchestrator.cli.experts.subject import require_fit, subject
    from orchestrator.cli.spec_text import edited

    file = files.read(options.file)
    counts = files.counts(file)
    numbers = set(range(MOST_REDUNDANT + 1))
    spec = subject(options.spec) if options.spec else None
    if spec:
        require_fit(spec, file, counts)
        numbers |= {view.redundant for view in spec.pools}
        asked = demands(spec, sorted(numbers))
    else:
        asked = [Demand((), ranks) for ranks in sorted(set(options.ep))]
    ranks = {demand.ranks for demand in asked} | set(options.ep)
    found = balances(counts, valid_cells(len(counts[0]), sorted(numbers), sorted(ranks)))
    advice = [advise(demand, found, options.target) for demand in asked]
    told = Told(file, counts, options.target, found, advice)
    if spec is None:
        return told
    chosen = [(one.demand.pools, one.chosen) for one in advice if one.chosen is not None]
    wanted = {name: number for names, number in chosen for name in names}
    edit = edited(options.spec, edits(spec.pools, wanted))
    report = edit.judged().outcome.report
    return replace(told, edit=edit, report=report, notes=notes(spec, file))
