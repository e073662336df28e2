"""One finding a line as a workflow command of GitHub Actions, which shows it at the line of a pull request.

The grammar: docs.github.com, "Workflow commands for GitHub Actions"; actions/toolkit, core/src/command.ts
escapes the same characters. What else would move a terminal's cursor is replaced, as in every form.
"""

from __future__ import annotations

from orchestrator.diagnostics.model import Diagnostic
from orchestrator.diagnostics.report import Report
from orchestrator.diagnostics.source_text import printable


def render(report: Report) -> str:
    """Return a command for every finding."""
    return "".join(f"{_command(one, report.file)}\n" for one in report.diagnostics)


def _command(one: Diagnostic, file: str) -> str:
    properties = {"file": file}
    if span := one.span:
        properties |= {"line": str(span.line), "endLine": str(span.line)}
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    properties["title"] = f"{one.code} {one.name}"
    told = [one.message, *one.details]
    if one.impact:
        told.append(f"impact: {one.impact}" + (f" ({one.because})" if one.because else ""))
    if one.fix:
        told.append(f"fix: {one.fix.text}")
    named = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{one.severity} {named}::{_data(chr(10).join(told))}"


def _data(text: str) -> str:
    shown = "".join(one if one in "\t\r\n" else printable(one) for one in text)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
