"""What applying would change: the server's own dry run of each object against what is there.

Defaults, webhooks and validation are the server's; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.cluster.api import Api
from orchestrator.cluster.changes import Change, changes
from orchestrator.cluster.errors import ConflictError, Contested, NotFoundError
from orchestrator.cluster.inventory import identity, present
from orchestrator.cluster.ownership import deletable, foreign
from orchestrator.manifests.metadata import Object


class Action(StrEnum):
    """What applying does to an object."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Step:
    """One object: what is applied, what is there now, and what will be (`None` where nothing is).

    `contested` are fields that somebody else manages, `foreign` says why it is not ours at all.
    """

    action: Action
    applied: Object
    live: Object | None
    after: Object | None
    changes: tuple[Change, ...] = ()
    contested: tuple[Contested, ...] = ()
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """All steps from what is there to what is meant, in the order in which they are taken."""

    name: str
    namespace: str
    steps: tuple[Step, ...]

    @property
    def changing(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action is not Action.KEEP)


def compare(
    api: Api,
    name: str,
    namespace: str,
    objects: Sequence[Object],
    inventory: Iterable[Object],
) -> Diff:
    """Return what applying `objects` would do, and what of `inventory` would then be pruned.

    Raises ClusterError, e.g. where an object is invalid or its kind is not served.
    """
    steps = [_step(api, name, one) for one in objects]
    wanted = {identity(one) for one in objects}
    unwanted = [one for one in inventory if identity(one) not in wanted]
    pruned = [
        Step(Action.DELETE, live, live, None)
        for live in present(api, namespace, unwanted)
        if deletable(live, name)
    ]
    return Diff(name, namespace, (*steps, *pruned))


def between(name: str, namespace: str, old: Sequence[Object], new: Sequence[Object]) -> Diff:
    """Return what going from some objects to others would change, no cluster asked.

    As `compare` without what only a cluster has: its defaults, and what others wrote.
    """
    there = {identity(one): one for one in old}
    wanted = {identity(one) for one in new}
    steps = [_told(one, there.get(identity(one))) for one in new]
    gone = [one for one in reversed(old) if identity(one) not in wanted]
    pruned = [Step(Action.DELETE, one, one, None) for one in gone]
    return Diff(name, namespace, (*steps, *pruned))


def _told(one: Object, live: Object | None) -> Step:
    if live is None:
        return Step(Action.CREATE, one, None, one)
    found = changes(live, one)
    return Step(Action.CHANGE if found else Action.KEEP, one, live, one, found)


def _step(api: Api, name: str, one: Object) -> Step:
    about = one["metadata"]
    live = api.find(one["apiVersion"], one["kind"], about["namespace"], about["name"])
    if live is None:
        return Step(Action.CREATE, one, None, _created(api, one))
    if why := foreign(live, name):
        return Step(Action.CHANGE, one, live, None, foreign=why)
    contested: tuple[Contested, ...] = ()
    try:
        after = api.apply(one, dry_run=True)
    except ConflictError as conflict:
        contested = conflict.contested
        after = api.apply(one, dry_run=True, take_over=True)
    found = changes(live, after)
    return Step(Action.CHANGE if found else Action.KEEP, one, live, after, found, contested)


def _created(api: Api, one: Object) -> Object:
    try:
        return api.apply(one, dry_run=True)
    except NotFoundError:
        # Who is no administrator may only bind a role that is there, and a dry run made none.
        if one["kind"] != "RoleBinding":
            raise
        return one
