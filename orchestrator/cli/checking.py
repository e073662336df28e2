"""What the verbs share: load a spec, gather its facts, run the rules, and refuse what is refused."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError, style
from orchestrator.diagnostics.report import Report

if TYPE_CHECKING:
    from orchestrator.facts.model import Facts
    from orchestrator.load.loader import Loaded
    from orchestrator.plan.model import ClusterPlan
    from orchestrator.rules.check import Outcome


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Add the SPEC argument."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="the spec file")


@dataclass(frozen=True, slots=True)
class Examined:
    """A file as read, the facts it needs (`None` where it holds no spec), and what the rules say."""

    loaded: Loaded
    facts: Facts | None
    outcome: Outcome


def examine(path: Path, *, sglang: str | None = None) -> Examined:
    """Return what there is to say about a file, under another SGLang release where one is named.

    Raises `UserError` where the file cannot be read.
    """
    from orchestrator.load.loader import UnreadableSpecError, load

    try:
        loaded = load(path)
    except UnreadableSpecError as error:
        raise UserError(str(error)) from None
    if sglang and loaded.spec:
        engine = loaded.spec.engine.model_copy(update={"sglang": sglang})
        loaded = replace(loaded, spec=loaded.spec.model_copy(update={"engine": engine}))
    return judged(loaded)


def judged(loaded: Loaded) -> Examined:
    """Return what there is to say about a spec as read, e.g. from a text that is not written yet."""
    from orchestrator.facts.gather import gather
    from orchestrator.rules.book import RULES
    from orchestrator.rules.check import check

    facts = gather(loaded.spec, loaded.folder) if loaded.spec else None
    return Examined(loaded, facts, check(loaded, facts, RULES))


def plan_file(path: Path) -> ClusterPlan | Report:
    """Return the plan of the spec in a file, or the report of why there is none."""
    return planned(examine(path))


def planned(examined: Examined) -> ClusterPlan | Report:
    """Return the plan of a spec, or the report of why there is none.

    Warnings stop nothing, so they are told on stderr beside the product.
    """
    from orchestrator.diagnostics import concise
    from orchestrator.plan.planner import plan

    outcome = examined.outcome
    if outcome.checked is None:
        return outcome.report
    if outcome.report.warnings:
        sys.stderr.write(concise.render(outcome.report))
    return plan(outcome.checked)


def refuse(report: Report, what: str) -> int:
    """Tell on stderr why nothing was made, and return the exit code."""
    from orchestrator.diagnostics import full

    sys.stderr.write(full.render(report, style(sys.stderr)))
    sys.stderr.write(f"nothing was {what}\n")
    return report.exit_code
