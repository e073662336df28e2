"""One finding a line, for editors, logs and `grep`. Writes text and knows nothing of terminals."""

from __future__ import annotations

from orchestrator.diagnostics.model import Diagnostic
from orchestrator.diagnostics.report import Report
from orchestrator.diagnostics.source_text import printable


def line(diagnostic: Diagnostic, file: str) -> str:
    """Return `file:line:column: severity[CODE] message`."""
    place = f":{diagnostic.span.line}:{diagnostic.span.column}" if diagnostic.span else ""
    return (
        f"{file}{place}: {diagnostic.severity}[{diagnostic.code}] {printable(diagnostic.message)}"
    )


def render(report: Report) -> str:
    """Return every finding on a line of its own, then a line for each reason to skip rules."""
    lines = [line(diagnostic, report.file) for diagnostic in report.diagnostics]
    lines += [
        f"{report.file}: skipped[{','.join(rule.code for rule in rules)}] {printable(reason)}"
        for reason, rules in report.skipped_by_reason().items()
    ]
    return "".join(f"{text}\n" for text in lines)
