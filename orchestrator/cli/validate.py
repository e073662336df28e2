"""`deploy validate`: everything that is wrong with a spec, at the lines where it is wrong."""

from __future__ import annotations

import argparse
import sys

from orchestrator.cli.checking import add_spec, check_file
from orchestrator.cli.terminal import style

NAME = "validate"
HELP = "say what is wrong with a spec, before any GPU is asked for"
DESCRIPTION = (
    "Check a spec against its engine version, model, hardware and expert-distribution file. "
    "Reads local files only."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    parser.add_argument(
        "--format",
        choices=("full", "concise", "json"),
        default="full",
        help="frames with source lines, one finding a line, or data (default: full)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the report; 1 where it holds errors."""
    from orchestrator.diagnostics import concise, full, json

    report = check_file(options.spec).report
    if options.format == "full":
        text = full.render(report, style(sys.stdout))
    else:
        text = {"concise": concise, "json": json}[options.format].render(report)
    sys.stdout.write(text)
    return report.exit_code
