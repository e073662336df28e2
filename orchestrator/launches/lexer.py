"""Shell text into words and operators; words keep their parts, because a variable may be set later.

Quotes, continuations, comments, variables and here-documents of POSIX shell; expands nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.launches.model import UnreadableCommandError

OPERATOR = re.compile(r"&>>|\d*[<>]&[-\d]*|<<<|<<-?|&&|\|\||;;|&>|\d*>>|\d*[<>]|[;&|()\n]")
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(\[[@*]\])?(?::?-([^{}]*))?\})")
PLACEHOLDER = re.compile(r"<[A-Za-z][\w .-]*>")
"""What a page leaves to its reader, as in `<HEAD_IP>:20000`; to a shell it would be a redirection."""
UNKNOWN = re.compile(r"\$\{[^}]*\}|\$[\d@*#?$!-]")
PLAIN = re.compile(r"[^\s\\'\"$`;&|()<>]+")
HEREDOC = ("<<", "<<-")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a word: text, or a `variable` with its default; `raw` is how it is written."""

    raw: str
    quoted: bool
    variable: str | None = None
    default: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Token:
    """A word (`parts`) or an operator, and its line."""

    line: int
    operator: str = ""
    parts: tuple[Part, ...] = ()


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a file; raises `UnreadableCommandError` naming the line of an open quote."""
    return _Lexer(text).tokens()


def quoted_parts(text: str) -> tuple[Part, ...]:
    """Return the parts of a text as inside double quotes, e.g. of a variable's default."""
    return tuple(_Lexer(text).dollars(text))


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._heredocs: list[str] = []

    def tokens(self) -> Iterator[Token]:
        pending = False
        while self._at < len(self._text):
            if self._skips_blank():
                continue
            line = self._line
            placeholder = PLACEHOLDER.match(self._text, self._at)
            found = None if placeholder else OPERATOR.match(self._text, self._at)
            if found:
                self._take(found.end())
                yield Token(line, operator=found.group())
                pending = found.group() in HEREDOC
                if found.group() == "\n":
                    self._skip_heredocs()
                continue
            parts = tuple(self._word())
            if pending:
                self._heredocs.append("".join(part.raw for part in parts))
                pending = False
            yield Token(line, parts=parts)

    def _take(self, end: int) -> str:
        taken = self._text[self._at : end]
        self._line += taken.count("\n")
        self._at = end
        return taken

    def _skips_blank(self) -> bool:
        text, at = self._text, self._at
        if text[at] in " \t\r":
            self._take(at + 1)
        elif text.startswith(("\\\n", "\\\r\n"), at):
            self._take(text.index("\n", at) + 1)
        elif text[at] == "#":
            end = text.find("\n", at)
            self._take(len(text) if end < 0 else end)
        else:
            return False
        return True

    def _skip_heredocs(self) -> None:
        for name in self._heredocs:
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                read = self._take(len(self._text) if end < 0 else end + 1)
                if read.strip() == name:
                    break
        self._heredocs = []

    def _word(self) -> Iterator[Part]:
        text = self._text
        while self._at < len(text):
            here = text[self._at]
            if text.startswith(("\\\n", "\\\r\n"), self._at):
                self._take(text.index("\n", self._at) + 1)
            elif here == "\\":
                yield Part(self._take(self._at + 2)[1:], quoted=True)
            elif here == "'":
                yield Part(self._take(self._closing("'"))[1:-1], quoted=True)
            elif here == '"':
                inside = self._take(self._closing('"'))[1:-1]
                yield Part("", quoted=True)
                yield from self.dollars(inside)
            elif here in "$`":
                part, end = self._dollar(text, self._at, quoted=False)
                self._take(end)
                yield part
            elif found := PLACEHOLDER.match(text, self._at):
                yield Part(self._take(found.end()), quoted=True, known=False)
            elif here in " \t\r\n;&|()<>":
                return
            else:
                plain = PLAIN.match(text, self._at)
                yield Part(self._take(plain.end() if plain else self._at + 1), quoted=False)

    def _closing(self, quote: str) -> int:
        at, text = self._at + 1, self._text
        while at < len(text) and text[at] != quote:
            at += 2 if text[at] == "\\" and quote == '"' else 1
        if at >= len(text):
            raise UnreadableCommandError(f"line {self._line}: the quote {quote} is never closed")
        return at + 1

    def dollars(self, text: str) -> Iterator[Part]:
        """Yield the parts of what stands inside double quotes."""
        at, plain = 0, ""
        while at < len(text):
            if text[at] == "\\" and text[at + 1 : at + 2] in ("$", "`", '"', "\\", "\n"):
                plain += "" if text[at + 1] == "\n" else text[at + 1]
                at += 2
            elif text[at] in "$`":
                if plain:
                    yield Part(plain, quoted=True)
                plain = ""
                part, at = self._dollar(text, at, quoted=True)
                yield part
            else:
                plain, at = plain + text[at], at + 1
        if plain:
            yield Part(plain, quoted=True)

    def _dollar(self, text: str, at: int, *, quoted: bool) -> tuple[Part, int]:
        """Return the part that begins with `$` or a backtick, and where it ends."""
        if found := VARIABLE.match(text, at):
            plain, braced, _, default = found.groups()
            return Part(found.group(), quoted, plain or braced, default), found.end()
        if found := UNKNOWN.match(text, at):
            return Part(found.group(), quoted, known=False), found.end()
        end = self._substitution(text, at)
        if end is None:
            return Part(text[at], quoted), at + 1
        return Part(text[at:end], quoted, known=False), end

    def _substitution(self, text: str, at: int) -> int | None:
        """Return the end of `$(...)` or of backticks, `None` for a lone dollar."""
        line = self._line
        if text[at] == "`":
            end = text.find("`", at + 1)
            if end < 0:
                raise UnreadableCommandError(f"line {line}: the quote ` is never closed")
            return end + 1
        if not text.startswith("$(", at):
            return None
        depth = 0
        for index in range(at + 1, len(text)):
            depth += {"(": 1, ")": -1}.get(text[index], 0)
            if depth == 0:
                return index + 1
        raise UnreadableCommandError(f"line {line}: $( is never closed")
