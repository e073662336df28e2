"""Notes which environment variables are read while modules are imported.

What an import has read cannot be set afterwards: such a request needs a process of its own.
"""

from __future__ import annotations

import os
from typing import Any

_read: set[str] = set()
_told: set[str] = set()


def newly_read() -> list[str]:
    """Return the names read since the last call."""
    new = _read - _told
    _told.update(new)
    return sorted(new)


def watch() -> None:
    """Note every variable this process reads from now on; a forked child notes into its copy."""
    kind: Any = type(os.environ)
    look_up = kind.__getitem__

    def noting(self: Any, name: str) -> str:
        _read.add(name)
        return str(look_up(self, name))

    kind.__getitem__ = noting
