"""A spec with edits made in its text, and what the rules say of the result; writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.model import Edit
from orchestrator.diagnostics.report import Report
from orchestrator.load.loader import Loaded


@dataclass(frozen=True, slots=True)
class Edited:
    """The text of a spec before and after its edits, and the report of the edited one."""

    path: Path
    before: str
    after: str
    edits: tuple[Edit, ...]
    report: Report

    @property
    def refused(self) -> bool:
        """Whether the edited spec has errors, old ones included."""
        return bool(self.report.errors)

    @property
    def diff(self) -> str:
        """What the edits change, as a unified diff."""
        name = str(self.path)
        lines = (self.before.splitlines(keepends=True), self.after.splitlines(keepends=True))
        return "".join(
            line if line.endswith("\n") else f"{line}\n"
            for line in unified_diff(*lines, name, name)
        )


def edited(path: Path, loaded: Loaded, edits: Sequence[Edit]) -> Edited:
    """Return the spec at `path`, which was read as `loaded`, with the edits made.

    Raises `UserError` where it changed meanwhile, or cannot be edited by machine.
    """
    from orchestrator.facts.gather import gather
    from orchestrator.load.edits import EditError, apply_edits
    from orchestrator.load.loader import load_text
    from orchestrator.rules.book import RULES
    from orchestrator.rules.check import check

    before = path.read_bytes().decode()
    if before.removeprefix("\ufeff") != loaded.text:
        raise UserError(f"{path} changed while it was read; try again")
    try:
        after = apply_edits(before, edits)
    except EditError as error:
        raise UserError(f"{path}: {error}") from None
    result = load_text(after, file=loaded.file, folder=loaded.folder)
    facts = gather(result.spec, result.folder) if result.spec else None
    return Edited(path, before, after, tuple(edits), check(result, facts, RULES).report)
