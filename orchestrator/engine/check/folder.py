"""Builds a folder once, whole or not at all, whoever asks first and however often it is killed.

Locks and renames only; what goes into the folder is the caller's business.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go of it when this process ends, however it ends."""
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_once(target: Path, build: Callable[[Path], None]) -> bool:
    """Return whether `target` had to be built: `build` fills an empty folder, which becomes `target`.

    `target` exists only when its building came to an end. Whatever `build` raises passes through,
    and nothing of the attempt stays.
    """
    if target.is_dir():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_name(f"{target.name}.lock")):
        if target.is_dir():
            return False
        for abandoned in target.parent.glob(f"{target.name}.*.part"):
            shutil.rmtree(abandoned)
        part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
        try:
            build(part)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return True
