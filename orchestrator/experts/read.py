"""Reads an expert-distribution file as SGLang's `--init-expert-location` would, without torch.

Opens and bounds the file; the formats, the forms and the sums have their own modules, and whether a
file fits a model is decided elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from orchestrator.experts.expert_file import ExpertFile, ExpertFileFault, ExpertFileKind, Fault
from orchestrator.experts.forms import interpreted
from orchestrator.experts.json_file import load_json
from orchestrator.experts.limits import DEFAULT_LIMITS, ExpertFileError, Limits
from orchestrator.experts.torch_file.archive import ReadAt
from orchestrator.experts.torch_file.load import load


def read_expert_file(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> ExpertFile:
    """Return what the `.pt` or `.json` file at `path` holds.

    The forms and their order are those of srt/eplb/expert_location.py and
    srt/eplb/expert_distribution.py in SGLang 0.5.23. Nothing in the file is executed, and memory
    stays that of one step, however many steps it has.

    Raises `ExpertFileError`, and nothing else, where the file cannot be read as one of them; what
    is odd about a file that can be read is in `ExpertFile.faults`.
    """
    with opened(path) as file:
        data, faults = loaded(path, file, limits)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
        found = ExpertFile(path, digest, size, ExpertFileKind.UNKNOWN, faults=faults)
        return interpreted(found, data, limits)


@contextmanager
def opened(path: Path) -> Iterator[FileIO]:
    """Keep the file open for as long as its tables are read; any `OSError` is an `ExpertFileError`."""
    with _open(path) as file:
        try:
            yield file
        except OSError as error:
            raise ExpertFileError(f"the file cannot be read: {error.strerror}") from None


def _open(path: Path) -> FileIO:
    try:
        return open(path, "rb", buffering=0, opener=_open_without_waiting)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ExpertFileError(f"the file cannot be opened: {reason}") from None


def _open_without_waiting(path: str, flags: int) -> int:
    """Open like `open`, but do not wait for a writer where the path is a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def loaded(path: Path, file: FileIO, limits: Limits) -> tuple[Any, tuple[Fault, ...]]:
    """Return the file's data, a `Table` for each tensor, and what is wrong with its bytes.

    Raises `ExpertFileError`. The tables are read from the file only when they are asked.
    """
    status = os.fstat(file.fileno())
    size = status.st_size
    if not stat.S_ISREG(status.st_mode):
        raise ExpertFileError("this is no regular file")
    if size > limits.max_file_bytes:
        raise ExpertFileError(
            f"the file has {size:,} bytes, more than {limits.max_file_bytes:,}: "
            "sum the recording over its steps"
        )
    read = _reader(file.fileno())
    if path.name.endswith(".pt"):
        saved = load(read, size, limits)
        return saved.data, (_checksum_fault(saved.damaged),) if saved.damaged else ()
    if path.name.endswith(".json"):
        return load_json(read(0, min(size, limits.max_json_bytes + 1)), limits), ()
    raise ExpertFileError(
        "the file's name ends in neither `.pt` nor `.json`: SGLang would take the path itself "
        "for JSON; rename the file"
    )


def _reader(descriptor: int) -> ReadAt:
    """Return a reader of byte ranges.

    Not a memory map: its pages would count as the process's own memory, and a file that shrinks
    meanwhile would kill the process instead of raising.
    """

    def read(start: int, size: int) -> bytes:
        parts = []
        while size:
            part = os.pread(descriptor, size, start)
            if not part:
                raise ExpertFileError(f"the file ends at byte {start:,} while it is being read")
            parts.append(part)
            start, size = start + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    return read


def _checksum_fault(names: tuple[str, ...]) -> Fault:
    return Fault(
        ExpertFileFault.CHECKSUM,
        f"{len(names):,} zip entries ({', '.join(names[:3])}) do not have the checksum they were "
        "saved with: the file was damaged, or written with torch's CRC-32 switched off",
    )
