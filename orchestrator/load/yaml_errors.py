"""What a YAML syntax error means to the person who wrote the file.

Translates libyaml's words and marks; finds no errors itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from orchestrator.diagnostics.model import Diagnostic, Related, Span
from orchestrator.diagnostics.source_text import split_lines
from orchestrator.load.problems import unreadable

MAX_NODES = 100_000
"""A spec of 500 pools has about 250,000 characters and 16,000 values."""

MAX_DEPTH = 100
"""Far more than a spec or a pod's affinity nests; unbounded nesting exhausts the stack."""

_OPENERS = {"[": "the bracket", "{": "the brace", '"': "the quote", "'": "the quote"}

_MEANINGS = (
    (
        ("mapping values are not allowed",),
        "a `:` stands where no key can end",
        "quote a value that holds `: `, or line this key up with the ones above",
    ),
    (
        ("end of stream", "quoted"),
        "the quote is never closed",
        "close the quote",
    ),
    (
        ("quoted", "escape"),
        "a backslash in double quotes begins an escape, and this is none",
        r"use single quotes, or write `\\` for a backslash",
    ),
    (
        ("hexdecimal",),
        "a backslash in double quotes begins an escape, and this is none",
        r"use single quotes, or write `\\` for a backslash",
    ),
    (
        ("did not find expected key",),
        "no key can begin here",
        "line it up with the keys above; or a quote or bracket above it is missing",
    ),
    (
        ("could not find expected ':'",),
        "a key without `:` stands above this line",
        "write `key: value`",
    ),
)
"""Words of libyaml, what they mean, and what mends it."""


def position(text: str, index: int) -> Span:
    """Return the place of one character; what lies behind the last line is shown at its end."""
    lines = split_lines(text[:index] + "x")
    line, column = len(lines), len(lines[-1])
    if index >= len(text) or not text[index:].strip():
        kept = split_lines(text.rstrip()) or [""]
        line, column = len(kept), len(kept[-1]) + 1
    return Span(line, column, column + 1)


def syntax_error(error: yaml.MarkedYAMLError, text: str, brackets: Sequence[int]) -> Diagnostic:
    """Return the finding at the error's mark, with the place where the broken thing began.

    `brackets` are the indices of the brackets and braces that are open at the error.
    """
    mark = error.problem_mark or error.context_mark
    index = min(mark.index, len(text)) if mark else 0
    said, fix = _explained(error, text[index : index + 1], bool(brackets))
    opener = brackets[-1] if brackets else None
    if "quoted" in (error.context or "") and error.context_mark:
        opener = error.context_mark.index
    related: tuple[Related, ...] = ()
    if opener is not None and (name := _OPENERS.get(text[opener : opener + 1])):
        related = (Related((), f"{name} opens here", position(text, opener)),)
    return unreadable(said, fix=fix, span=position(text, index), related=related)


def too_large(span: Span, depth: int) -> Diagnostic:
    """Return the finding that a value nests too deeply, or that there are too many of them."""
    deep = depth > MAX_DEPTH
    return unreadable(
        f"the file nests more than {MAX_DEPTH} levels deep"
        if deep
        else f"the file holds more than {MAX_NODES:,} values",
        fix="close the brackets or aliases that open here"
        if deep
        else "write values out instead of repeating them through aliases",
        span=span,
    )


def _explained(error: yaml.MarkedYAMLError, character: str, inside: bool) -> tuple[str, str]:
    """Return what is wrong and what mends it; `inside` is whether a bracket is open."""
    told = f"{error.problem or 'this is not YAML'} {error.context or ''}".rstrip()
    if "cannot start any token" in told:
        if character == "\t":
            return "a tab stands where YAML wants spaces", "indent with spaces"
        return f"`{character}` cannot begin a value", "put the value in quotes"
    if inside and "expected" in told and "quoted" not in told:
        return "`,` or a closing bracket is missing here", "close the bracket"
    for words, said, fix in _MEANINGS:
        if all(word in told for word in words):
            return said, fix
    return told, "mend the YAML here; a missing quote, bracket or indent above is the usual cause"
