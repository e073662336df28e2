"""The memory table of one GPU: rows, budgets, verdict, and how it is printed.

Holds and shows numbers; how they are computed is the sibling modules' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

MIB, GIB = 1 << 20, 1 << 30
EXACT = 0.01
"""Share up to which a row counts as certain."""


class Verdict(StrEnum):
    """Whether a pool fits: `tight` misses by no more than the estimate may be wrong."""

    FITS = "fits"
    TIGHT = "tight"
    TOO_BIG = "does not fit"


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One use of memory in bytes, which budget it is charged to, and how the number is made.

    `error` is the share by which it may be off; a row that is `elastic` takes what the others leave.
    """

    name: str
    bytes: int
    pool: Literal["static", "outside"]
    how: str
    error: float = 0.0
    elastic: bool = False

    @property
    def certain(self) -> bool:
        """Whether the number follows from a formula of the engine or a library, not from a reserve."""
        return self.error <= EXACT


@dataclass(frozen=True, slots=True)
class MemoryTable:
    """What one GPU holds.

    `free_bytes` is what is left before weights are loaded; the engine takes its fraction of that.
    The KV rows take what the other static rows leave; `least_kv_bytes` is the smallest pool that runs.
    """

    rows: tuple[MemoryRow, ...]
    gpu_bytes: int
    free_bytes: int
    mem_fraction: float
    mem_fraction_is_default: bool
    kv_tokens: int
    kv_bytes_per_token: float
    least_kv_bytes: int

    @property
    def static_budget(self) -> int:
        """Bytes for weights and KV cache."""
        return int(self.free_bytes * self.mem_fraction)

    @property
    def outside_budget(self) -> int:
        """Bytes for everything else."""
        return self.gpu_bytes - self.static_budget

    @property
    def static_needed(self) -> int:
        """Bytes that the static budget must hold: all fixed rows and the smallest KV cache."""
        return self._needed("static") + self.least_kv_bytes

    @property
    def outside_needed(self) -> int:
        """Bytes that must stay outside the static budget."""
        return self._needed("outside")

    @property
    def short_static(self) -> int:
        """Bytes that the static budget lacks; negative where some are left."""
        return self.static_needed - self.static_budget

    @property
    def short_outside(self) -> int:
        """Bytes that are lacking outside the static budget; negative where some are left."""
        return self.outside_needed - self.outside_budget

    @property
    def short_bytes(self) -> int:
        """Bytes lacking in the budget that lacks more, 0 where none does."""
        return max(0, self.short_static, self.short_outside)

    @property
    def static_margin(self) -> int:
        """Bytes by which `static_needed` may be wrong."""
        return self._margin("static")

    @property
    def outside_margin(self) -> int:
        """Bytes by which `outside_needed` may be wrong."""
        return self._margin("outside")

    @property
    def verdict(self) -> Verdict:
        """Whether it fits, given how wrong the estimate may be."""
        if self.short_static > self.static_margin or self.short_outside > self.outside_margin:
            return Verdict.TOO_BIG
        return Verdict.TIGHT if self.short_bytes else Verdict.FITS

    @property
    def fits(self) -> bool:
        """Whether nothing says that it cannot run."""
        return self.verdict is not Verdict.TOO_BIG

    @property
    def least_fraction(self) -> float:
        """The smallest memory fraction under which weights and the smallest KV pool fit."""
        return self.static_needed / self.free_bytes

    @property
    def greatest_fraction(self) -> float:
        """The largest memory fraction that leaves enough outside."""
        return (self.gpu_bytes - self.outside_needed) / self.free_bytes

    def _needed(self, pool: str) -> int:
        return sum(row.bytes for row in self.rows if row.pool == pool and not row.elastic)

    def _margin(self, pool: str) -> int:
        return sum(int(row.bytes * row.error) for row in self.rows if row.pool == pool)


def lines(table: MemoryTable) -> list[str]:
    """Return the table as aligned text: GiB, `~` before what is estimated, and where it comes from."""
    width = max(len(row.name) for row in table.rows) + 2
    return [*_part(table, "static", width), *_part(table, "outside", width), *_ending(table)]


def _part(table: MemoryTable, pool: str, width: int) -> Iterator[str]:
    budget = table.static_budget if pool == "static" else table.outside_budget
    origin = "the engine's own" if table.mem_fraction_is_default else "given"
    share = f"{table.mem_fraction:g} ({origin}) of {table.free_bytes / GIB:.1f} GiB free"
    yield f"weights and KV cache: {share}" if pool == "static" else "outside: what that leaves"
    rows = [row for row in table.rows if row.pool == pool]
    for row in rows:
        mark = " " if row.certain else "~"
        yield f"  {row.name:<{width}}{mark}{row.bytes / GIB:7.2f} GiB  {row.how}"
    used = sum(row.bytes for row in rows)
    yield f"  {'sum':<{width}} {used / GIB:7.2f} GiB  of {budget / GIB:.2f} GiB"


def _ending(table: MemoryTable) -> Iterator[str]:
    verdict = str(table.verdict)
    if table.short_static > 0:
        verdict += f", {table.short_static / GIB:.2f} GiB too little for weights and KV cache"
    if table.short_outside > 0:
        verdict += f", {table.short_outside / GIB:.2f} GiB too little outside"
    yield f"KV tokens per rank: {table.kv_tokens:,} at {table.kv_bytes_per_token:,.0f} bytes"
    yield f"verdict: {verdict}"
