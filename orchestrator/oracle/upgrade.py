"""What a spec runs under another SGLang release: command line, behaviour, and what the engine resolves.

Compares two releases for one spec; how it is written down is `upgrade_text.py`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.engine.behaviours import Rewrite, predict
from orchestrator.engine.check.pipeline import Verdict
from orchestrator.engine.intents import UnknownIntentError, launch_command, readiness_path
from orchestrator.facts.model import Facts, Known
from orchestrator.oracle.cause import Judge, groups
from orchestrator.oracle.requests import NotAskableError, requests
from orchestrator.plan.launch import argv, env
from orchestrator.pools import PoolView

DRAWN = ("random_seed",)
"""Arguments that the engine draws anew at every start (SGLang 0.5.23, srt/server_args.py)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: `before` or `after` is `None` where it is not there at all."""

    name: str
    before: object
    after: object
    says: str = ""


@dataclass(frozen=True, slots=True)
class PoolUpgrade:
    """What changes for one pool.

    `resolved` is `None` where an engine could not be asked, and `not_asked` says why. It leaves out
    what one release has alone and keeps at its default; `new_defaults` counts those of the newer.
    """

    pool: str
    argv: tuple[Change, ...]
    env: tuple[Change, ...]
    behaviour: tuple[Change, ...]
    resolved: tuple[Change, ...] | None
    not_asked: str
    new_defaults: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two releases: the pool as it would run there, with what is known of it."""

    view: PoolView
    facts: Facts
    folder: Path
    engine: Judge | None


def compare(before: Side, after: Side) -> PoolUpgrade:
    """Return what changes for a pool between two releases; never raises for what is not known."""
    resolved, not_asked, fresh = _resolved(before, after)
    return PoolUpgrade(
        pool=before.view.pool.name,
        argv=tuple(_changed(_flags(before), _flags(after))),
        env=tuple(_changed(_variables(before), _variables(after))),
        behaviour=tuple(_behaviour(before, after)),
        resolved=resolved,
        not_asked=not_asked,
        new_defaults=fresh,
    )


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield Change(name, before.get(name), after.get(name))


def _flags(side: Side) -> dict[str, str]:
    """Return the command line as flags with what they carry; empty where it cannot be spelled."""
    try:
        words = tuple(str(word) for word in argv(side.view))
        start = launch_command(side.view.cluster.engine.sglang)
    except UnknownIntentError:
        return {}
    told = {"(program)": " ".join(start)}
    return told | {flag: " ".join(values) for flag, *values in groups(words[len(start) :])}


def _variables(side: Side) -> dict[str, str]:
    fabric = side.facts.fabric
    if not isinstance(fabric, Known):
        return {}
    try:
        return {name: str(value) for name, value in env(side.view, fabric.value).items()}
    except UnknownIntentError:
        return {}


def _behaviour(before: Side, after: Side) -> Iterator[Change]:
    """Yield probes and rewrites that come, go or change."""
    paths = [_readiness(side) for side in (before, after)]
    if paths[0] != paths[1]:
        yield Change(
            "readiness probe", paths[0], paths[1], "the leader's HTTP path that says ready"
        )
    old, new = _predicted(before.view), _predicted(after.view)
    for argument in dict.fromkeys((*old, *new)):
        was, now = old.get(argument), new.get(argument)
        if (was and was.resolved) != (now and now.resolved):
            rewrite = now or was
            yield Change(
                argument,
                was.resolved if was else None,
                now.resolved if now else None,
                rewrite.says if rewrite else "",
            )


def _predicted(view: PoolView) -> dict[str, Rewrite]:
    return {rewrite.argument: rewrite for rewrite in predict(view)}


def _readiness(side: Side) -> str | None:
    try:
        return readiness_path(side.view.cluster.engine.sglang)
    except UnknownIntentError:
        return None


def _resolved(before: Side, after: Side) -> tuple[tuple[Change, ...] | None, str, int]:
    """Return what both engines resolve differently, or why they were not asked."""
    found: list[Verdict] = []
    for side in (before, after):
        version = side.view.cluster.engine.sglang
        if side.engine is None:
            return None, f"SGLang {version} is not installed: `deploy engine install {version}`", 0
        try:
            verdict = side.engine.judge(requests(side.view, side.facts, side.folder)[0].request)
        except NotAskableError as reason:
            return None, str(reason), 0
        if verdict.verdict != "accepted":
            return None, f"SGLang {version}: {verdict.verdict}: {verdict.error}", 0
        found.append(verdict)
    changes, idle = resolved_changes(*found)
    return changes, "", idle


def resolved_changes(before: Verdict, after: Verdict) -> tuple[tuple[Change, ...], int]:
    """Return what two releases resolve differently for one launch that both accept.

    The number counts the arguments that only `after` has, all at their defaults: no changes.
    """
    old, new = dict(_flat(before.resolved)), dict(_flat(after.resolved))
    fresh, gone = _idle(after, before, new), _idle(before, after, old)
    changes = (one for one in _changed(old, new) if one.name not in {*fresh, *gone, *DRAWN})
    return tuple(changes), len(fresh)


def _idle(here: Verdict, there: Verdict, values: Mapping[str, Any]) -> frozenset[str]:
    """Return the arguments that one release has alone and leaves at their defaults."""
    alone = (name for name in values if name.partition(".")[0] not in there.resolved)
    return frozenset(
        name for name in alone if values[name] in (None, False, here.requested.get(name))
    )


def _flat(value: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """Yield every argument, those inside of a record under dotted names."""
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _flat(item, f"{before}{name}.")
        else:
            yield f"{before}{name}", item
