"""The parser of `deploy`: its verbs, and "did you mean" for a mistyped one."""

from __future__ import annotations

import argparse
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
    init,
    schema,
    engine,
)


class _Parser(argparse.ArgumentParser):
    """Says what was wrong in one line and names the help, with exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"{self.prog}: {_hinted(message)}\n       see `{self.prog} --help`\n")


def _hinted(message: str) -> str:
    """Return argparse's message; an unknown verb gets its nearest neighbour."""
    if "invalid choice: " not in message or "argument VERB" not in message:
        return message
    from difflib import get_close_matches

    word = message.split("invalid choice: ")[1].split("'")[1]
    verbs = [verb.NAME for verb in VERBS]
    close = get_close_matches(word, verbs, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"verbs: {', '.join(verbs)}"
    return f"{word!r} is no verb; {hint}"


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
