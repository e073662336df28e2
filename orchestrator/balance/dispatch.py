"""Which replica of an expert the tokens of each rank go to: SGLang's `static` dispatch.

The engine's choice at load, once and for all tokens; how many tokens there are is not known here.

`compute_logical_to_rank_dispatch_physical_map` of srt/eplb/expert_location.py:612-708 (SGLang 0.5.23),
alike since 0.5.16; in older releases all ranks of a node took the first slot on it. The algorithm is
`static` for every all-to-all backend unless another is asked for (srt/arg_groups/parallel_hook.py:766-775,
0.5.23). An expert with one slot is there for all. Else a rank takes the
slot it holds itself, else the first on its node where that is a narrower choice; what is left over is
dealt out evenly in a random order of seed 42, the same in every process. So replicas do not share alike:
with two of three on one node of two, one of these serves all ranks of that node that hold none.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from orchestrator.experts.placement import Placement

Ints = npt.NDArray[np.int64]

_SEED = 42


def static_dispatch(placement: Placement, nodes: int) -> Ints:
    """Return the rank that tokens of each rank go to, as [layers, from ranks, experts].

    `nodes` of one replica of the pool divide its ranks. Raises nothing: every expert has a slot.
    """
    rows, ranks = placement.physical_to_logical, placement.ranks
    size = len(rows[0]) // ranks
    chance = random.Random(_SEED)  # noqa: S311 - the engine's own seed
    found = np.empty((len(rows), ranks, len(placement.replicas[0])), np.int64)
    for layer, row in enumerate(rows):
        numbers = placement.numbers[layer] if placement.numbers else range(len(row))
        for expert, slots in enumerate(_slots(row, numbers, len(placement.replicas[layer]))):
            holders = [slot // size for slot in slots]
            if len(holders) == 1:
                found[layer, :, expert] = holders[0]
                continue
            nearest = [_nearest(holders, rank, ranks // nodes) for rank in range(ranks)]
            left = [rank for rank, holder in enumerate(nearest) if holder is None]
            dealt = dict(zip(left, _dealt(holders, len(left), chance), strict=True)) if left else {}
            found[layer, :, expert] = [
                dealt[rank] if holder is None else holder for rank, holder in enumerate(nearest)
            ]
    return found


def first_slots(placement: Placement) -> Ints:
    """Return the same where the engine maps nothing: expert i is slot i, redundant slots stay idle.

    What happens without an expert file (srt/eplb/expert_location_dispatch.py:44-47: no algorithm).
    """
    size = len(placement.physical_to_logical[0]) // placement.ranks
    experts = np.arange(len(placement.replicas[0])) // size
    layers = len(placement.physical_to_logical)
    return np.broadcast_to(experts, (layers, placement.ranks, len(experts)))


def _slots(row: Sequence[int], numbers: Sequence[int], experts: int) -> list[list[int]]:
    """Return the slots of each expert, the first replica first."""
    found: list[list[int]] = [[] for _ in range(experts)]
    for _, slot in sorted(zip(numbers, range(len(row)), strict=True)):
        found[row[slot]].append(slot)
    return found


def _nearest(holders: Sequence[int], rank: int, ranks_per_node: int) -> int | None:
    """Return the rank itself, else the first on its node where not all are, else None."""
    if rank in holders:
        return rank
    node = rank // ranks_per_node
    near = [holder for holder in holders if holder // ranks_per_node == node]
    return near[0] if 0 < len(near) < len(holders) else None


def _dealt(holders: Sequence[int], number: int, chance: random.Random) -> list[int]:
    """Return `number` of the holders, each as often as any other or once more, in a random order."""
    rounds, more = divmod(number, len(holders))
    dealt = [*holders] * rounds + chance.sample([*holders], k=more)
    chance.shuffle(dealt)
    return dealt
