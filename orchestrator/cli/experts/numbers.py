"""Whole numbers on a command line: within bounds, or refused in one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def whole(least: int, most: int, hint: str = "") -> Callable[[str], int]:
    """Return a type of whole numbers within bounds, for argparse."""

    def number(word: str) -> int:
        if word.isdecimal() and len(word) <= len(str(most)) and least <= int(word) <= most:
            return int(word)
        raise argparse.ArgumentTypeError(
            f"{word!r} is no whole number from {least} to {most:,}{hint}"
        )

    return number
