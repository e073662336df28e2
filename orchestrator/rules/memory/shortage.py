"""Findings about pools whose memory table comes out short: the numbers, and what would fit.

Shared by the rules of this family; what a pool holds is `orchestrator.footprint`'s answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, floor
from typing import TYPE_CHECKING

from orchestrator.diagnostics.model import Fix
from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding, set_value

if TYPE_CHECKING:
    from orchestrator.memory import MemoryTable, Verdict

GIB = 1 << 30
GROWTH = (2, 4, 8)
"""Multiples of a pool's ranks that are tried as a way out."""


def shortages(context: Context, verdict: Verdict) -> Iterator[Finding]:
    """Yield a finding for every pool whose memory table has this verdict."""
    from orchestrator.footprint import UnknownReleaseError, footprint
    from orchestrator.memory import lines

    for view in context.pools:
        try:
            table = footprint(view, context.model, context.gpu)
        except UnknownReleaseError:
            return
        if table.verdict is not verdict:
            continue
        written = view.pool.memory_fraction is not None
        yield Finding(
            view.at("memory_fraction") if written else view.at("parallelism", "tp"),
            f"pool {view.pool.name}: {_short(table, context.gpu.name)}",
            _fix(view, table, context),
            details=tuple(lines(table)),
        )


def _short(table: MemoryTable, gpu: str) -> str:
    fraction = f"memory fraction {table.mem_fraction:g}"
    if table.short_static >= table.short_outside:
        needed, budget = table.static_needed, table.static_budget
        what = f"weights and the smallest KV cache need {_gib(needed)} of an {gpu}"
        return f"{what}, {fraction} gives {_gib(budget)}: {_gib(table.short_static)} too little"
    needed, budget = table.outside_needed, table.outside_budget
    what = f"buffers, graphs and activations need {_gib(needed)} of an {gpu}"
    return f"{what}, {fraction} leaves {_gib(budget)}: {_gib(table.short_outside)} too little"


def _fix(view: PoolView, table: MemoryTable, context: Context) -> Fix:
    low = ceil(table.least_fraction * 1000) / 1000
    high = floor(table.greatest_fraction * 1000) / 1000
    if 0 < low <= high < 1:
        text = f"set memory_fraction of pool {view.pool.name} to {high:g}; {low:g} to {high:g} fits"
        small = view.pool.memory_fraction is not None and table.mem_fraction < low
        return Fix(text) if small else set_value(view.at("memory_fraction"), high, text=text)
    if ranks := _enough_ranks(view, context):
        dp = f" and attention_dp to {ranks // view.tp * view.attention_dp}"
        return Fix(f"raise tp to {ranks}{dp if view.attention_dp > 1 else ''}: that fits")
    budget = "static" if table.short_static >= table.short_outside else "outside"
    rows = [row for row in table.rows if row.pool == budget and not row.elastic]
    largest = max(rows, key=lambda row: row.bytes)
    return Fix(
        f"no memory_fraction fits, nor up to {GROWTH[-1]} times the ranks: bring down what is largest "
        f"({largest.name}, {_gib(largest.bytes)}), or take a GPU with more memory"
    )


def _enough_ranks(view: PoolView, context: Context) -> int | None:
    """Return the fewest ranks tried that hold the pool with its attention split as it is."""
    from orchestrator.footprint import pool_shape, shape_footprint
    from orchestrator.memory import Verdict

    shape = pool_shape(view)
    for factor in GROWTH:
        larger = replace(
            shape,
            tp=shape.tp * factor,
            attention_dp=shape.attention_dp * (factor if shape.attention_dp > 1 else 1),
            ep=shape.ep * (1 if shape.all_to_all == "none" else factor),
        )
        divides = (context.model.routed_experts + shape.redundant) % larger.ep == 0
        table = shape_footprint(larger, context.version, context.model, context.gpu)
        if divides and table.verdict is Verdict.FITS:
            return larger.tp
    return None


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"
