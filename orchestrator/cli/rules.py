"""`deploy rules`: the rule book as a list, by family, severity, impact or word."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import complain
from orchestrator.diagnostics.model import Impact, Severity
from orchestrator.rules.families import FAMILIES, family

if TYPE_CHECKING:
    from orchestrator.rules.pages import Page

NAME = "rules"
HELP = "list the rules, filtered"
DESCRIPTION = (
    "List every code that a report can hold, with its name, severity, impact and what it finds. "
    "`deploy explain CODE` prints the page of one, `deploy explain impacts` the meaning of impacts."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the filters."""
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="in the code, the name or the sentence, e.g. mtp"
    )
    parser.add_argument(
        "--family", choices=tuple(FAMILIES), type=str.upper, help="only codes that begin so"
    )
    parser.add_argument("--severity", choices=tuple(map(str, Severity)), help="only these")
    parser.add_argument(
        "--impact", choices=tuple(impact.slug for impact in Impact), help="only these"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="to read, or data"
    )


def run(options: argparse.Namespace) -> int:
    """Print the list; 1 where nothing is in it, as grep does."""
    from orchestrator.diagnostics import json
    from orchestrator.diagnostics.report import CLEAN, FINDINGS
    from orchestrator.rules.pages import pages

    found = [page for page in pages().values() if _wanted(page, options)]
    if options.format == "json":
        sys.stdout.write(json.spelled([_data(page) for page in found]))
    else:
        width = max((len(page.name) for page in found), default=0)
        for page in found:
            kind = f"{page.severity:7}  {page.impact:16}"
            sys.stdout.write(f"{page.code}  {page.name.ljust(width)}  {kind}  {page.title}\n")
    if not found:
        complain("no rule is all of that; `deploy rules` lists all")
    return CLEAN if found else FINDINGS


def _wanted(page: Page, options: argparse.Namespace) -> bool:
    text = f"{page.code} {page.name} {page.title}".lower()
    return (
        all(word.lower() in text for word in options.words)
        and options.family in (None, family(page.code))
        and options.severity in (None, page.severity)
        and options.impact in (None, page.impact.slug)
    )


def _data(page: Page) -> dict[str, str]:
    return {
        "code": page.code,
        "name": page.name,
        "family": FAMILIES[family(page.code)],
        "severity": page.severity,
        "impact": page.impact,
        "because": page.because,
        "title": page.title,
        "since": page.since,
    }
