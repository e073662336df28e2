"""The report of one check: every finding sorted by place, and what could not be checked.

A rule that lacked a fact is listed as skipped, so that silence never reads as success.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.diagnostics.model import Diagnostic, Severity

CLEAN, FINDINGS, UNUSABLE = 0, 1, 2
"""Exit codes: nothing wrong; errors found; usage error, unreadable input or a bug of ours."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that did not run, and the fact it lacked."""

    code: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding that the spec's `allow:` silences, with the reason given there."""

    diagnostic: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one check of one file found; `source` is the file's text, for quoting its lines.

    `ignored` is what the command line left out.
    """

    file: str
    source: str
    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    allowed: tuple[Allowed, ...] = ()
    ignored: tuple[Diagnostic, ...] = ()

    @property
    def errors(self) -> int:
        """Number of findings that stop rendering."""
        return sum(d.severity is Severity.ERROR for d in self.diagnostics)

    @property
    def warnings(self) -> int:
        """Number of findings that are only said."""
        return len(self.diagnostics) - self.errors

    @property
    def exit_code(self) -> int:
        """`CLEAN` without errors, else `FINDINGS`."""
        return FINDINGS if self.errors else CLEAN

    def skipped_by_reason(self) -> dict[str, list[Skipped]]:
        """Return the skipped rules under the reason that they share."""
        grouped: dict[str, list[Skipped]] = {}
        for skipped in self.skipped:
            grouped.setdefault(skipped.reason, []).append(skipped)
        return grouped


def by_place(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the findings once each, in the order of the file."""

    def place(diagnostic: Diagnostic) -> tuple[int, int, str, str]:
        span = diagnostic.span
        line, column = (span.line, span.column) if span else (0, 0)
        return line, column, diagnostic.code, diagnostic.message

    return tuple(sorted(dict.fromkeys(diagnostics), key=place))
