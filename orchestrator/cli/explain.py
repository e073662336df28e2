"""`deploy explain`: the page of one rule, a table of this package, or the list of both."""

from __future__ import annotations

import argparse
import sys

from orchestrator.cli.terminal import UserError

NAME = "explain"
HELP = "explain a rule or a topic, or list them"
DESCRIPTION = "Print a rule's page: what it finds, why it matters, how to fix it, and the evidence."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="CODE|TOPIC",
        help="e.g. EXP401, or gpus, fabrics, engines, refusals; without one, all are listed",
    )


def run(options: argparse.Namespace) -> int:
    """Print the page or the list."""
    from orchestrator.diagnostics.report import CLEAN
    from orchestrator.rules.pages import pages
    from orchestrator.topics import TOPICS

    known = pages()
    if options.what is None:
        width = max(len(page.name) for page in known.values())
        for page in known.values():
            sys.stdout.write(f"{page.code}  {page.name.ljust(width)}  {page.title}\n")
        sys.stdout.write(f"topics: {', '.join(TOPICS)}\n")
    elif options.what.lower() in TOPICS:
        sys.stdout.write(TOPICS[options.what.lower()]())
    elif options.what.upper() in known:
        sys.stdout.write(known[options.what.upper()].markdown())
    else:
        raise UserError(_unknown(options.what, [*known, *TOPICS]))
    return CLEAN


def _unknown(what: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(what.upper(), names, n=1) or get_close_matches(
        what.lower(), names, n=1
    )
    hint = f"did you mean {close[0]}?" if close else "`deploy explain` lists all"
    return f"no rule or topic is called {what!r}; {hint}"
