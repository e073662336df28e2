"""Which codes a run is about: `--select` and `--ignore` as whole codes or their beginnings.

What `allow:` may not silence is left out by no selection either: it does not run, whoever looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestrator.diagnostics.model import Diagnostic, Severity
from orchestrator.diagnostics.report import Report
from orchestrator.rules.families import FAMILIES


class UnknownCodeError(Exception):
    """No rule has a code that begins so; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Codes or beginnings of codes; nothing selected means all, and what is ignored wins."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Return whether the run is about this code."""
        return code.startswith(self.select or "") and not (
            self.ignore and code.startswith(self.ignore)
        )

    def applied(self, report: Report) -> Report:
        """Return the report with what it is not about set apart, or left where that may not be."""
        if not (self.select or self.ignore):
            return report
        kept: list[Diagnostic] = []
        ignored: list[Diagnostic] = []
        for one in report.diagnostics:
            stays = self.takes(one.code) or not _may_be_ignored(one)
            (kept if stays else ignored).append(one)
        skipped = tuple(one for one in report.skipped if self.takes(one.code))
        return replace(report, diagnostics=tuple(kept), skipped=skipped, ignored=tuple(ignored))

    def insisting(self, report: Report) -> list[str]:
        """Return the codes in an applied report that are there although the run is not about them."""
        return sorted({one.code for one in report.diagnostics if not self.takes(one.code)})


def _may_be_ignored(found: Diagnostic) -> bool:
    from orchestrator.rules.allow import silenceable
    from orchestrator.rules.book import RULES

    for rule in RULES:
        if rule.code == found.code:
            return silenceable(found, rule)
    return found.severity is Severity.WARNING


def selection(select: Sequence[str], ignore: Sequence[str], known: Sequence[str]) -> Selection:
    """Return the selection of these words, each a list with commas. Raises UnknownCodeError."""
    chosen = []
    for words in (select, ignore):
        codes = [word.strip().upper() for text in words for word in text.split(",")]
        for code in codes:
            if not code or not any(one.startswith(code) for one in known):
                raise UnknownCodeError(_unknown(code, known))
        chosen.append(tuple(codes))
    return Selection(*chosen)


def _unknown(code: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    families = sorted(FAMILIES)
    close = get_close_matches(code, [*known, *families], n=1)
    hint = f"did you mean {close[0]}?" if close else f"they begin with {', '.join(families)}"
    return f"no rule's code begins with {code!r}; {hint}"
