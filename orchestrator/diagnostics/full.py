"""The framed form of a report: each finding with the lines of the user's file it speaks of.

Layout only; colour is applied through the `Style` that the caller passes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import TypeAlias

from orchestrator.diagnostics.model import Diagnostic, Severity, Span, spell
from orchestrator.diagnostics.report import Report
from orchestrator.diagnostics.source_text import printable, show, split_lines

_Mark: TypeAlias = tuple[Span, str, str]
"""A place, the sign that underlines it, and what is said of it."""

_NAMED = 5
"""Skipped rules of one reason that are named; of more, the codes are enough."""


def _plain(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Style:
    """How to emphasise a piece of text; the default leaves it as it is."""

    error: Callable[[str], str] = _plain
    warning: Callable[[str], str] = _plain
    frame: Callable[[str], str] = _plain
    strong: Callable[[str], str] = _plain


def render(report: Report, style: Style | None = None) -> str:
    """Return the findings framed one after the other, then what was skipped, then a count."""
    style = style or Style()
    source = split_lines(report.source)
    blocks = ["\n".join(_finding(d, report.file, source, style)) for d in report.diagnostics]
    if report.skipped:
        blocks.append("\n".join(_skipped(report)))
    blocks.append(summary(report, style))
    return "\n\n".join(blocks) + "\n"


def summary(report: Report, style: Style) -> str:
    """Return the closing line: errors, warnings, findings allowed and ignored, skipped rules."""
    parts = [_count(report.errors, "error"), _count(report.warnings, "warning")]
    if report.allowed:
        parts.append(f"{len(report.allowed)} allowed by the spec")
    if report.ignored:
        parts.append(f"{len(report.ignored)} ignored")
    if report.skipped:
        parts.append(f"{_count(len(report.skipped), 'rule')} not checked")
    text = f"{report.file}: {', '.join(parts)}"
    return style.error(text) if report.errors else style.strong(text)


def total(reports: Sequence[Report], style: Style) -> str:
    """Return the line that closes the reports of several files."""
    errors = sum(report.errors for report in reports)
    warnings = sum(report.warnings for report in reports)
    parts = [_count(errors, "error"), _count(warnings, "warning")]
    if ignored := sum(len(report.ignored) for report in reports):
        parts.append(f"{ignored} ignored")
    text = f"{_count(len(reports), 'file')}: {', '.join(parts)}"
    return f"{style.error(text) if errors else style.strong(text)}\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _finding(diagnostic: Diagnostic, file: str, source: list[str], style: Style) -> Iterator[str]:
    paint = style.error if diagnostic.severity is Severity.ERROR else style.warning
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]")
    yield f"{head} {style.strong(diagnostic.name)}: {printable(diagnostic.message)}"
    marks = _marks(diagnostic)
    width = len(str(max((span.line for span, _, _ in marks), default=1)))
    pad = " " * width
    place = f":{diagnostic.span.line}:{diagnostic.span.column}" if diagnostic.span else ""
    where = printable(spell(diagnostic.path))
    yield f"{pad}{style.frame('-->')} {file}{place}" + (f"  {where}" if where else "")
    yield from _frame(marks, source, width, style, paint)
    for label, text in _remarks(diagnostic):
        first, *rest = text.split("\n")
        yield f"{pad} {style.frame('=')} {label}: {printable(first)}"
        yield from (f"{pad}   {' ' * len(label)}  {printable(line)}" for line in rest)


def _frame(
    marks: list[_Mark], source: list[str], width: int, style: Style, paint: Callable[[str], str]
) -> Iterator[str]:
    """Yield each marked line once, and under it an underline for each of its marks."""
    bar = style.frame("|")
    if marks:
        yield f"{' ' * width} {bar}"
    previous = 0
    for number, group in groupby(marks, key=lambda mark: mark[0].line):
        if previous and number > previous + 1:
            yield style.frame("...")
        previous = number
        here = list(group)
        text = source[number - 1] if number <= len(source) else ""
        shown = show(text, here[0][0].column)
        yield f"{style.frame(str(number).rjust(width))} {bar} {shown.text}".rstrip()
        for span, sign, said in here:
            underline = shown.underline(span.column, span.end_column, sign)
            mark = paint(underline) if sign == "^" else style.frame(underline)
            yield f"{' ' * width} {bar} {mark}{' ' + printable(said) if said else ''}"


def _marks(diagnostic: Diagnostic) -> list[_Mark]:
    marks = [(related.span, "-", related.text) for related in diagnostic.related if related.span]
    if diagnostic.span:
        marks.append((diagnostic.span, "^", ""))
    return sorted(marks, key=lambda mark: (mark[0].line, mark[0].column, mark[1]))


def _remarks(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    if diagnostic.details:
        yield "details", "\n".join(diagnostic.details)
    if diagnostic.impact:
        because = f" ({diagnostic.because})" if diagnostic.because else ""
        yield "impact", f"{diagnostic.impact}{because}"
    if diagnostic.fix:
        yield "fix", diagnostic.fix.text
    yield "more", f"deploy explain {diagnostic.code}"


def _skipped(report: Report) -> Iterator[str]:
    for reason, rules in report.skipped_by_reason().items():
        yield f"not checked: {printable(reason)}"
        if len(rules) <= _NAMED:
            yield from (f"  {rule.code} {rule.name}" for rule in rules)
        else:
            codes = " ".join(rule.code for rule in rules)
            yield from wrap(codes, 100, initial_indent="  ", subsequent_indent="  ")
