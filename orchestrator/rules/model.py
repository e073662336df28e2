"""What a rule is: a pure function from context to findings, with its metadata beside it.

From one rule come its diagnostics, `deploy explain`, its page and its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import (
    Diagnostic,
    Edit,
    FieldPath,
    Fix,
    Impact,
    Related,
    Severity,
    Stage,
    spell,
)
from orchestrator.diagnostics.source_text import on_one_line

if TYPE_CHECKING:
    from orchestrator.rules.context import Context


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule: the place, the message with the numbers, and what mends it.

    `impact`, `because` and `refused_at` are the rule's own unless a finding differs from the rest;
    one with an impact of its own is nothing that the engine refuses.
    """

    path: FieldPath
    message: str
    fix: Fix
    related: tuple[Related, ...] = ()
    details: tuple[str, ...] = ()
    because: str = ""
    impact: Impact | None = None
    on_key: bool = False
    refused_at: Stage | None = None


Check = Callable[["Context"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its name, cost, needs and page.

    `allowable` says whether `allow:` may silence it; what stops the engine it never silences.
    `needs` names the facts (fields of `Facts`) without which the rule is skipped.
    `because` says in a few words what happens, beside the impact.
    `refused_at` names the stage at which the engine itself refuses what the rule finds, seen
    without a GPU; `None` is policy: it fails later, misbehaves silently, or the recipe forbids it.
    """

    code: str
    name: str
    severity: Severity
    impact: Impact
    because: str
    needs: tuple[str, ...]
    since: str
    allowable: bool
    refused_at: Stage | None
    check: Check
    page: str

    @property
    def title(self) -> str:
        """The first line of the page: the bad pattern in one sentence."""
        return self.page.partition("\n")[0]

    def diagnostic(self, finding: Finding) -> Diagnostic:
        """Return the finding as a diagnostic of this rule."""
        return Diagnostic(
            self.code,
            self.name,
            self.severity,
            on_one_line(finding.message),
            finding.path,
            impact=finding.impact or self.impact,
            because=finding.because or self.because,
            details=finding.details,
            related=finding.related,
            fix=finding.fix,
            on_key=finding.on_key,
            refused_at=None if finding.impact else finding.refused_at or self.refused_at,
        )


def rule(
    code: str,
    name: str,
    impact: Impact,
    *,
    because: str,
    needs: tuple[str, ...] = (),
    severity: Severity = Severity.ERROR,
    since: str = "0.1",
    allowable: bool = True,
    refused_at: Stage | None = None,
) -> Callable[[Check], Rule]:
    """Return a decorator that makes a rule of a check; its docstring is the rule's page."""

    def make(check: Check) -> Rule:
        page = cleandoc(check.__doc__ or "")
        return Rule(
            code=code,
            name=name,
            severity=severity,
            impact=impact,
            because=because,
            needs=needs,
            since=since,
            allowable=allowable,
            refused_at=refused_at,
            check=check,
            page=page,
        )

    return make


def set_value(path: FieldPath, value: str | float | bool, *, text: str = "") -> Fix:
    """Return the fix that sets one field, safe to be made by machine."""
    shown = str(value).lower() if isinstance(value, bool) else value
    return Fix(text or f"set `{spell(path)}` to {shown}", (Edit(path, value),))


def remove(path: FieldPath, *, text: str = "") -> Fix:
    """Return the fix that removes one field."""
    return Fix(text or f"remove `{spell(path)}`", (Edit(path, None),))
