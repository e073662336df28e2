"""`deploy experts inspect`: what expert files hold, what is wrong with them, and how they differ."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.experts.files import read
from orchestrator.cli.experts.setting import Setting, add_setting, setting
from orchestrator.cli.terminal import UserError, style
from orchestrator.diagnostics.report import CLEAN, FINDINGS

if TYPE_CHECKING:
    from orchestrator.cli.experts.inspection import Compared, Inspected

NAME = "inspect"
HELP = "what is in expert files, what is wrong with them, and how they differ"
DESCRIPTION = (
    "Say what is in expert files, in every form that the engine writes or accepts, which model they "
    "fit, and how evenly they load the ranks. Of several files it says how far they differ, and "
    "whether one can serve all pools. Exit code 1 where a spec with a file would be refused."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files, and what they are held against."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="a .pt or .json file")
    add_setting(parser)
    parser.add_argument("--layers", action="store_true", help="a table of the layers too")
    parser.add_argument(
        "--plot",
        metavar="OUT.png",
        type=Path,
        help="draw the load of each rank by layer, without the file and placed from it; one FILE",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )


def run(options: argparse.Namespace) -> int:
    """Print what was found; 1 where a file has a defect that refuses it."""
    from orchestrator.cli.experts.inspection import inspected, side_by_side

    against = setting(options)
    found = [inspected(read(path), against) for path in options.files]
    together = side_by_side(found, against)
    if options.plot:
        _plot(found, against, options.plot)
    if options.format == "json":
        from orchestrator.cli.experts.inspection_data import as_data
        from orchestrator.diagnostics.json import spelled

        sys.stdout.write(spelled(as_data(found, together)))
    else:
        for line in _text(found, together, against, layers=options.layers):
            sys.stdout.write(f"{line}\n")
        if options.plot:
            sys.stdout.write(f"drawn: {options.plot}\n")
    return FINDINGS if any(one.refused for one in found) else CLEAN


def _text(
    found: list[Inspected], together: Compared, against: Setting, *, layers: bool
) -> Iterator[str]:
    from orchestrator.cli.experts import comparison_text, inspection_text

    paint = style(sys.stdout)
    for one in found:
        yield from inspection_text.as_lines(one, against, paint, layers=layers)
    if len(found) > 1:
        yield from comparison_text.as_lines(together, against)


def _plot(found: list[Inspected], against: Setting, path: Path) -> None:
    from orchestrator.cli.experts.inspection_plot import draw

    if len(found) != 1:
        raise UserError(f"--plot draws one file, and {len(found)} are given")
    draw(found[0], against, path)
