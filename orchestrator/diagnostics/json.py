"""The machine form of a report. Its keys are stable within `version`; new keys may be added."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from orchestrator.diagnostics.model import Diagnostic, Span, spell
from orchestrator.diagnostics.report import Report

VERSION = 1
_BEYOND_ASCII = re.compile(r"[^\n -~]")


def render(report: Report) -> str:
    """Return the report as one JSON object, indented, with a final newline."""
    return spelled(as_data(report))


def spelled(data: object) -> str:
    """Return data as indented JSON with a final newline."""
    return escaped(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"


def escaped(text: str) -> str:
    """Return JSON with what is not printable in it as escapes.

    As it is, it would colour a terminal or, a lone surrogate, be no UTF-8.
    """
    return _BEYOND_ASCII.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]


def as_data(report: Report) -> dict[str, object]:
    """Return the report as plain JSON-able data."""
    return {
        "version": VERSION,
        "file": report.file,
        "errors": report.errors,
        "warnings": report.warnings,
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in report.diagnostics],
        "skipped": [
            {"code": skipped.code, "name": skipped.name, "reason": skipped.reason}
            for skipped in report.skipped
        ],
        "allowed": [
            {**_diagnostic(allowed.diagnostic), "reason": allowed.reason}
            for allowed in report.allowed
        ],
        "ignored": [_diagnostic(diagnostic) for diagnostic in report.ignored],
    }


def several(reports: Sequence[Report]) -> dict[str, object]:
    """Return the reports of several files as one object."""
    return {
        "version": VERSION,
        "errors": sum(report.errors for report in reports),
        "warnings": sum(report.warnings for report in reports),
        "files": [as_data(report) for report in reports],
    }


def _diagnostic(diagnostic: Diagnostic) -> dict[str, object]:
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": str(diagnostic.severity),
        "message": diagnostic.message,
        "path": spell(diagnostic.path),
        "place": _place(diagnostic.span),
        "impact": str(diagnostic.impact) if diagnostic.impact else None,
        "because": diagnostic.because,
        "details": list(diagnostic.details),
        "related": [
            {"path": spell(other.path), "text": other.text, "place": _place(other.span)}
            for other in diagnostic.related
        ],
        "fix": fix
        and {
            "text": fix.text,
            "edits": [{"path": spell(edit.path), "value": edit.value} for edit in fix.edits],
        },
    }


def _place(span: Span | None) -> dict[str, int] | None:
    if span is None:
        return None
    return {"line": span.line, "column": span.column, "end_column": span.end_column}
