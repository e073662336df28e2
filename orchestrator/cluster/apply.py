"""Carries a diff out: the revision first, then object by object, then what is no longer wanted.

Every step may be repeated, so an apply that stopped anywhere is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator.cluster.api import Api, named
from orchestrator.cluster.diff import Action, Diff, Step
from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.revisions import KEPT, Revision, RevisionState, forget, mark, record

Say = Callable[[str], object]


class UnfinishedError(ClusterError):
    """An apply that stopped in the middle; the message says how far it came and how to go on."""


def next_revision(earlier: Sequence[Revision], wanted: Revision) -> Revision:
    """Return the revision to apply: the newest one again if it is the same and unfinished, else a new one."""
    newest = earlier[-1] if earlier else None
    if newest and newest.state is RevisionState.PENDING and newest.objects == wanted.objects:
        return newest
    return replace(wanted, number=newest.number + 1 if newest else 1)


def is_settled(diff: Diff, earlier: Sequence[Revision], wanted: Revision) -> bool:
    """Return whether there is nothing to do: nothing differs, and the newest revision says so."""
    newest = earlier[-1] if earlier else None
    return (
        not diff.changing
        and newest is not None
        and newest.state is RevisionState.APPLIED
        and newest.objects == wanted.objects
    )


def carry_out(
    api: Api,
    diff: Diff,
    revision: Revision,
    earlier: Sequence[Revision],
    say: Say,
    *,
    take_over: bool = False,
) -> Revision:
    """Apply and prune what the diff says, record it, and return the revision as applied.

    Objects are applied even where they do not differ: that is what makes their fields ours. Raises
    UnfinishedError, with what was done, where the cluster or the user stops it.
    """
    done: list[str] = []
    try:
        if revision not in earlier:
            record(api, revision)
        for step in diff.steps:
            _take(api, step, take_over=take_over)
            done.append(named(step.applied))
            if step.action is not Action.KEEP:
                say(f"{step.action}d {named(step.applied)}")
        applied = mark(api, revision, RevisionState.APPLIED)
        _put_away(api, [one for one in earlier if one.number != revision.number])
    except (ClusterError, KeyboardInterrupt) as error:
        raise UnfinishedError(_unfinished(diff, revision, done, error)) from error
    return applied


def _take(api: Api, step: Step, *, take_over: bool) -> None:
    if step.action is Action.DELETE:
        if step.live:
            api.delete(step.live)  # with its uid: one that was made anew meanwhile is not ours
        return
    api.apply(step.applied, take_over=take_over)


def _put_away(api: Api, earlier: list[Revision]) -> None:
    for one in earlier:
        if one.state is RevisionState.APPLIED:
            mark(api, one, RevisionState.SUPERSEDED)
    forget(api, earlier[: max(0, len(earlier) + 1 - KEPT)])


def _unfinished(
    diff: Diff, revision: Revision, done: list[str], error: ClusterError | KeyboardInterrupt
) -> str:
    why = str(error) or "interrupted"
    all_, last = len(diff.steps), f", the last one {done[-1]}" if done else ""
    return (
        f"{why}\n"
        f"  revision {revision.number} of {revision.name} is not complete: {len(done)} of {all_} "
        f"objects are done{last}; the others are as before\n"
        "  run the same command again: it goes on from here"
    )
