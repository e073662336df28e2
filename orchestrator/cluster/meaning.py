"""What a diff means for the engines: which groups restart and why, and how many GPUs come and go.

A group restarts where its template changed, and only there; LeaderWorkerSet decides it the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.cluster.changes import ABSENT, Change, changes
from orchestrator.cluster.diff import Action, Diff, Step
from orchestrator.cluster.replayed import replayed
from orchestrator.cluster.workload import Workload, workload
from orchestrator.experts.expert_file import ExpertFile, ExpertFileKind
from orchestrator.manifests.metadata import EXPERTS_ANNOTATION, Object
from orchestrator.manifests.volumes import CHECK, EXPERTS

_PART = re.compile(r"(?:leader|worker)\.(?:spec\.containers\[(?:engine|router)\]\.)?(.*)")
_OF_THE_FILE = (
    f"metadata.annotations.{EXPERTS_ANNOTATION}",
    f"spec.initContainers[{CHECK}]",
    f"spec.volumes[{EXPERTS}]",
    "--init-expert-location",
)
_FLAG = re.compile(r"command\[(--.*)\]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happens to one pool, or to the router: the effects, and the changes that cause them."""

    subject: str
    effects: tuple[str, ...]
    causes: tuple[Change, ...] = ()


def meaning(diff: Diff, file: ExpertFile | None = None, validated: str = "") -> tuple[Meaning, ...]:
    """Return what the diff does to each pool and to the router.

    `file` is the spec's expert file where it was read, `validated` names the revision that is
    repeated, whose file was held against its placement when it was first applied.
    """
    said = []
    for step in diff.changing:
        if step.foreign:
            continue
        if step.applied["kind"] == "LeaderWorkerSet":
            said.append(_pool(step, _fit(file, validated)))
        elif step.applied["kind"] == "Deployment":
            said.append(_router(step))
    return tuple(said)


def as_data(said: Iterable[Meaning]) -> Object:
    """Return what a diff means as plain data; values of causes are texts, as they are told."""
    return {
        "effects": [
            {
                "subject": one.subject,
                "effects": list(one.effects),
                "causes": [
                    {"path": each.path, "old": value(each.old), "new": value(each.new)}
                    for each in one.causes
                ],
            }
            for one in said
        ]
    }


def _fit(file: ExpertFile | None, validated: str) -> str:
    """Return whether the expert file fits the new placement: a spec where it does not is refused."""
    if validated:
        return f"still valid: file and placement are those of {validated}"
    if file is None:
        return "unchecked: the file was not read here (`experts.distribution.local` names a copy)"
    if file.kind is ExpertFileKind.LOGICAL_COUNT:
        return "still valid: the file holds counts, from which the engine places anew"
    return f"still valid: the file places {file.columns} slots, as many as there are"


def _pool(step: Step, fit: str) -> Meaning:
    old = workload(step.live) if step.live else None
    new = workload(step.after) if step.after else None
    if old is None and new is not None:
        return Meaning(new.pool, (f"new: {_starting(new.groups)}, {new.gpus} GPUs",))
    if new is None and old is not None:
        return Meaning(old.pool, (f"taken away: {_stopping(old.groups)}, {old.gpus} GPUs free",))
    if old is None or new is None:
        raise TypeError("a step has something before or after it")
    causes = causes_of(step)
    effects = [*_replicas(old, new), *_restart(old, new, causes)]
    if causes:
        effects += [f"expert map {fit}"] if _moves_experts(old, new) else []
    return Meaning(new.pool, tuple(effects) or ("nothing restarts",), causes)


def causes_of(step: Step) -> tuple[Change, ...]:
    """Return the changes that restart pods, in short: once for leader and workers, flags by name."""
    if step.live is None or step.after is None:
        raise TypeError("what changes has something before and after it")
    short: dict[tuple[str, str], Change] = {}
    for change in changes(_templates(step.live), _templates(step.after)):
        if change.path == "worker":  # followers come or go: that is the size
            continue
        part = _PART.match(change.path)
        path = part[1] if part else change.path
        if flag := _FLAG.fullmatch(path):
            path = flag[1]
        short.setdefault((path, repr(change.new)), Change(path, change.old, change.new))
    return _expert_file_first(step.live, step.after, short.values())


def _expert_file_first(live: Object, after: Object, found: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes with those that another expert file makes told as one."""
    old, new = replayed(live), replayed(after)
    if old == new:
        return tuple(found)
    others = (one for one in found if not one.path.startswith(_OF_THE_FILE))
    told = (str(each) if each else ABSENT for each in (old, new))
    return (Change("expert file", *told), *others)


def _templates(one: Object) -> Object:
    """Return that of which LeaderWorkerSet (v0.9) and Deployment make a new revision of their pods.

    The leader is compared with the leader, whichever template it has.
    """
    spec = one["spec"]
    if "leaderWorkerTemplate" not in spec:
        return {"metadata": {}, "leader": spec["template"]}
    group = spec["leaderWorkerTemplate"]
    others = {key: group[key] for key in group if key not in ("leaderTemplate", "workerTemplate")}
    followers = {"worker": group["workerTemplate"]} if "leaderTemplate" in group else {}
    leader = group.get("leaderTemplate") or group["workerTemplate"]
    network = {"networkConfig": spec["networkConfig"]} if "networkConfig" in spec else {}
    return {"metadata": {}, **others, **network, "leader": leader, **followers}


def _replicas(old: Workload, new: Workload) -> Iterator[str]:
    more = new.groups - old.groups
    if more:
        moved = _starting(more) if more > 0 else _stopping(-more)
        yield f"{old.groups} → {new.groups} groups: {moved}, {more * new.gpus_per_group:+} GPUs"


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


def _moves_experts(old: Workload, new: Workload) -> bool:
    """Return whether experts are placed otherwise, by a file that the new groups replay."""
    names = ("--ep-num-redundant-experts", "--tp-size", "--ep-size", "--init-expert-location")
    same = all(old.flags.get(name) == new.flags.get(name) for name in names)
    return bool(new.expert_sha256) and not (same and old.expert_sha256 == new.expert_sha256)


def _router(step: Step) -> Meaning:
    replicas = [one["spec"].get("replicas", 1) if one else 0 for one in (step.live, step.after)]
    if step.action is Action.CREATE:
        return Meaning("router", (f"new: {_count(replicas[1], 'replica')}",))
    if step.action is Action.DELETE:
        return Meaning("router", ("taken away: requests are no longer paired",))
    causes = causes_of(step)
    effects = [f"{replicas[0]} → {replicas[1]} replicas"] if replicas[0] != replicas[1] else []
    effects.append("its replicas restart, no engine does" if causes else "nothing restarts")
    return Meaning("router", tuple(effects), causes)


def _starting(groups: int) -> str:
    return "1 group starts" if groups == 1 else f"{groups} groups start"


def _stopping(groups: int) -> str:
    return "1 group stops" if groups == 1 else f"{groups} groups stop"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def value(one: object) -> str:
    """Return a value of a change as people read it."""
    if one is ABSENT:
        return "(none)"
    if isinstance(one, str):
        return one or '""'
    return json.dumps(one, ensure_ascii=False)
