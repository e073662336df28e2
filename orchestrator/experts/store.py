"""Puts a file into a folder under its final name: whole or not at all, and never over another one.

Stands alone: the text of this module is also what runs in the pod that writes to a claim.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import uuid
from pathlib import Path
from typing import BinaryIO

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_CHUNK = 1024 * 1024
_MODE = 0o444
"""Readable by whoever runs the engine, and writable by nobody."""


class StoreError(Exception):
    """The file is not there under its name; the text says why."""


def put(source: Path, target: Path, sha256: str) -> bool:
    """Make `target` hold the bytes of `source`, and return whether it did not before.

    Whenever it is interrupted, `target` is whole or absent, and doing it again goes on. Raises
    StoreError where `source` has another SHA-256, where other bytes are under that name already,
    which stay, and where the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = not _holds(target, sha256) and _written(source, target, sha256)
        # What an interrupted run left; a run beside this one then finds the name given by this one.
        for left in target.parent.iterdir():
            if left.name.startswith(f".{target.name}.") and left.suffix == ".partial":
                left.unlink(missing_ok=True)
        _sync(target.parent)
    except OSError as error:
        raise StoreError(f"{error.filename or target}: {error.strerror}") from None
    return fresh


def _holds(target: Path, sha256: str) -> bool:
    """Return whether the file is there; raises StoreError where something else is."""
    if not os.path.lexists(target):
        return False
    if not target.is_file():
        raise StoreError(f"{target} is there already and is no file; it was left as it is")
    with target.open("rb") as file:
        found = _digest(file)
    if found != sha256:
        raise StoreError(
            f"{target} is there already with SHA-256 {found}, not {sha256}; it was left as it is"
        )
    return True


def _written(source: Path, target: Path, sha256: str) -> bool:
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")
    try:
        with source.open("rb") as read, beside.open("x+b") as file:
            while block := read.read(_CHUNK):
                file.write(block)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
            file.seek(0)
            found = _digest(file)
        if found != sha256:
            raise StoreError(f"{source} has SHA-256 {found}, not {sha256}: it changed meanwhile")
        return _named(beside, target, sha256)
    finally:
        beside.unlink(missing_ok=True)


def _named(beside: Path, target: Path, sha256: str) -> bool:
    """Give the whole file its name, which a link does only where nothing has it yet."""
    try:
        os.link(beside, target)
    except OSError as error:
        if _holds(target, sha256):  # a run beside this one was first
            return False
        if error.errno not in _NO_LINKS:
            raise
        # Some network and object stores have no links. What could come between looking and renaming
        # is a run beside this one alone, and the name holds the digest of what both write.
        beside.rename(target)
    return True


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_CHUNK):
        digest.update(block)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def main(source: str, target: str, sha256: str, said: str) -> int:
    """Put the file, and write its digest, or why it is not there, to `said`."""
    try:
        put(Path(source), Path(target), sha256)
        code, text = 0, sha256
    except StoreError as error:
        code, text = 1, str(error)
    sys.stderr.write(f"{text}\n")
    Path(said).write_text(text, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
