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
    from orchestrator.cli.checking import Examined
    from orchestrator.plan.model import ClusterPlan

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
    from orchestrator.diagnostics.report import CLEAN, Report

    examined = examine(options.spec)
    plan = planned(examined)
    if isinstance(plan, Report):
        return refuse(plan, "written")
    number = write_chart(examined, plan, options.chart_version, options.output)
    sys.stderr.write(f"a chart of {number} files in {options.output}\n")
    return CLEAN


def write_chart(examined: Examined, plan: ClusterPlan, version: str | None, folder: Path) -> int:
    """Make a folder the chart of a plan, and return how many files it has; raises `UserError`."""
    from orchestrator.chart.files import BY
    from orchestrator.output.place import place
    from orchestrator.output.values import OutputError

    files = charted(examined, plan, version)
    try:
        place(files, folder, BY)
    except OutputError as error:
        raise UserError(str(error)) from None
    return len(files)


def charted(examined: Examined, plan: ClusterPlan, version: str | None) -> Mapping[str, str]:
    """Return the files of the chart of a plan, under deploy's own version where none is named."""
    from orchestrator.chart.files import Identity, chart_files

    return chart_files(plan, Identity(version or __version__, digest(examined)))


def digest(examined: Examined) -> str:
    """Return the SHA-256 of a spec's text."""
    return hashlib.sha256(examined.loaded.text.encode()).hexdigest()
