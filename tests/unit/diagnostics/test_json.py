"""The machine form of a report is JSON that a terminal can show and any encoding can carry."""

import json

import pytest

from orchestrator.diagnostics.json import spelled


@pytest.mark.parametrize(
    "text", ["\x7f", "\x85", "\x9b31m", "\u2028", "\u202e", "\ud800", "\U000e0001"]
)
def test_what_is_not_printable_is_escaped_and_read_as_it_was(text: str) -> None:
    """Control characters of the second set, line breaks of Unicode and lone surrogates are escapes."""
    written = spelled({text: [text, "é 日本 😀 ×"]})
    assert written.replace("\n", "").isprintable()
    assert "é 日本 😀 ×" in written
    assert {text: [text, "é 日本 😀 ×"]} == json.loads(written)
