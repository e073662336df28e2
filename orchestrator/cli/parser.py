"""The parser of `deploy`: its verbs, and "did you mean" for a mistyped one."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from orchestrator import __version__
from orchestrator.cli import (
    apply,
    chart,
    delete,
    diff,
    engine,
    experts,
    explain,
    init,
    package,
    plan,
    release,
    render,
    rollback,
    rules,
    schema,
    status,
    upgrade_engine,
    validate,
)
from orchestrator.diagnostics.report import UNUSABLE

VERBS = (
    validate,
    plan,
    render,
    chart,
    package,
    release,
    diff,
    apply,
    status,
    rollback,
    delete,
    upgrade_engine,
    experts,
    explain,
    rules,
    init,
    schema,
    engine,
)


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in one line and names the help, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"{self.prog}: {_hinted(message)}\n       see `{self.prog} --help`\n")


_CHOICE = re.compile(r"argument (VERB|ACTION): invalid choice: '([^']*)' \(choose from (.*)\)")


def _hinted(message: str) -> str:
    """Return argparse's message; an unknown verb or action gets its nearest neighbour."""
    found = _CHOICE.fullmatch(message)
    if found is None:
        return message
    from difflib import get_close_matches

    kind, word = found[1].lower(), found[2]
    choices = re.findall(r"[\w-]+", found[3])
    close = get_close_matches(word, choices, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"{kind}s: {', '.join(choices)}"
    return f"{word!r} is no {kind}; {hint}"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; parsed arguments carry the verb's `run`."""
    parser = _Parser(
        prog="deploy",
        description="Deploy prefill/decode-disaggregated DeepSeek-V4 on SGLang: one spec in, "
        "checked before any GPU is asked for, Kubernetes objects out.",
        epilog="exit codes: 0 no errors, 1 errors in the spec or the cluster refused, "
        "2 usage, unreadable input or no cluster",
    )
    parser.add_argument("--version", action="version", version=f"deploy {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    for verb in VERBS:
        sub = verbs.add_parser(verb.NAME, help=verb.HELP, description=verb.DESCRIPTION)
        verb.arguments(sub)
        sub.set_defaults(run=verb.run)
    return parser
