"""How a finding about the file itself is made, and the one that ends the reading of it.

What is wrong is decided by the modules that read; only the common shape of their findings lives here.
"""

from __future__ import annotations

from orchestrator.diagnostics.model import (
    Diagnostic,
    FieldPath,
    Fix,
    Impact,
    Related,
    Severity,
    Span,
)


class YamlError(Exception):
    """The text is no usable YAML; `diagnostic` says where and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def problem(
    code: str,
    name: str,
    message: str,
    *,
    fix: str,
    path: FieldPath = (),
    span: Span | None = None,
    on_key: bool = True,
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """Return a diagnostic about the file itself; such a file is never rendered."""
    return Diagnostic(
        code,
        name,
        Severity.ERROR,
        message,
        path,
        impact=Impact.REFUSES_TO_START,
        because="nothing is rendered from a spec that cannot be read",
        fix=Fix(fix),
        span=span,
        on_key=on_key,
        related=related,
    )


def unreadable(
    message: str,
    *,
    fix: str,
    span: Span,
    path: FieldPath = (),
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """Return the finding that a place of the file is not YAML that a spec may be (SPC001)."""
    return problem(
        "SPC001", "unreadable-yaml", message, fix=fix, path=path, span=span, related=related
    )
