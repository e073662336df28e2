"""A spec's text with edits made: shown as a diff, and written in one step, comments and layout kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError
from orchestrator.cli.writing import write_whole

if TYPE_CHECKING:
    from orchestrator.cli.checking import Examined
    from orchestrator.diagnostics.model import Edit


@dataclass(frozen=True, slots=True)
class EditedSpec:
    """A spec file, its text as it was read, the edits, and the text as it is to be."""

    path: Path
    before: str
    edits: tuple[Edit, ...]
    after: str

    @property
    def diff(self) -> str:
        """The difference, empty where there is none."""
        from difflib import unified_diff

        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        lines = unified_diff(before, after, str(self.path), str(self.path))
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    def with_edits(self, edits: Sequence[Edit]) -> EditedSpec:
        """Return it with further edits. Raises `EditError` where they cannot be made."""
        from orchestrator.load.edits import apply_edits

        if not edits:  # also of a text that is no YAML
            return self
        after = apply_edits(self.after, edits)
        return EditedSpec(self.path, self.before, (*self.edits, *edits), after)

    def judged(self) -> Examined:
        """Return what there is to say about the new text."""
        from orchestrator.cli.checking import judged
        from orchestrator.load.loader import load_text

        return judged(load_text(self.after, file=str(self.path), folder=self.path.parent))

    def write(self) -> None:
        """Write the new text over the file.

        Raises `UserError` where the file says something else by now, or cannot be written.
        """
        if self.after == self.before:
            return
        if _text(self.path) != self.before:
            raise UserError(f"{self.path} was changed meanwhile and is left as it is; run it again")
        write_whole(self.path, self.after)


def edited(path: Path, edits: Sequence[Edit]) -> EditedSpec:
    """Return the spec with the edits made. Raises `UserError` where they cannot be."""
    from orchestrator.load.edits import EditError

    before = _text(path)
    try:
        return EditedSpec(path, before, (), before).with_edits(edits)
    except EditError as error:
        raise UserError(f"{path}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read again: {error}") from None
