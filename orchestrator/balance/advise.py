"""The fewest redundant experts that make the load of a pool's ranks even enough, and fit its GPU.

Knows a pool by its ranks and by what each number of redundant experts costs it; where the costs come
from, and how advice is told, is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.balance.sweep import balancedness
from orchestrator.experts.balancedness import Balancedness, Layout
from orchestrator.experts.placement import Counts

MOST_REDUNDANT = 128
"""Redundant experts that are tried: half as many as the routed ones of DeepSeek-V4-Flash."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What redundant experts are to one GPU: bytes more than without any, and the KV tokens it keeps.

    `short` is how many bytes the GPU lacks with them, 0 where they fit.
    """

    bytes: int
    kv_tokens: int
    short: int


@dataclass(frozen=True, slots=True)
class Demand:
    """Pools that are alike, by name: their ranks, redundant experts now, and the cost of each number.

    `now` and `costs` are None where they are unknown; what has no known cost counts as fitting.
    """

    pools: tuple[str, ...]
    ranks: int
    now: int | None = None
    costs: Mapping[int, Cost] | None = None

    def fits(self, redundant: int) -> bool:
        """Whether nothing says that so many redundant experts do not fit."""
        return self.costs is None or not self.costs[redundant].short


@dataclass(frozen=True, slots=True)
class Advice:
    """What to set for a demand.

    `chosen` is the fewest redundant experts that reach the target and fit, None where none do;
    `best` is what comes nearest to it and fits, `unaffordable` the fewest that reach the target but
    do not fit. Both are None where there are none.
    """

    demand: Demand
    chosen: int | None
    best: int | None
    unaffordable: int | None


def balances(counts: Counts, cells: Sequence[Layout]) -> dict[Layout, Balancedness]:
    """Return how even each valid cell is; at least one layer must have counted something."""
    counted = [layer for layer, row in enumerate(counts) if any(row)]
    found = {}
    for cell, evens in balancedness([counts[layer] for layer in counted], cells).items():
        layers: list[float | None] = [None] * len(counts)
        for layer, even in zip(counted, evens.tolist(), strict=True):
            layers[layer] = even
        found[cell] = Balancedness(tuple(layers))
    return found


def advise(demand: Demand, found: Mapping[Layout, Balancedness], target: float) -> Advice:
    """Return the advice for pools whose cells are among those found."""
    means = {
        cell.redundant: even.mean for cell, even in found.items() if cell.ranks == demand.ranks
    }
    fitting = [redundant for redundant in means if demand.fits(redundant)]
    reaching = sorted(redundant for redundant, mean in means.items() if mean >= target)
    return Advice(
        demand,
        chosen=min((redundant for redundant in reaching if redundant in fitting), default=None),
        best=max(fitting, key=lambda redundant: (means[redundant], -redundant), default=None),
        unaffordable=min((each for each in reaching if each not in fitting), default=None),
    )
