"""The page of every code: rules give theirs as a docstring, other findings as a text beside the rules.

`deploy explain` prints a page and `docs/rules/` holds the same text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from orchestrator.diagnostics.model import Impact, Severity
from orchestrator.rules.book import RULES
from orchestrator.rules.cluster_word import CLUSTER_WORD_PAGES
from orchestrator.rules.engine_word import ENGINE_WORD_PAGES
from orchestrator.rules.node_word import NODE_WORD_PAGES
from orchestrator.rules.spec_file import SPEC_FILE_PAGES


@dataclass(frozen=True, slots=True)
class Page:
    """One code with what there is to read about it; `body` is Markdown without the title."""

    code: str
    name: str
    title: str
    severity: Severity
    impact: Impact
    because: str
    body: str
    since: str

    def markdown(self) -> str:
        """Return the whole page."""
        return (
            f"# {self.code} {self.name}\n\n{self.title}\n\n"
            f"{self.severity} · {self.impact} ({self.because}) · since {self.since}\n\n"
            f"{self.body.strip()}\n"
        )


@cache
def pages() -> Mapping[str, Page]:
    """Return every page by code, in the order of codes within families."""
    found = [
        Page(
            code,
            name,
            text.partition("\n")[0],
            severity,
            impact,
            because,
            text.partition("\n")[2],
            "0.1",
        )
        for code, name, severity, impact, because, text in (
            *SPEC_FILE_PAGES,
            *ENGINE_WORD_PAGES,
            *NODE_WORD_PAGES,
            *CLUSTER_WORD_PAGES,
        )
    ]
    found += [
        Page(
            rule.code,
            rule.name,
            rule.title,
            rule.severity,
            rule.impact,
            rule.because,
            rule.page.partition("\n")[2],
            rule.since,
        )
        for rule in RULES
    ]
    return {page.code: page for page in found}
