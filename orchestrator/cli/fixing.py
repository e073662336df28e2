"""`--fix` and `--diff`: the edits that are safe to make by machine, as many at once as go together.

Edits stay only where the edited spec has fewer findings, none that is new, and no rule less that is checked.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from orchestrator.cli.checking import Examined
from orchestrator.cli.spec_text import EditedSpec, edited
from orchestrator.cli.terminal import UserError
from orchestrator.diagnostics.model import FieldPath

if TYPE_CHECKING:
    from orchestrator.diagnostics.model import Diagnostic
    from orchestrator.rules.selection import Selection

_Place: TypeAlias = tuple[str, FieldPath]
"""What findings are counted by across edits; a message may change with other numbers."""

_Key: TypeAlias = tuple[str, FieldPath, str]
"""What one finding is known by: its place and its message."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A spec's text with edits, the findings that they mended, and what there is to say of the result.

    `left` holds the findings whose edits were not made, by the reason.
    """

    spec: EditedSpec
    mended: tuple[Diagnostic, ...]
    examined: Examined
    left: Mapping[_Key, str] = field(default_factory=dict)


def mend(path: Path, about: Selection) -> Mended:
    """Return the spec at `path` with every safe edit made; nothing is written. Raises `UserError`.

    Ends when a round over all that is left makes no edit, so that a second run makes none either.
    """
    from orchestrator.load.loader import STDIN

    if path == STDIN:
        raise UserError("--fix and --diff edit files; standard input is none")
    spec = edited(path, ())
    state = Mended(spec, (), spec.judged())
    while True:
        left: dict[_Key, str] = {}
        keys = [_key(one) for one in _fixable(state.examined) if about.takes(one.code)]
        then = _with_fixes(state, tuple(dict.fromkeys(keys)), left)
        if then is state:
            return Mended(state.spec, state.mended, state.examined, left)
        state = then


def told(mended: Mended, *, write: bool) -> None:
    """Write the file, or show the difference; say on stderr what was mended and what was not."""
    if write:
        mended.spec.write()
    else:
        sys.stdout.write(mended.spec.diff)
    path = mended.spec.path
    for one in mended.mended:
        text = one.fix.text if one.fix else ""
        sys.stderr.write(f"{path}: {one.code} {one.name}: {text}\n")
    for one in _fixable(mended.examined):
        if reason := mended.left.get(_key(one)):
            sys.stderr.write(f"{path}: {one.code} {one.name} is left to you: {reason}\n")
    count = len(mended.mended)
    if not (count or mended.left):
        return
    noun, verb = "finding" if count == 1 else "findings", "mended" if write else "could be mended"
    sys.stderr.write(f"{path}: {count} {noun} {verb}\n")


def _with_fixes(state: Mended, wanted: Sequence[_Key], left: dict[_Key, str]) -> Mended:
    """Return the state with the fixes made: all in one step, or by halves those that can be.

    Puts those that cannot into `left`; returns `state` itself where none can.
    """
    found = [one for one in _fixable(state.examined) if _key(one) in wanted]
    if not found:
        return state
    then = _attempt(state, found)
    if isinstance(then, Mended):
        return then
    if len(wanted) == 1:
        left[wanted[0]] = then
        return state
    half = len(wanted) // 2
    return _with_fixes(_with_fixes(state, wanted[:half], left), wanted[half:], left)


def _attempt(state: Mended, found: Sequence[Diagnostic]) -> Mended | str:
    """Return the state with all these fixes made, or why they are not."""
    from orchestrator.load.edits import EditError

    try:
        spec = state.spec.with_edits([edit for one in found if one.fix for edit in one.fix.edits])
    except EditError as error:
        return str(error)
    then = spec.judged()
    before, after = _counted(state.examined), _counted(then)
    if new := sorted({code for code, _ in after - before}):
        return f"the edit would bring {', '.join(new)}"
    if fewer := sorted(_unchecked(then) - _unchecked(state.examined)):
        return f"after the edit {', '.join(fewer)} could not be checked"
    if after - (before - Counter(map(_place, found))):
        return "the edit does not mend it"
    return Mended(spec, (*state.mended, *found), then)


def _fixable(examined: Examined) -> Iterable[Diagnostic]:
    return (one for one in examined.outcome.report.diagnostics if one.fix and one.fix.edits)


def _key(one: Diagnostic) -> _Key:
    return one.code, one.path, one.message


def _place(one: Diagnostic) -> _Place:
    return one.code, one.path


def _counted(examined: Examined) -> Counter[_Place]:
    return Counter(map(_place, examined.outcome.report.diagnostics))


def _unchecked(examined: Examined) -> set[str]:
    return {one.code for one in examined.outcome.report.skipped}
