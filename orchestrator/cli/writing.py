"""Files that a command writes for its user: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.cli.terminal import UserError


def write_whole(path: Path, text: str) -> None:
    """Write a file, or leave the old one as it is; raises `UserError` where that is impossible.

    A link is followed, and an old file's permissions are kept.
    """
    import tempfile

    try:
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            part = Path(folder) / target.name
            with part.open("xb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                part.chmod(target.stat().st_mode)
            part.replace(target)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
