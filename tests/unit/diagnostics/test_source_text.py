"""Lines of the user's file, as they are counted and as they are shown."""

import pytest

from orchestrator.diagnostics.source_text import LENGTH, line_end, next_line, show, split_lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb\rc\n", ["a", "b", "c"]),
        ("a\x85b\u2028c\u2029d", ["a", "b", "c", "d"]),
        ("a\x0bb\x0cc\x1cd", ["a\x0bb\x0cc\x1cd"]),
    ],
)
def test_lines_break_where_yaml_breaks_them(text: str, lines: list[str]) -> None:
    """Line numbers of the parser and of the frame agree, unlike those of `str.splitlines`."""
    assert lines == split_lines(text)


def test_ends_of_a_line() -> None:
    """The end of a line is before its break, the next line after it, CRLF being one break."""
    assert (2, 4) == (line_end("ab\r\ncd", 1), next_line("ab\r\ncd", 1))
    assert (6, 6) == (line_end("ab\r\ncd", 4), next_line("ab\r\ncd", 4))


@pytest.mark.parametrize(
    ("line", "column", "end", "text", "underline"),
    [
        ("name: x", 7, 8, "name: x", "      ^"),
        ("\tname: x", 8, 9, "    name: x", "          ^"),
        ("ab\tc: x", 4, 5, "ab  c: x", "    ^"),
        ("日本: x", 5, 6, "日本: x", "      ^"),
        ("日本: x", 1, 3, "日本: x", "^^^^"),
        ("e\u0301: x", 5, 6, "e\u0301: x", "   ^"),
        ("a\x1b[31m: x", 9, 10, "a\N{REPLACEMENT CHARACTER}[31m: x", "        ^"),
        ("a:\N{NO-BREAK SPACE}b", 3, 4, "a:\N{REPLACEMENT CHARACTER}b", "  ^"),
        ("a", 5, 9, "a", " ^"),
        ("", 1, 2, "", "^"),
    ],
)
def test_underline_stands_under_its_characters(
    line: str, column: int, end: int, text: str, underline: str
) -> None:
    """Tabs, wide and combining characters shift the underline as they shift the text."""
    shown = show(line, column)
    assert (text, underline) == (shown.text, shown.underline(column, end, "^"))


@pytest.mark.parametrize("at", [0, 3, 5_000, 9_990])
def test_long_line_is_cropped_around_its_mark(at: int) -> None:
    """What is marked stays in view, under its own characters, whatever the line's length."""
    line = "-" * at + "HERE" + "-" * (9_996 - at)
    shown = show(line, at + 1)
    underline = shown.underline(at + 1, at + 5, "^")
    assert len(shown.text) <= LENGTH + 2
    assert shown.text[underline.index("^") :].startswith("HERE")
    assert "^^^^" == underline.strip()


def test_mark_outside_the_cropped_part_is_at_its_edge() -> None:
    """A second mark far to the right is shown at the end rather than far outside the frame."""
    shown = show("x" * 10_000, 1)
    assert LENGTH == len(shown.underline(9_000, 9_001, "-")) - 1
