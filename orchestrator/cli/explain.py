"""`deploy explain`: the page of one rule, a table of this package, or the list of both."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.rules.pages import Page

NAME = "explain"
HELP = "explain a rule or a topic, or list them"
DESCRIPTION = "Print a rule's page: what it finds, why it matters, how to fix it, and the evidence."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this verb's arguments."""
    parser.add_argument(
        "what",
        nargs="?",
        metavar="CODE|NAME|TOPIC",
        help="e.g. EXP401, experts-not-divisible or EXP for the list of them; or gpus, fabrics, "
        "engines, impacts, refusals; without one, all are listed",
    )


def run(options: argparse.Namespace) -> int:
    """Print the page or the list."""
    from orchestrator.diagnostics.report import CLEAN
    from orchestrator.rules.pages import pages
    from orchestrator.topics import TOPICS

    known = pages()
    what = options.what
    if what is None:
        sys.stdout.write(f"{_listed(known.values())}topics: {', '.join(TOPICS)}\n")
    elif what.lower() in TOPICS:
        sys.stdout.write(TOPICS[what.lower()]())
    elif page := _page(what, known):
        sys.stdout.write(page.markdown())
    elif what and (some := [one for code, one in known.items() if code.startswith(what.upper())]):
        sys.stdout.write(_listed(some))
    else:
        raise UserError(_unknown(what, [*known, *(page.name for page in known.values()), *TOPICS]))
    return CLEAN


def _page(what: str, known: Mapping[str, Page]) -> Page | None:
    named = {page.name: page for page in known.values()}
    return known.get(what.upper()) or named.get(what.lower())


def _listed(found: Iterable[Page]) -> str:
    listed = list(found)
    width = max(len(page.name) for page in listed)
    return "".join(f"{page.code}  {page.name.ljust(width)}  {page.title}\n" for page in listed)


def _unknown(what: str, names: list[str]) -> str:
    from difflib import get_close_matches

    from orchestrator.rules.families import FAMILIES, family

    said = f"no rule or topic is called {what!r}"
    if (letters := family(what.upper())) in FAMILIES:
        return f"{said}; `deploy explain {letters}` lists those that begin so"
    close = get_close_matches(what.upper(), names, n=1) or get_close_matches(
        what.lower(), names, n=1
    )
    return f"{said}; {f'did you mean {close[0]}?' if close else '`deploy rules WORD` finds some'}"
