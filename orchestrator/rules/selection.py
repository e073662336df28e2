"""Which codes a run is about: `--select` and `--ignore` as whole codes or their beginnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestrator.diagnostics.report import Report


class UnknownCodeError(Exception):
    """No rule has a code that begins so; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Codes or beginnings of codes; nothing selected means all, and what is ignored wins."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def applied(self, report: Report) -> tuple[Report, int]:
        """Return the report of the findings it is about, and how many there were besides."""
        kept = tuple(one for one in report.diagnostics if self._takes(one.code))
        skipped = tuple(one for one in report.skipped if self._takes(one.code))
        left = len(report.diagnostics) - len(kept)
        return replace(report, diagnostics=kept, skipped=skipped), left

    def _takes(self, code: str) -> bool:
        return code.startswith(self.select or "") and not (
            self.ignore and code.startswith(self.ignore)
        )


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

    families = sorted({one.rstrip("0123456789") for one in known})
    close = get_close_matches(code, [*known, *families], n=1)
    hint = f"did you mean {close[0]}?" if close else f"they begin with {', '.join(families)}"
    return f"no rule's code begins with {code!r}; {hint}"
