"""Whatever a file is called and a message says, the runner of GitHub Actions reads it back."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.diagnostics import github
from orchestrator.diagnostics.model import Diagnostic, Severity, Span
from orchestrator.diagnostics.report import Report
from orchestrator.diagnostics.source_text import printable

PARTS = ("%", ":", "::", ",", "=", "\r", "\n", "%0A", "%25", "%2C", " ")
TEXTS = st.lists(
    st.sampled_from(PARTS) | st.characters(codec="utf-8"), min_size=1, max_size=12
).map("".join)


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Return command, properties and message as actions/runner does (`ActionCommand.TryParseV2`)."""
    assert line.startswith("::")
    end = line.index("::", 2)
    command, _, listed = line[2:end].partition(" ")
    pairs = [pair.split("=", 1) for pair in listed.strip().split(",") if pair]
    return (
        command,
        {key: unescaped(value, ":,") for key, value in pairs},
        unescaped(line[end + 2 :]),
    )


def unescaped(text: str, more: str = "") -> str:
    for character in (*"\r\n", *more, "%"):
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def shown(text: str) -> str:
    return "".join(one if one in "\t\r\n" else printable(one) for one in text)


@given(file=TEXTS, messages=st.lists(TEXTS, min_size=1, max_size=3))
def test_the_runner_reads_what_was_said(file: str, messages: list[str]) -> None:
    """One line a finding, its properties and its message as they were, but for control characters."""
    found = [
        Diagnostic("EXP401", "x", Severity.WARNING, message, (), span=Span(number, 2, 3))
        for number, message in enumerate(messages, start=1)
    ]
    *lines, last = github.render(Report(file, "", tuple(found))).split("\n")
    assert ("", len(messages)) == (last, len(lines))
    for number, (line, message) in enumerate(zip(lines, messages, strict=True), start=1):
        assert "\r" not in line
        command, properties, said = read(line)
        assert ("warning", shown(message)) == (command, said)
        place = {"line": str(number), "endLine": str(number), "col": "2", "endColumn": "3"}
        assert {"file": shown(file), "title": "EXP401 x", **place} == properties
