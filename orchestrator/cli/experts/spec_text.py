"""A spec's text with edits made: shown as a diff, and written in one step, comments and layout kept."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.diagnostics.model import Edit


@dataclass(frozen=True, slots=True)
class EditedSpec:
    """A spec file, its text as it was read, and as it is to be."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """Return the difference, empty where there is none."""
        from difflib import unified_diff

        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = unified_diff(before, after, str(self.path), str(self.path))
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    def write(self) -> None:
        """Write the new text over the file.

        Raises `UserError` where the file says something else by now, or cannot be written.
        """
        if self.after == self.before:
            return
        if _text(self.path) != self.before:
            raise UserError(f"{self.path} was changed meanwhile and is left as it is; run it again")
        target = Path(os.path.realpath(self.path))
        beside = None
        try:
            with tempfile.NamedTemporaryFile(
                "wb", dir=target.parent, prefix=f".{target.name}.", delete=False
            ) as file:
                beside = Path(file.name)
                file.write(self.after.encode())
                os.fchmod(file.fileno(), target.stat().st_mode)
                os.fsync(file.fileno())
            beside.replace(target)
        except OSError as error:
            raise UserError(f"{self.path} cannot be written: {error.strerror}") from None
        finally:
            if beside:
                with contextlib.suppress(FileNotFoundError):
                    beside.unlink()


def edited(path: Path, edits: Iterable[Edit]) -> EditedSpec:
    """Return the spec with the edits made. Raises `UserError` where they cannot be."""
    from orchestrator.load.edits import EditError, apply_edits

    before = _text(path)
    try:
        return EditedSpec(path, before, apply_edits(before, edits))
    except EditError as error:
        raise UserError(f"{path}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read again: {error}") from None
