"""`deploy upgrade-engine`: what another SGLang release changes for a spec, before it is rolled."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from orchestrator.cli.checking import Examined, add_spec, examine, refuse
from orchestrator.cli.terminal import UserError, style

if TYPE_CHECKING:
    from orchestrator.oracle.cause import Judge
    from orchestrator.oracle.upgrade import Side

NAME = "upgrade-engine"
HELP = "show what another SGLang release changes for a spec"
DESCRIPTION = (
    "Compare a spec under its own SGLang release and under another one: command lines, environment, "
    "what the engine rewrites, and, where both releases are installed (`deploy engine install`), every "
    "argument as the engines themselves resolve it. The file is not changed."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    add_spec(parser)
    parser.add_argument("--to", required=True, metavar="VERSION", help='the release, e.g. "0.5.23"')
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )


def run(options: argparse.Namespace) -> int:
    """Print the comparison, then what the other release's rules say; 1 where they find errors."""
    from orchestrator.diagnostics import concise, json
    from orchestrator.oracle.upgrade import compare
    from orchestrator.oracle.upgrade_text import as_data, as_text

    now, then = examine(options.spec), examine(options.spec, sglang=options.to)
    if now.loaded.spec is None or then.loaded.spec is None or now.loaded.guessed:
        return refuse(now.outcome.report, "compared")
    version = now.loaded.spec.engine.sglang
    if version == options.to:
        raise UserError(f"{options.spec} already runs SGLang {version}")
    with ExitStack() as engines:
        sides = [_sides(one, engines) for one in (now, then)]
        pools = [compare(*pair) for pair in zip(*sides, strict=True)]
    report = then.outcome.report
    if options.format == "json":
        data = as_data(version, options.to, pools)
        sys.stdout.write(json.spelled({**data, "findings": json.as_data(report)}))
    else:
        sys.stdout.write(as_text(version, options.to, pools, style(sys.stdout)))
        found = concise.render(report)
        sys.stdout.write(
            f"findings under SGLang {options.to}\n{found}" if found else "no findings\n"
        )
    return report.exit_code


def _sides(examined: Examined, engines: ExitStack) -> list[Side]:
    from orchestrator.oracle.upgrade import Side
    from orchestrator.pools import pool_views

    spec, facts = examined.loaded.spec, examined.facts
    if spec is None or facts is None:
        raise TypeError("a spec that cannot be read has no pools")
    judge = _engine(spec.engine.sglang, engines)
    return [Side(view, facts, examined.loaded.folder, judge) for view in pool_views(spec)]


def _engine(version: str, engines: ExitStack) -> Judge | None:
    from orchestrator.engine.check.environment import find
    from orchestrator.engine.check.remembered import Remembered

    environment = find(version)
    return engines.enter_context(Remembered(environment)) if environment else None
