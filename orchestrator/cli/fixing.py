"""`--fix` and `--diff`: the edits that are safe to make by machine, one finding after the other.

An edit stays only where the edited spec has fewer findings and none of another kind.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import Examined
from orchestrator.cli.spec_text import EditedSpec, edited
from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.diagnostics.model import Diagnostic
    from orchestrator.rules.selection import Selection


@dataclass(frozen=True, slots=True)
class Mended:
    """A spec's text with edits, the findings that they mended, and what there is to say of the result."""

    spec: EditedSpec
    mended: tuple[Diagnostic, ...]
    examined: Examined


def mend(path: Path, about: Selection) -> Mended:
    """Return the spec at `path` with every safe edit made; nothing is written. Raises `UserError`."""
    from orchestrator.load.loader import STDIN

    if path == STDIN:
        raise UserError("--fix and --diff edit files; standard input is none")
    spec = edited(path, ())
    now = spec.judged()
    mended: list[Diagnostic] = []
    passed: set[tuple[str, str]] = set()
    while (found := _next(now, about, passed)) is not None:
        passed.add((found.code, found.message))
        if found.fix is None:
            raise TypeError("what is mended has a fix")
        try:
            candidate = spec.with_edits(found.fix.edits)
        except UserError:
            continue  # by hand, then
        then = candidate.judged()
        if _better(now, then):
            spec, now = candidate, then
            mended.append(found)
    return Mended(spec, tuple(mended), now)


def told(mended: Mended, *, write: bool) -> None:
    """Write the file, or show the difference; say on stderr what was mended."""
    if write:
        mended.spec.write()
    else:
        sys.stdout.write(mended.spec.diff)
    for one in mended.mended:
        text = one.fix.text if one.fix else ""
        sys.stderr.write(f"{mended.spec.path}: {one.code} {one.name}: {text}\n")
    count = len(mended.mended)
    verb = "mended" if write else "could be mended"
    sys.stderr.write(f"{mended.spec.path}: {count} findings {verb}\n")


def _next(examined: Examined, about: Selection, passed: set[tuple[str, str]]) -> Diagnostic | None:
    report, _ = about.applied(examined.outcome.report)
    return next(
        (
            one
            for one in report.diagnostics
            if one.fix and one.fix.edits and (one.code, one.message) not in passed
        ),
        None,
    )


def _better(now: Examined, then: Examined) -> bool:
    before, after = (
        Counter(one.code for one in each.outcome.report.diagnostics) for each in (now, then)
    )
    return after < before and not after - before
