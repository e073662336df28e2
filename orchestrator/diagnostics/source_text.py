"""Lines of the user's file: where they break, and how they look in a terminal.

Lines break where YAML breaks them, so that a parser's line numbers and these agree.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
TAB = 4
"""Columns that a tab advances to the next multiple of."""

LENGTH = 160
"""Characters of a line that are shown at once; longer lines are cropped around their marks."""


def split_lines(text: str) -> list[str]:
    """Return the lines without their breaks; a final break opens no further line."""
    lines = _BREAK.split(text)
    if lines[-1] == "":
        lines.pop()
    return lines


def line_end(text: str, index: int) -> int:
    """Return the index at which the line that holds `index` ends, before its break."""
    found = _BREAK.search(text, index)
    return found.start() if found else len(text)


def next_line(text: str, index: int) -> int:
    """Return the index at which the line after the one that holds `index` begins."""
    found = _BREAK.search(text, index)
    return found.end() if found else len(text)


def on_one_line(text: str) -> str:
    """Return the text with its line breaks as double quotes would spell them."""
    return _BREAK.sub(lambda found: json.dumps(found[0])[1:-1], text)


def printable(text: str) -> str:
    """Return the text with everything replaced that would move a terminal's cursor or colour it."""
    return "".join(_cell(character, 0) for character in text)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as shown, and where the characters of the file's line stand in it.

    `offsets` are the terminal columns (from 0) of the characters from number `first` on.
    """

    text: str
    first: int
    offsets: tuple[int, ...]

    def underline(self, column: int, end_column: int, sign: str) -> str:
        """Return the signs under the characters from `column` (from 1) to before `end_column`."""
        start, end = self._offset(column), self._offset(end_column)
        return " " * start + sign * max(1, end - start)

    def _offset(self, column: int) -> int:
        index = column - 1 - self.first
        return self.offsets[min(max(index, 0), len(self.offsets) - 1)]


def show(line: str, column: int) -> ShownLine:
    """Return the line with tabs expanded and unprintable characters replaced.

    A line of more than `LENGTH` characters is cropped so that `column` (from 1) is in view.
    """
    first = max(0, min(column - 1 - LENGTH // 4, len(line) - LENGTH))
    cells = ["…"] if first else []
    offsets = [len(cells)]
    for character in line[first : first + LENGTH]:
        cells.append(_cell(character, offsets[-1]))
        offsets.append(offsets[-1] + _columns(cells[-1]))
    cells += ["…"] if first + LENGTH < len(line) else []
    return ShownLine("".join(cells), first, tuple(offsets))


def _cell(character: str, offset: int) -> str:
    if character == "\t":
        return " " * (TAB - offset % TAB)
    if character.isprintable() or unicodedata.combining(character):
        return character
    return "\N{REPLACEMENT CHARACTER}"


def _columns(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
