"""`deploy validate`: everything that is wrong with a spec, at the lines where it is wrong."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from orchestrator.cli.checking import add_spec, examine
from orchestrator.cli.preflight import add_preflight, ask_cluster
from orchestrator.cli.terminal import UserError, complain, style

if TYPE_CHECKING:
    from orchestrator.diagnostics.report import Report
    from orchestrator.oracle.report import EngineReport

NAME = "validate"
HELP = "say what is wrong with a spec, before any GPU is asked for"
DESCRIPTION = (
    "Check a spec against its engine version, model, hardware and expert-distribution file. "
    "Reads local files only; with --engine the real SGLang judges every command line as well, with "
    "--cluster a live cluster is looked at, and nothing changed in it. "
    "--engine=cluster asks the one in the spec's own image: a Job without GPUs, run with your kubectl "
    "and deleted again. UNPROVEN: its script and its objects are tested, but no container runtime was "
    "at hand to run the Job itself."
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
    parser.add_argument(
        "--engine",
        nargs="?",
        const="local",
        metavar="WHERE",
        type=_where,
        help="ask the spec's own SGLang release too, without a GPU: `local`, the one installed here "
        "(`deploy engine install`), or `cluster`, the one in the engine's image (default: local)",
    )
    add_preflight(parser)


def _where(word: str) -> str:
    """Return where the engine is asked; a SPEC behind a bare `--engine` would be taken for it."""
    if word in ("local", "cluster"):
        return word
    raise argparse.ArgumentTypeError(
        f"{word!r} is neither local nor cluster; write SPEC first, or --engine=local"
    )


def run(options: argparse.Namespace) -> int:
    """Print the report; 1 where it holds errors."""
    examined = examine(options.spec)
    report, said = examined.outcome.report, None
    if options.engine:
        from orchestrator.cli.asking import ask_engine

        report, said = ask_engine(examined, options.engine)
        if said is None:
            complain("the engine was not asked: the spec's shape must be mended first")
    if options.cluster:
        report = ask_cluster(examined, report, options)
    elif options.probe:
        raise UserError("--probe asks a cluster; add --cluster")
    sys.stdout.write(_spelled(report, said, options.format))
    return report.exit_code


def _spelled(report: Report, said: EngineReport | None, form: str) -> str:
    from orchestrator.diagnostics import concise, full, json

    if said is None:
        if form == "full":
            return full.render(report, style(sys.stdout))
        return concise.render(report) if form == "concise" else json.render(report)
    from orchestrator.oracle import data, text

    if form == "json":
        return json.spelled({**json.as_data(report), "engine": data.as_data(said)})
    if form == "concise":
        return concise.render(report) + text.as_lines(said, report.file)
    paint = style(sys.stdout)
    return f"{text.as_text(said, paint)}\n{full.render(report, paint)}"
