"""Order, counts and exit codes of a report, and how a path is spelled."""

import pytest

from orchestrator.diagnostics.model import Diagnostic, FieldPath, Severity, Span, spell
from orchestrator.diagnostics.report import CLEAN, FINDINGS, Report, by_place


def finding(
    code: str = "ABC001",
    severity: Severity = Severity.ERROR,
    span: Span | None = None,
    message: str = "it is wrong",
) -> Diagnostic:
    return Diagnostic(code, "bad-pattern", severity, message, ("name",), span=span)


def test_errors_decide_the_exit_code() -> None:
    """A report with warnings only exits like a clean one; a single error does not."""
    warning, error = finding(severity=Severity.WARNING), finding()
    assert CLEAN == Report("f", "").exit_code
    assert CLEAN == Report("f", "", (warning,)).exit_code
    report = Report("f", "", (warning, error))
    assert (FINDINGS, 1, 1) == (report.exit_code, report.errors, report.warnings)


def test_findings_are_sorted_by_place_and_told_once() -> None:
    """Line, column, code, message; what has no place comes first; equal findings become one."""
    late, early = finding(span=Span(9, 1, 2)), finding(span=Span(2, 5, 6))
    left, nowhere = finding(span=Span(2, 1, 2)), finding()
    second = finding("ABC002", span=Span(2, 5, 6))
    given = [late, second, early, left, nowhere, finding(span=Span(9, 1, 2))]
    assert (nowhere, left, early, second, late) == by_place(given)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("pools", 1, "parallelism", "tp"), "pools[1].parallelism.tp"),
        (("pools", 0, "extra_args", "--log-level"), "pools[0].extra_args.--log-level"),
        (("pod", "labels", "app.kubernetes.io/name"), 'pod.labels["app.kubernetes.io/name"]'),
        (("", "a\nb"), '[""]["a\\nb"]'),
    ],
)
def test_path_is_spelled_as_a_user_writes_it(path: FieldPath, text: str) -> None:
    """Keys that are no plain words are quoted, so that a path stays on one line and unambiguous."""
    assert text == spell(path)
