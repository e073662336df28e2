"""What changes with another release, for a reader and as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from orchestrator.diagnostics.full import Style
from orchestrator.oracle.upgrade import Change, PoolUpgrade


def as_text(before: str, after: str, pools: Sequence[PoolUpgrade], style: Style) -> str:
    """Return the comparison with a final newline."""
    lines = [style.strong(f"SGLang {before} → {after}")]
    for pool in pools:
        lines += _pool(pool, style)
    return "".join(f"{line}\n" for line in lines)


def _pool(pool: PoolUpgrade, style: Style) -> Iterator[str]:
    yield style.strong(f"pool {pool.pool}")
    for title, changes in (
        ("argv", pool.argv),
        ("env", pool.env),
        ("behaviour", pool.behaviour),
    ):
        yield f"  {title}" if changes else f"  {title}: unchanged"
        yield from (f"    {line}" for line in _changes(changes))
    if pool.resolved is None:
        yield f"  resolved arguments: not compared: {pool.not_asked}"
        return
    fresh = f", {pool.new_defaults} new ones idle at their defaults" if pool.new_defaults else ""
    count = len(pool.resolved)
    yield f"  resolved arguments, by both engines: {count or 'none'} differ{fresh}"
    yield from (f"    {line}" for line in _changes(pool.resolved))


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    width = max((len(one.name) for one in changes), default=0)
    for one in changes:
        note = f"  {one.says}" if one.says else ""
        yield f"{one.name.ljust(width)}  {_shown(one.before)} → {_shown(one.after)}{note}".rstrip()


def _shown(value: object) -> str:
    if value is None:
        return "(none)"
    if value == "":
        return "(given)"
    return value if isinstance(value, str) else json.dumps(value)


def as_data(before: str, after: str, pools: Sequence[PoolUpgrade]) -> dict[str, object]:
    """Return the comparison as plain JSON-able data."""
    return {
        "from": before,
        "to": after,
        "pools": [
            {
                "name": pool.pool,
                "argv": [_change(one) for one in pool.argv],
                "env": [_change(one) for one in pool.env],
                "behaviour": [_change(one) for one in pool.behaviour],
                "resolved": pool.resolved and [_change(one) for one in pool.resolved],
                "not_asked": pool.not_asked,
                "new_defaults": pool.new_defaults,
            }
            for pool in pools
        ],
    }


def _change(one: Change) -> dict[str, object]:
    return {"name": one.name, "before": one.before, "after": one.after, "says": one.says}
