"""Python's own audit events as a tripwire: code run under it may read files and nothing else.

A hook once added stays for the life of the process, so it is silent outside `watched`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FORBIDDEN = (
    *("subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "pty."),
    *("socket.", "ctypes.", "pickle.find_class", "urllib.", "http.", "signal.pthread_kill"),
    *(
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.mkdir",
        "os.chmod",
        "os.chown",
        "os.link",
        "os.symlink",
    ),
    *(
        "os.truncate",
        "os.kill",
        "os.putenv",
        "os.chdir",
        "shutil.",
        "tempfile.",
        "code.",
        "sys.settrace",
    ),
)
"""Beginnings of the names of audit events (Python's "Audit events table")."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Tripped(BaseException):
    """Something was run or written, or did not end; no `except Exception` keeps it from the test."""


_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is None:
        return
    text = ""
    if event.startswith(_FORBIDDEN):
        text = f"{event}{arguments!r}"
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        text = f"open for writing: {arguments[0]!r}"
    elif event == "exec" and arguments[0].co_filename in ("<string>", "<stdin>", "<unknown>"):
        # Modules that are loaded late come from files, and jinja2 calls our own templates so.
        text = f"exec{arguments!r}"
    if text:
        _seen.append(text)
        raise Tripped(text)


@contextmanager
def watched(seconds: int) -> Iterator[None]:
    """Raise `Tripped` where the block runs or writes something, or takes longer; main thread only."""
    global _seen  # noqa: PLW0603 - the hook cannot be given anything else
    if _hook not in _hooks:
        _hooks.append(_hook)
        sys.addaudithook(_hook)

    def late(*_: object) -> None:
        raise Tripped(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    _seen = seen = []
    try:
        yield
    finally:
        _seen = None
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if seen:  # raised, and swallowed on the way
        raise Tripped(seen[0])


_hooks: list[Any] = []
