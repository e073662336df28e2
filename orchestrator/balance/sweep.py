"""How even the engine's own `deepseek` placement is, for many redundancies and ranks at once.

Gives the balance alone, not where an expert goes: that is `orchestrator.experts.placement`, whose
module names the engine's files. Here all layers go together, and all redundancies of one rank count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orchestrator.experts.balancedness import Layout
from orchestrator.experts.placement import Counts

Doubles: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]

_EPSILON = 1e-5


def valid_cells(experts: int, redundant: Iterable[int], ranks: Iterable[int]) -> list[Layout]:
    """Return the cells whose slots divide over their ranks; the engine refuses all others."""
    numbers = tuple(redundant)
    return [
        Layout(count, more) for count in ranks for more in numbers if not (experts + more) % count
    ]


def balancedness(counts: Counts, cells: Sequence[Layout]) -> dict[Layout, Doubles]:
    """Return for each cell the mean load of the ranks over the largest, per layer; 1 is even.

    Equals `eplb(counts, cell.redundant, cell.ranks).balancedness(counts)` but for the rounding of shares to float32, which
    the engine packs by and which is kept here: less than 1e-6. Cells must be valid (`valid_cells`).
    """
    table = np.array(counts, dtype=np.float64).astype(np.float32)
    shares = dict(_replicated(table, {cell.redundant for cell in cells}))
    found: dict[Layout, Doubles] = {}
    for ranks in dict.fromkeys(cell.ranks for cell in cells):
        column = sorted(
            {cell for cell in cells if cell.ranks == ranks}, key=attrgetter("redundant")
        )
        loads = _packed([shares[cell.redundant] for cell in column], ranks)
        even = (loads.mean(axis=-1) + _EPSILON) / (loads.max(axis=-1) + _EPSILON)
        found.update(zip(column, even.reshape(len(column), len(table)), strict=True))
    return {cell: found[cell] for cell in cells}


def _replicated(counts: Singles, wanted: set[int]) -> Iterator[tuple[int, Singles]]:
    """Yield, for each number of redundant slots wanted, the share of each slot, largest first.

    A slot more changes one expert's share, the largest, so that one pass serves every number.
    """
    layers = np.arange(len(counts))
    replicas = np.ones(counts.shape, dtype=np.float32)
    shares = counts.copy()
    for redundant in range(max(wanted, default=-1) + 1):
        if redundant:
            largest = shares.argmax(axis=1)
            replicas[layers, largest] += 1
            shares[layers, largest] = counts[layers, largest] / replicas[layers, largest]
        if redundant in wanted:
            slots = np.repeat(shares.ravel(), replicas.ravel().astype(np.intp))
            # Equal shares may come in any order: the loads they add up to are the same.
            yield redundant, -np.sort(-slots.reshape(len(counts), -1), axis=1)


def _packed(tables: Sequence[Singles], ranks: int) -> Doubles:
    """Return the loads as [tables x layers][ranks], each share given to the least loaded with room.

    Tables are [layers][slots], those with fewer slots first, so that what is not yet dealt out is
    always the last rows. A full rank counts as infinitely loaded.
    """
    layers, sizes = len(tables[0]), [table.shape[1] for table in tables]
    shares = np.zeros((sizes[-1], len(tables), layers))
    for number, table in enumerate(tables):
        shares[: table.shape[1], number] = table.T
    shares = shares.reshape(sizes[-1], -1)
    rows = shares.shape[1]
    first = np.arange(rows) * ranks
    room = np.repeat(np.array(sizes) // ranks, layers * ranks)
    loads, open_loads = np.zeros(rows * ranks), np.zeros((rows, ranks))
    flat = open_loads.reshape(-1)
    for step, share in enumerate(shares):
        done = bisect_right(sizes, step) * layers
        least = first[done:] + open_loads[done:].argmin(axis=1)
        load = flat[least] + share[done:]
        left = room[least] - 1
        room[least] = left
        loads[least] = load
        flat[least] = np.where(left > 0, load, np.inf)
    return loads.reshape(rows, ranks)
