"""Texts that are text: finds and reads the files of `templates/`, in a wheel or in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def template(name: str) -> str:
    """Return the text of one template; a wheel carries the folder as package data."""
    package = Path(__file__).parent
    packed = package / "_templates" / name
    return (packed if packed.exists() else package.parent / "templates" / name).read_text("utf-8")
