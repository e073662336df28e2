"""Redundant experts of a spec's pools: what each number costs a GPU, and the edits that set them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.balance.advise import Cost, Demand
from orchestrator.diagnostics.model import Edit

if TYPE_CHECKING:
    from orchestrator.cli.experts.subject import Subject
    from orchestrator.experts.expert_file import ExpertFile
    from orchestrator.memory import MemoryTable, PoolShape
    from orchestrator.pools import PoolView


def demands(subject: Subject, redundant: Sequence[int]) -> list[Demand]:
    """Return what the pools ask for, those that are alike together, with the cost of each number."""
    from orchestrator.footprint import pool_shape

    alike: dict[PoolShape, list[str]] = {}
    for view in subject.pools:
        alike.setdefault(pool_shape(view), []).append(view.pool.name)
    return [
        Demand(tuple(names), shape.ep, shape.redundant, _costs(shape, subject, redundant))
        for shape, names in alike.items()
    ]


def _costs(
    shape: PoolShape, subject: Subject, redundant: Sequence[int]
) -> Mapping[int, Cost] | None:
    from orchestrator.facts.model import Known
    from orchestrator.footprint import UnknownReleaseError, shape_footprint

    gpu = subject.facts.gpu
    if not isinstance(gpu, Known):
        return None

    def table(number: int) -> MemoryTable:
        version = subject.spec.engine.sglang
        return shape_footprint(replace(shape, redundant=number), version, subject.model, gpu.value)

    try:
        least = _needed(table(0))
        return {number: _cost(table(number), least) for number in redundant}
    except UnknownReleaseError:
        return None


def _needed(table: MemoryTable) -> int:
    return table.static_needed + table.outside_needed


def _cost(table: MemoryTable, least: int) -> Cost:
    """Return the cost; a pool is refused only beyond what the estimate may be off, as by MEM601."""
    return Cost(
        bytes=_needed(table) - least,
        kv_tokens=table.kv_tokens,
        short=0 if table.fits else table.short_bytes,
    )


def edits(pools: Sequence[PoolView], wanted: Mapping[str, int]) -> list[Edit]:
    """Return the edits that give each pool named its number of redundant experts.

    The cluster's number becomes what most pools want that follow it; the others get their own.
    """
    numbers = [(view, wanted.get(view.pool.name, view.redundant)) for view in pools]
    following = [number for view, number in numbers if view.pool.experts.redundant is None]
    now = pools[0].cluster.experts.redundant
    shared = max([now, *following], key=following.count)
    found = [] if shared == now else [Edit(("experts", "redundant"), shared)]
    for view, number in numbers:
        own = view.pool.experts.redundant
        if number != (shared if own is None else own):
            found.append(Edit(view.at("experts", "redundant"), number))
    return found


def notes(subject: Subject, file: ExpertFile) -> list[str]:
    """Return what the pools do otherwise than the advice takes for granted."""
    from orchestrator.facts.model import Known

    found = [
        f"{view.pool.name} places with `{view.algorithm}`, the balance is that of `deepseek`"
        for view in subject.pools
        if view.algorithm not in {"auto", "deepseek"}
    ]
    if subject.spec.experts.distribution is None:
        found.append("the spec has no experts.distribution: its pools do not place from a file yet")
    theirs = subject.facts.expert_file
    if isinstance(theirs, Known) and theirs.value.sha256 != file.sha256:
        found.append(f"the pools place from another file, {theirs.value.path}")
    return found
