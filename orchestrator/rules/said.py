"""A finding that a cluster or a node gave, from the page of its code: texts are there, numbers here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from orchestrator.diagnostics.model import Diagnostic, FieldPath, Fix, Impact, Severity

Word: TypeAlias = tuple[str, str, Severity, Impact, str, str]
"""Code, name, severity, impact, because, and the page's text."""

_HOW_TO_FIX = "## How to fix\n"


def said(words: Sequence[Word], name: str, text: str, at: FieldPath, fix: str = "") -> Diagnostic:
    """Return the finding of that name; without a fix of its own it has the page's first sentence."""
    code, _, severity, impact, because, page = next(word for word in words if word[1] == name)
    if not fix:
        sentence = page.partition(_HOW_TO_FIX)[2].strip().replace("\n", " ").partition(". ")[0]
        fix = sentence[0].lower() + sentence[1:].removesuffix(".")
    return Diagnostic(code, name, severity, text, at, impact=impact, because=because, fix=Fix(fix))
