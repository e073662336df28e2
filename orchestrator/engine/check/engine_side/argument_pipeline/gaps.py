"""Tells what this check lacks from what the engine objects to, and words either."""

from __future__ import annotations

import traceback

from .gpu import NotHere

# What the check lacks and a pod has: files, the hub, another package.
KINDS = (ImportError, OSError)
MODULES = ("huggingface_hub", "torch")


def is_gap(error: BaseException) -> bool:
    """Return whether `error` says what this machine lacks, not what the engine objects to."""
    module = type(error).__module__.partition(".")[0]
    return isinstance(error, (*KINDS, NotHere)) or module in MODULES


def told(error: BaseException) -> str:
    """Return kind and text of `error`; for a bare one the line of the engine that raised it."""
    text = str(error).strip()
    if isinstance(error, NotHere):
        return f"needs {text}, which only a real machine has"
    if not text:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = last.filename.rpartition("sglang/")[2]
        text = f"{last.line} ({place}:{last.lineno})"
    return f"{type(error).__name__}: {text}"
