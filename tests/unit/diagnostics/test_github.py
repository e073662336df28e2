"""Annotations of GitHub Actions: what the toolkit would write, and what the runner would read."""

from orchestrator.diagnostics import github
from orchestrator.diagnostics.model import Diagnostic, Severity, Span
from orchestrator.diagnostics.report import Report


def test_a_command_is_spelled_as_the_toolkit_does() -> None:
    """The line is what `issueCommand` of @actions/core 1.11.1 printed for the same values."""
    found = Diagnostic(
        "EXP401",
        "experts-not-divisible",
        Severity.ERROR,
        '100% of: a, b::c\r\nfix: %0A\t"x"',
        (),
        span=Span(35, 14, 16),
    )
    assert (
        "::error file=a%2Cb%3Ac%25.yaml,line=35,endLine=35,col=14,endColumn=16,"
        "title=EXP401 experts-not-divisible::"
        '100%25 of: a, b::c%0D%0Afix: %250A\t"x"\n'
    ) == github.render(Report("a,b:c%.yaml", "", (found,)))


def test_what_would_move_a_cursor_is_replaced() -> None:
    """A job's log is read in terminals too; only what the format itself escapes is kept."""
    found = Diagnostic("SPC004", "x", Severity.ERROR, "\x1b[31m \x9b \u202e é 日", ())
    assert "::error file=a.yaml,title=SPC004 x::\ufffd[31m \ufffd \ufffd é 日\n" == github.render(
        Report("a.yaml", "", (found,))
    )


def test_a_finding_without_a_place_names_the_file_alone() -> None:
    """Nothing is annotated at a line that was never named."""
    found = Diagnostic("SPC002", "empty-file", Severity.WARNING, "empty", ())
    assert "::warning file=a.yaml,title=SPC002 empty-file::empty\n" == github.render(
        Report("a.yaml", "", (found,))
    )
