"""What reaches the terminal: colour where there is one, one-line complaints on stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from shutil import get_terminal_size
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


class Progress:
    """Steps as lines; what goes on within one as a line that is written over, now and then in a pipe."""

    SECONDS_IN_A_PIPE = 15.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._last = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.close()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def detail(self, text: str) -> None:
        """Show the state of the step that was said last."""
        if self._live:
            self._stream.write(f"\r\x1b[K  {text[: get_terminal_size().columns - 3]}")
        elif time.monotonic() - self._last >= self.SECONDS_IN_A_PIPE:
            self._last = time.monotonic()
            self._stream.write(f"  {text}\n")
        self._stream.flush()

    def close(self) -> None:
        """Take the state away."""
        if self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
