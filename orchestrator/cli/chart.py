"""`deploy chart`: the spec as a Helm chart, whose defaults are what `deploy render` writes."""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import __version__
from orchestrator.cli.checking import add_spec, examine, planned, refuse
from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.diagnostics.report import Report

NAME = "chart"
HELP = "write a Helm chart"
DESCRIPTION = (
    "Write a Helm chart of a spec. What operators may change is a value; everything that the rules "
    "have checked is final. With its defaults helm sends what `deploy render` writes. A spec with "
    "errors writes nothing."
)
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)
"""Semantic versioning 2.0.0, near enough: helm refuses what it does not like of the rest."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        required=True,
        help="the chart's folder; an earlier chart of ours there is replaced",
    )
    add_version(parser)


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add the chart's own version."""
    parser.add_argument(
        "--version",
        dest="chart_version",
        metavar="X.Y.Z",
        type=_version,
        help=f"the chart's own version, a semantic one (default: {__version__}, deploy's)",
    )


def _version(text: str) -> str:
    if _SEMVER.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no semantic version; write e.g. 1.4.0")


def run(options: argparse.Namespace) -> int:
    """Write the chart; 1 and nothing written where the spec has errors."""
    from orchestrator.chart.files import BY
    from orchestrator.diagnostics.report import CLEAN, Report
    from orchestrator.output.place import place
    from orchestrator.output.values import OutputError

    files = charted(options.spec, options.chart_version)
    if isinstance(files, Report):
        return refuse(files, "written")
    try:
        place(files, options.output, BY)
    except OutputError as error:
        raise UserError(str(error)) from None
    sys.stderr.write(f"a chart of {len(files)} files in {options.output}\n")
    return CLEAN


def charted(path: Path, version: str | None) -> Mapping[str, str] | Report:
    """Return the files of the chart of a spec, or the report of why there is none."""
    from orchestrator.chart.files import Identity, chart_files
    from orchestrator.diagnostics.report import Report

    examined = examine(path)
    plan = planned(examined)
    if isinstance(plan, Report):
        return plan
    digest = hashlib.sha256(examined.loaded.text.encode()).hexdigest()
    return chart_files(plan, Identity(version or __version__, digest))
