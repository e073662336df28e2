"""Builds a folder once, whole or not at all, whoever asks first and however often it is killed.

Locks, renames and sizes only; what goes into a folder is the caller's business.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, shared: bool = False, busy: Callable[[], object]) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go of it when this process ends, however it ends.

    `busy` is called where another process holds it, before waiting for that one; it may raise.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            busy()
            fcntl.flock(file, kind)
        yield


def build_once(
    target: Path, build: Callable[[Path], None], *, busy: Callable[[], object] = lambda: None
) -> bool:
    """Return whether `target` had to be built: `build` fills an empty folder, which becomes `target`.

    `target` exists only when its building came to an end. Whatever `build` raises passes through,
    and nothing of the attempt stays. `busy` is called before waiting for another builder.
    """
    if target.is_dir():
        return False
    with locked(target.with_name(f"{target.name}.lock"), busy=busy):
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


def remove(target: Path) -> None:
    """Remove a built folder; it is gone at once, so that a killed removal leaves no half of it."""
    part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    target.rename(part)
    shutil.rmtree(part)


def disk_mib(folder: Path) -> float:
    """Return what the files below `folder` take on disk, in MiB."""
    blocks = (path.lstat().st_blocks for path in folder.rglob("*"))
    return sum(blocks) * 512 / 2**20
