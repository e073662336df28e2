"""Reports as SARIF 2.1.0, which code scanners and editors read, with the pages of the rules they name.

The format: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", errata 01.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from orchestrator import __version__
from orchestrator.diagnostics.model import Diagnostic, Span
from orchestrator.diagnostics.report import Report
from orchestrator.rules.pages import Page, pages

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_data(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the reports as one run; what `allow:` silences is a suppressed result."""
    known = pages()
    found = [
        (report.file, one, allowed)
        for report in reports
        for one, allowed in (
            *((one, None) for one in report.diagnostics),
            *((allowed.diagnostic, allowed.reason) for allowed in report.allowed),
        )
    ]
    named = list(dict.fromkeys(one.code for _, one, _ in found))
    driver = {
        "name": "deploy",
        "semanticVersion": __version__,
        "rules": [_rule(known[code]) for code in named],
    }
    results = [_result(file, one, named.index(one.code), allowed) for file, one, allowed in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(page: Page) -> dict[str, Any]:
    return {
        "id": page.code,
        "name": page.name,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": f"{page.impact}: {page.because}"},
        "help": {"text": page.markdown(), "markdown": page.markdown()},
        "defaultConfiguration": {"level": str(page.severity)},
    }


def _result(file: str, one: Diagnostic, rule: int, allowed: str | None) -> dict[str, Any]:
    told = [one.message, *one.details, *([f"fix: {one.fix.text}"] if one.fix else [])]
    result: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": rule,
        "level": str(one.severity),
        "message": {"text": "\n".join(told)},
        "locations": [_location(file, one.span)],
    }
    if others := [other for other in one.related if other.span]:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": other.text}, **_location(file, other.span)}
            for number, other in enumerate(others)
        ]
    if allowed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": allowed}]
    return result


def _location(file: str, span: Span | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(PurePath(file).as_posix())}}
    if span:
        region = {"startLine": span.line, "startColumn": span.column}
        place["region"] = {**region, "endColumn": span.end_column}
    return {"physicalLocation": place}
