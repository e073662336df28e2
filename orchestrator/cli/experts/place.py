"""`deploy experts place`: a placement map, where one beats what the pools compute by themselves."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.experts import files
from orchestrator.cli.terminal import UserError
from orchestrator.cli.writing import write_whole
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.balance.search import Contest
    from orchestrator.pools import PoolView

NAME = "place"
HELP = "write a placement map, if it beats the engine's own"
DESCRIPTION = (
    "Search for a placement that is more even than what each pool of the spec would compute from the "
    "counts. It is written when, and only when, it wins by the margin for every pool, for they share "
    "the file; else the numbers are told, nothing is written, and the exit code is 1. Balance is the "
    "mean over the layers of the ranks' mean load over the largest, with replicas sharing alike."
)
MARGIN = 0.01


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the counts, the spec, and where the map goes."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a .pt or .json file with counts")
    parser.add_argument(
        "--spec", metavar="SPEC", type=Path, required=True, help="the pools that share the map"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=Path, required=True, help="the map, a .json file"
    )
    parser.add_argument(
        "--margin",
        metavar="GAIN",
        type=_margin,
        default=MARGIN,
        help="what every pool's balance must gain (default: 0.01)",
    )


def _margin(word: str) -> float:
    try:
        margin = float(word)
    except ValueError:
        margin = 0
    if 0 < margin < 1:
        return margin
    raise argparse.ArgumentTypeError(f"{word!r} is no gain between 0 and 1, e.g. 0.01")


def run(options: argparse.Namespace) -> int:
    """Write the map, or say by what it does not win; 1 where it does not."""
    from orchestrator.balance.search import contested, searched
    from orchestrator.cli.experts.subject import require_fit, subject

    if options.output.suffix != ".json":
        raise UserError(f"{options.output}: a map is written as .json")
    if options.output.resolve() == options.file.resolve():
        raise UserError(f"{options.output} holds the counts; write the map beside them")
    file = files.read(options.file)
    counts = files.counts(file)
    spec = subject(options.spec)
    require_fit(spec, file, counts)
    pools = spec.pools
    redundant = _shared(pools, len(counts[0]))
    if redundant is None:
        numbers = ", ".join(f"{view.pool.name} {view.redundant}" for view in pools)
        sys.stdout.write(f"not written: a map has one number of redundant experts; {numbers}\n")
        return FINDINGS
    found = searched(counts, redundant, {view.ep for view in pools})
    gains = {view.pool.name: contested(found, counts, view.ep) for view in pools}
    lost = [name for name, contest in gains.items() if contest.gain < options.margin]
    sys.stdout.write("".join(_table(pools, gains)))
    if lost:
        sys.stdout.write(f"not written: {options.margin:g} is not gained by {', '.join(lost)}\n")
        return FINDINGS
    text = json.dumps({"physical_to_logical_map": found}, separators=(",", ":"))
    write_whole(options.output, f"{text}\n")
    sys.stdout.write(
        f"written: {options.output}, for {redundant} redundant experts in every pool, no other number\n"
    )
    return CLEAN


def _shared(pools: Sequence[PoolView], routed: int) -> int | None:
    """Return the redundant experts that all pools have, None where they differ.

    Raises `UserError` where a pool's slots do not divide, or it would not place as `deepseek` does.
    """
    for view in pools:
        layout = view.experts(routed)
        if layout.remainder:
            raise UserError(
                f"pool {view.pool.name}: {layout.physical} slots do not divide over EP {layout.ranks}; "
                "see `deploy validate`"
            )
        if view.algorithm not in {"auto", "deepseek"}:
            raise UserError(
                f"pool {view.pool.name} places with `{view.algorithm}`; what it would compute is known "
                "for `deepseek` alone"
            )
    numbers = {view.redundant for view in pools}
    return numbers.pop() if len(numbers) == 1 else None


def _table(pools: Sequence[PoolView], gains: Mapping[str, Contest]) -> Iterator[str]:
    width = max(4, *map(len, gains))
    yield f"{'pool':<{width}}   EP   from the counts   with the map      gain\n"
    for view in pools:
        contest = gains[view.pool.name]
        yield (
            f"{view.pool.name:<{width}} {view.ep:>4}   {contest.own:>15.4f}   {contest.mapped:>12.4f}"
            f"   {contest.gain:>+7.4f}\n"
        )
