"""Notes which environment variables are asked for by name while modules are imported.

What an import has read cannot be set afterwards: such a request needs a process of its own. Code
that walks through all variables, as to copy them, asks for none: its line is known by reading a decoy.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from types import CodeType
from typing import Any

# No code knows this name: who reads it reads everything there is.
DECOY = "ARGUMENT_PIPELINE_DECOY"
# Where `os.environ` and the views on it are written; the reader is who called them.
BETWEEN = ("os", "collections.abc")

_read: dict[tuple[CodeType, int], set[str]] = defaultdict(set)
_told: set[str] = set()


def newly_read() -> list[str]:
    """Return the names asked for since the last call."""
    named = (names for names in _read.values() if DECOY not in names)
    new = set[str]().union(*named) - _told
    _told.update(new)
    return sorted(new)


def watch() -> None:
    """Note every variable this process reads from now on; a forked child notes into its copy."""
    os.environ[DECOY] = ""
    kind: Any = type(os.environ)
    look_up = kind.__getitem__

    def noting(self: Any, name: str) -> str:
        reader = sys._getframe(1)  # noqa: SLF001 - no other way to the caller
        while reader.f_back and reader.f_globals.get("__name__") in BETWEEN:
            reader = reader.f_back
        _read[reader.f_code, reader.f_lineno].add(name)
        return str(look_up(self, name))

    kind.__getitem__ = noting
