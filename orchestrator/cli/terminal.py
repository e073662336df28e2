"""What reaches the terminal: colour where there is one, one-line complaints on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TextIO

from orchestrator.diagnostics.full import Style


class UserError(Exception):
    """The command cannot be carried out as given; the message is one line for the user."""


def complain(message: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"deploy: {message}\n")


def style(stream: TextIO) -> Style:
    """Return colours for a terminal, and none for a pipe, a dumb terminal or `NO_COLOR`."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return Style()
    return Style(error=_sgr("1;31"), warning=_sgr("1;33"), frame=_sgr("34"), strong=_sgr("1"))


def _sgr(code: str) -> Callable[[str], str]:
    return lambda text: f"\x1b[{code}m{text}\x1b[0m"
