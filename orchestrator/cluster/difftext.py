"""A diff to read: what it means for the engines first, then every field of every object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.cluster.api import named
from orchestrator.cluster.changes import Change
from orchestrator.cluster.diff import Action, Diff, Step
from orchestrator.cluster.meaning import Meaning, value
from orchestrator.cluster.ownership import co_writers
from orchestrator.diagnostics.full import Style

_MARKS = {Action.CREATE: "+", Action.CHANGE: "~", Action.DELETE: "-"}
_WIDTH = 60
"""Of a value: a digest of 64 is told apart by its beginning, a script by its first line."""


def as_text(diff: Diff, said: Sequence[Meaning], paint: Style) -> str:
    """Return the diff; one line where it changes nothing."""
    if not diff.changing:
        return f"{diff.name} in namespace {diff.namespace}: nothing would change\n"
    return "\n".join(_lines(diff, said, paint)) + "\n"


def refusals(diff: Diff, *, take_over: bool) -> list[str]:
    """Return why the diff cannot be applied as it is, each with the way out."""
    foreign = [step.foreign for step in diff.steps if step.foreign]
    if take_over:
        return foreign
    advice = "  change them there, or take them out of the spec, or overwrite them with --take-over"
    return [*foreign, *(f"{_contested(step)}\n{advice}" for step in diff.steps if step.contested)]


def notes(diff: Diff) -> list[str]:
    """Return what applying overwrites of others, and what of theirs it leaves."""
    overwritten = (f"overwriting {_contested(step)}" for step in diff.steps if step.contested)
    left = (
        f"{named(step.applied)} is also written by {', '.join(sorted(others))}: what was set there "
        "and is not in the spec stays"
        for step in diff.steps
        if step.live and not step.foreign and (others := co_writers(step.live))
    )
    return [*overwritten, *left]


def _lines(diff: Diff, said: Sequence[Meaning], paint: Style) -> Iterator[str]:
    for one in said:
        yield paint.strong(one.subject)
        for effect in one.effects:
            yield f"  {effect}"
        for cause in one.causes:
            yield _change(cause, "    ")
    counts = [
        f"{number} to {action}"
        for action in (Action.CREATE, Action.CHANGE, Action.DELETE)
        if (number := sum(step.action is action for step in diff.steps))
    ]
    yield paint.strong(f"objects in namespace {diff.namespace}: {', '.join(counts)}")
    for step in diff.changing:
        yield f"  {_MARKS[step.action]} {step.applied['kind']} {step.applied['metadata']['name']}"
        for change in step.changes:
            yield _change(change, "      ")


def _change(change: Change, indent: str) -> str:
    return f"{indent}{change.path}: {_short(value(change.old))} → {_short(value(change.new))}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"


def _contested(step: Step) -> str:
    fields = "".join(f"\n    {one.field} is managed by {one.manager}" for one in step.contested)
    return f"{named(step.applied)}, where the spec says otherwise than somebody else:{fields}"
