"""What a diff means for the engines: which groups restart and why, and how many GPUs come and go.

A group restarts where its template changed, and only there; LeaderWorkerSet decides it the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.cluster.changes import ABSENT, Change
from orchestrator.cluster.diff import Action, Diff, Step
from orchestrator.cluster.workload import Workload, workload
from orchestrator.experts.expert_file import ExpertFile, ExpertFileKind
from orchestrator.manifests.metadata import EXPERTS_ANNOTATION

_TEMPLATE = re.compile(
    r"spec\.(?:leaderWorkerTemplate\.(?:(?:leader|worker)Template\.)?|networkConfig\.?|template\.)(.*)"
)
_CONTAINER = re.compile(r"spec\.containers\[(?:engine|router)\]\.(.*)")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens to one pool, or to the router: the effects, and the changes that cause them."""

    subject: str
    effects: tuple[str, ...]
    causes: tuple[Change, ...] = ()


def meaning(diff: Diff, file: ExpertFile | None = None) -> tuple[Meaning, ...]:
    """Return what the diff does to each pool and to the router; `file` is the spec's expert file."""
    said = []
    for step in diff.changing:
        if step.foreign:
            continue
        if step.applied["kind"] == "LeaderWorkerSet":
            said.append(_pool(step, file))
        elif step.applied["kind"] == "Deployment":
            said.append(_router(step))
    return tuple(said)


def _pool(step: Step, file: ExpertFile | None) -> Meaning:
    old = workload(step.live) if step.live else None
    new = workload(step.after) if step.after else None
    if old is None and new is not None:
        return Meaning(new.pool, (f"new: {_groups(new.groups)} start, {new.gpus} GPUs",))
    if new is None and old is not None:
        return Meaning(old.pool, (f"taken away: {_groups(old.groups)} stop, {old.gpus} GPUs free",))
    if old is None or new is None:
        raise TypeError("a step has something before or after it")
    causes = template_changes(step.changes)
    effects = [*_replicas(old, new), *_restart(old, new, causes)]
    if causes:
        effects += _experts(old, new, file)
    return Meaning(new.pool, tuple(effects) or ("nothing restarts",), causes)


def template_changes(found: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes of pod templates, in short: once for leader and workers, flags by name."""
    short = []
    for change in found:
        if match := _TEMPLATE.match(change.path):
            path = match[1]
            if inner := _CONTAINER.match(path):
                path = inner[1]
                if flag := re.fullmatch(r"command\[(--.*)\]", path):
                    path = flag[1]
            elif path.endswith(EXPERTS_ANNOTATION):
                path = "expert file (SHA-256)"
            short.append(Change(path, change.old, change.new))
    return tuple({repr(change): change for change in short}.values())


def _replicas(old: Workload, new: Workload) -> Iterator[str]:
    more = new.groups - old.groups
    if more > 0:
        yield f"{old.groups} → {new.groups} groups: {_groups(more)} start, +{more * new.gpus_per_group} GPUs"
    elif more < 0:
        yield f"{old.groups} → {new.groups} groups: {_groups(-more)} stop, {more * old.gpus_per_group} GPUs"


def _restart(old: Workload, new: Workload, causes: tuple[Change, ...]) -> Iterator[str]:
    stay = min(old.groups, new.groups)
    if not causes:
        if old.groups != new.groups:
            yield "no running group restarts"
        return
    every = "the group restarts" if stay == 1 else f"all {stay} groups restart"
    after = "" if new.gpus_per_group == old.gpus_per_group else f" → {stay * new.gpus_per_group}"
    yield f"{every}, {stay * old.gpus_per_group}{after} GPUs"
    minutes = -(-(new.startup + old.grace) // 60)
    if stay == 1 and new.groups == 1:
        yield f"no {new.role} group serves meanwhile, up to {minutes} min"
    else:
        yield f"one group after the other, up to {minutes} min each"


def _experts(old: Workload, new: Workload, file: ExpertFile | None) -> Iterator[str]:
    """Yield whether the expert file still fits, where its content or the placement changed."""
    names = ("--ep-num-redundant-experts", "--tp-size", "--ep-size", "--init-expert-location")
    same = all(old.flags.get(name) == new.flags.get(name) for name in names)
    if not new.expert_sha256 or (same and old.expert_sha256 == new.expert_sha256):
        return
    slots = f"{new.flags.get('--ep-num-redundant-experts', '0')} redundant experts"
    if file is None:
        yield (
            "expert map: not known whether the file fits, because it was not read here "
            "(`experts.distribution.local` names a copy)"
        )
    elif file.kind is ExpertFileKind.LOGICAL_COUNT:
        yield f"expert map: still valid; the file holds counts, and the engine places anew for {slots}"
    else:
        yield f"expert map: still valid; it places {file.columns} slots, which {slots} need"


def _router(step: Step) -> Meaning:
    replicas = [one["spec"].get("replicas", 1) if one else 0 for one in (step.live, step.after)]
    if step.action is Action.CREATE:
        return Meaning("router", (f"new: {_count(replicas[1], 'replica')}",))
    if step.action is Action.DELETE:
        return Meaning("router", ("taken away: requests are no longer paired",))
    causes = template_changes(step.changes)
    effects = [f"{replicas[0]} → {replicas[1]} replicas"] if replicas[0] != replicas[1] else []
    effects.append("its replicas restart, no engine does" if causes else "nothing restarts")
    return Meaning("router", tuple(effects), causes)


def _groups(number: int) -> str:
    return _count(number, "group")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def value(one: object) -> str:
    """Return a value of a change as people read it."""
    if one is ABSENT:
        return "(none)"
    if isinstance(one, str):
        return one or '""'
    return json.dumps(one, ensure_ascii=False)
