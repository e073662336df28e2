"""`deploy validate`: everything that is wrong with a spec, at the lines where it is wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import examine
from orchestrator.cli.preflight import add_preflight, ask_cluster
from orchestrator.cli.terminal import UserError, complain, style
from orchestrator.diagnostics.report import CLEAN, FINDINGS, UNUSABLE

if TYPE_CHECKING:
    from orchestrator.diagnostics.report import Report
    from orchestrator.oracle.report import EngineReport
    from orchestrator.rules.selection import Selection

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
    parser.add_argument(
        "specs",
        metavar="SPEC",
        type=Path,
        nargs="+",
        help="a spec file, a folder of them, or - for standard input",
    )
    parser.add_argument(
        "--format",
        choices=("full", "concise", "json", "sarif", "github"),
        default="full",
        help="frames with source lines, one finding a line, data, SARIF 2.1.0, or annotations of "
        "GitHub Actions (default: full)",
    )
    for name, text in (("select", "only findings with"), ("ignore", "no findings with")):
        parser.add_argument(
            f"--{name}",
            metavar="CODES",
            action="append",
            default=[],
            help=f"{text} these codes, or codes that begin so, e.g. EXP,DEP207; what does not "
            "run is told all the same",
        )
    edits = parser.add_mutually_exclusive_group()
    edits.add_argument(
        "--fix", action="store_true", help="make the edits that are safe, comments and layout kept"
    )
    edits.add_argument(
        "--diff", action="store_true", help="show those edits and make none; 1 where there are any"
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
    """Print the reports; 1 where one holds errors, 2 where one of several files cannot be read."""
    from orchestrator.cli.specs import spec_files

    files = spec_files(options.specs)
    alone = len(options.specs) == 1 and not options.specs[0].is_dir()
    if options.probe and not options.cluster:
        raise UserError("--probe asks a cluster; add --cluster")
    if len(files) > 1 and (options.engine or options.cluster):
        raise UserError(f"--engine and --cluster take one spec; these are {len(files)}")
    if (options.fix or options.diff) and (options.engine or options.cluster):
        raise UserError("--fix and --diff go by the rules alone; leave --engine and --cluster")
    if options.diff and options.format != "full":
        raise UserError("--diff writes a diff; leave --format, or take --fix")
    wanted = _selected(options)
    told = []
    codes = [CLEAN]
    for path in files:
        try:
            report, said, code = (_mended if options.fix or options.diff else _judged)(
                path, wanted, options
            )
        except UserError as error:
            if alone:
                raise
            complain(str(error))
            codes.append(UNUSABLE)
            continue
        codes.append(code)
        told.append((report, said))
        if insisting := wanted.insisting(report):
            what = ", ".join(insisting)
            complain(f"{report.file}: {what} cannot be left out: what is found does not run")
    if not options.diff:
        reports = [report for report, _ in told]
        said = told[0][1] if told else None
        sys.stdout.write(_spelled(reports, said, options.format, alone=alone))
    return max(codes)


def _mended(path: Path, wanted: Selection, options: argparse.Namespace) -> tuple[Report, None, int]:
    """Mend the file, or show how; return what is left, and 1 where that is an error or a difference."""
    from orchestrator.cli.fixing import mend, told

    found = mend(path, wanted)
    told(found, write=options.fix)
    report = wanted.applied(found.examined.outcome.report)
    if options.diff:
        return report, None, FINDINGS if found.mended else CLEAN
    return report, None, report.exit_code


def _judged(
    path: Path, wanted: Selection, options: argparse.Namespace
) -> tuple[Report, EngineReport | None, int]:
    examined = examine(path)
    report, said = examined.outcome.report, None
    if options.engine:
        from orchestrator.cli.asking import ask_engine

        report, said = ask_engine(examined, options.engine)
        if said is None:
            complain("the engine was not asked: the spec's shape must be mended first")
    if options.cluster:
        report = ask_cluster(examined, report, options)
    report = wanted.applied(report)
    return report, said, report.exit_code


def _selected(options: argparse.Namespace) -> Selection:
    from orchestrator.rules.selection import Selection, UnknownCodeError, selection

    if not (options.select or options.ignore):
        return Selection()
    from orchestrator.rules.pages import pages

    try:
        return selection(options.select, options.ignore, list(pages()))
    except UnknownCodeError as error:
        raise UserError(str(error)) from None


def _spelled(
    reports: Sequence[Report], said: EngineReport | None, form: str, *, alone: bool
) -> str:
    """Return the reports in a form; `said` is the engine's word on the only one.

    `alone` is the report of one file named by itself: no list, no total.
    """
    from orchestrator.diagnostics import concise, full, github, json

    if form == "sarif":
        from orchestrator.rules import sarif

        return json.spelled(sarif.as_data(reports))
    if form == "github":
        return "".join(map(github.render, reports))
    if said is not None:
        return _with_engine(reports[0], said, form)
    if form == "json":
        return json.render(reports[0]) if alone else json.spelled(json.several(reports))
    if form == "concise":
        return "".join(map(concise.render, reports))
    paint = style(sys.stdout)
    blocks = [full.render(report, paint) for report in reports]
    if not alone:
        blocks.append(full.total(reports, paint))
    return "\n".join(blocks)


def _with_engine(report: Report, said: EngineReport, form: str) -> str:
    from orchestrator.diagnostics import concise, full, json
    from orchestrator.oracle import data, text

    if form == "json":
        return json.spelled({**json.as_data(report), "engine": data.as_data(said)})
    if form == "concise":
        return concise.render(report) + text.as_lines(said, report.file)
    paint = style(sys.stdout)
    return f"{text.as_text(said, paint)}\n{full.render(report, paint)}"
