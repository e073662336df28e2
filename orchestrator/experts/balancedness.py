"""How evenly ranks are loaded by the counts of a file, for the trivial layout and for EPLB's.

Which sizes a pool has, and how much evenness is enough, is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.experts.defects import CORRUPT
from orchestrator.experts.expert_file import ExpertFile
from orchestrator.experts.placement import Counts, Placement, Undivided, eplb, trivial

MOST_RANKS = 64
FEW = 5
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Layout:
    """Expert-parallel ranks, and redundant experts over all of them."""

    ranks: int
    redundant: int = 0


@dataclass(frozen=True, slots=True)
class Balancedness:
    """Mean load of the ranks over the largest, by layer; None where nothing was counted.

    1 is even. At least one layer has counts.
    """

    layers: tuple[float | None, ...]

    @property
    def mean(self) -> float:
        """Over the layers with counts, as the engine's `eplb_balancedness` is over all."""
        counted = [value for value in self.layers if value is not None]
        return sum(counted) / len(counted)

    @property
    def worst(self) -> float:
        """The layer with the most uneven load."""
        return min(value for value in self.layers if value is not None)

    @property
    def worst_layer(self) -> int:
        """Its number, the first of equals."""
        return self.layers.index(self.worst)


@dataclass(frozen=True, slots=True)
class Placed:
    """Both placements of one file's counts in the same slots: without the file, and from it."""

    layout: Layout
    trivial: Placement
    eplb: Placement


def usable_counts(file: ExpertFile) -> Counts:
    """Return tokens as [layers][experts]; empty where there are none, or none that can be trusted.

    Damaged files, files without a count, and counts of 2**53 and more, which no double holds.
    """
    totals = file.logical_totals()
    if any(fault.fault in CORRUPT for fault in file.faults) or not any(map(any, totals)):
        return ()
    return totals if max(map(max, totals)) < _EXACT else ()


def fitting_ranks(experts: int) -> tuple[int, ...]:
    """Return the most usual numbers of ranks among which experts divide: at most five up to 64.

    Of many divisors the powers of two, the largest ones.
    """
    fitting = [ranks for ranks in range(2, MOST_RANKS + 1) if experts % ranks == 0]
    if len(fitting) > FEW:
        fitting = [ranks for ranks in fitting if ranks.bit_count() == 1] or fitting
    return tuple(fitting[-FEW:])


def placed(counts: Counts, layout: Layout) -> Placed | Undivided:
    """Return where the engine puts the experts at load, without the file and with it."""
    before = trivial(len(counts), len(counts[0]), layout.redundant, layout.ranks)
    after = eplb(counts, layout.redundant, layout.ranks)
    if isinstance(before, Undivided) or isinstance(after, Undivided):
        return Undivided(len(counts[0]) + layout.redundant, layout.ranks)
    return Placed(layout, before, after)


def balancedness(placement: Placement, counts: Counts) -> Balancedness:
    """Return how even the ranks of a placement are under counts, which need not be those it is from."""
    rows = zip(placement.balancedness(counts), counts, strict=True)
    return Balancedness(tuple(value if any(row) else None for value, row in rows))
