"""Reports as SARIF 2.1.0, which code scanners and editors read, with the pages of the rules they name.

The format: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", errata 01.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from orchestrator import __version__
from orchestrator.diagnostics.model import Diagnostic, Span
from orchestrator.diagnostics.report import Report, Skipped
from orchestrator.rules.families import family
from orchestrator.rules.pages import Page, pages

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_data(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the reports as one run.

    What `allow:` or the command line silences is a suppressed result, and a rule that was not checked a
    notification, so that a run without results is not read as more than it is.
    """
    known = pages()
    codes = [code for report in reports for code in _codes(report)]
    named = list(dict.fromkeys(codes))
    driver = {
        "name": "deploy",
        "semanticVersion": __version__,
        "rules": [_rule(known[code]) for code in named],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    _notification(report.file, one, named.index(one.code))
                    for report in reports
                    for one in report.skipped
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r", "\x85", "\u2028", "\u2029"],
        "results": [
            _result(report.file, one, named.index(one.code), suppression)
            for report in reports
            for one, suppression in _found(report)
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _found(report: Report) -> Iterator[tuple[Diagnostic, dict[str, str] | None]]:
    """Yield every finding, with how it was suppressed where it was."""
    yield from ((one, None) for one in report.diagnostics)
    for allowed in report.allowed:
        yield allowed.diagnostic, {"kind": "inSource", "justification": allowed.reason}
    yield from ((one, {"kind": "external"}) for one in report.ignored)


def _codes(report: Report) -> Iterator[str]:
    yield from (one.code for one, _ in _found(report))
    yield from (one.code for one in report.skipped)


def _rule(page: Page) -> dict[str, Any]:
    return {
        "id": page.code,
        "name": page.name,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": f"{page.impact}: {page.because}"},
        "help": {"text": page.markdown(), "markdown": page.markdown()},
        "defaultConfiguration": {"level": str(page.severity)},
        "properties": {"tags": [page.impact.slug, family(page.code)]},
    }


def _notification(file: str, one: Skipped, rule: int) -> dict[str, Any]:
    return {
        "associatedRule": {"id": one.code, "index": rule},
        "level": "note",
        "message": {"text": f"{one.code} {one.name} was not checked: {one.reason}"},
        "locations": [_location(file, None)],
    }


def _result(
    file: str, one: Diagnostic, rule: int, suppression: dict[str, str] | None
) -> dict[str, Any]:
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
    if suppression:
        result["suppressions"] = [suppression]
    return result


def _location(file: str, span: Span | None) -> dict[str, Any]:
    path = PurePath(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if span:
        region = {"startLine": span.line, "startColumn": span.column}
        place["region"] = {**region, "endColumn": span.end_column}
    return {"physicalLocation": place}
