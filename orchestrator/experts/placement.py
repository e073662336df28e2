"""Where each expert goes: SGLang's trivial layout and its `deepseek` placement, slot by slot.

Equal to the engine's own, ties included; whether a placement suits a model is not decided here.

The truth is srt/eplb/eplb_algorithms/deepseek.py, byte-identical in SGLang 0.5.13 … 0.5.23 (md5
f30331ba…), called by `init_by_eplb` of srt/eplb/expert_location.py. Counts become float32, and so
does each share of a replicated expert; the loads of ranks are added as doubles. Ties: the lowest
expert gets the next replica, the lowest rank the next slot, and equal shares come in the order of
torch's unstable sort.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import heapify, heappop, heappush, heapreplace

from orchestrator.experts.unstable_sort import descending

Counts = Sequence[Sequence[float]]
"""Tokens as [layers][experts], summed over recorded steps: `ExpertFile.logical_totals()`."""

_EPSILON = 1e-5
_FLOAT32 = struct.Struct("<f")


@dataclass(frozen=True, slots=True)
class Undivided:
    """Slots that no placement can deal to the ranks: the engine dies of an AssertionError.

    srt/eplb/expert_location.py, `_init_common`: `num_physical_experts % ep_size == 0`, in SGLang
    0.5.13 … 0.5.23; deepseek.py asserts the same. `remainder` slots are left over.
    """

    physical: int
    ranks: int

    @property
    def remainder(self) -> int:
        """Slots left over when each rank has equally many."""
        return self.physical % self.ranks


@dataclass(frozen=True, slots=True)
class Placement:
    """The logical expert in each physical slot, of every layer.

    `physical_to_logical` is [layers][slots]: rank r holds the r-th of `ranks` equal parts of a row.
    `replicas` is [layers][experts]: how many slots hold an expert. `numbers` is [layers][slots]: of
    the replicas of an expert the lowest number is the engine's first; empty where the order of the
    slots is that of the replicas.
    """

    physical_to_logical: tuple[tuple[int, ...], ...]
    replicas: tuple[tuple[int, ...], ...]
    ranks: int
    numbers: tuple[tuple[int, ...], ...] = field(default=(), compare=False)

    def loads(self, counts: Counts) -> tuple[tuple[float, ...], ...]:
        """Return the tokens of each rank as [layers][ranks], replicas sharing alike."""
        loads = []
        rows = zip(self.physical_to_logical, self.replicas, counts, strict=True)
        for slots, replicas, row in rows:
            shares = [count / number for count, number in zip(row, replicas, strict=True)]
            size = len(slots) // self.ranks
            parts = (slots[start : start + size] for start in range(0, len(slots), size))
            loads.append(tuple(sum(shares[expert] for expert in part) for part in parts))
        return tuple(loads)

    def balancedness(self, counts: Counts) -> tuple[float, ...]:
        """Return the mean load of the ranks over the largest, per layer; 1 is even.

        As `compute_utilization_rate` of srt/eplb/expert_distribution.py (0.5.23), which adds 1e-5 to
        both, so that a layer without tokens is even; the engine rounds to float32, this does not.
        """
        return tuple(
            (sum(row) / self.ranks + _EPSILON) / (max(row) + _EPSILON) for row in self.loads(counts)
        )

    @property
    def digest(self) -> str:
        """The SHA-256 of the map in hexadecimal: [layers][slots] row by row, little-endian int32.

        The engine's tensor gives the same by
        `sha256(physical_to_logical_map.cpu().numpy().astype("<i4").tobytes())`.
        """
        found = sha256()
        for row in self.physical_to_logical:
            found.update(struct.pack(f"<{len(row)}i", *row))
        return found.hexdigest()


def trivial(layers: int, experts: int, redundant: int, ranks: int) -> Placement | Undivided:
    """Return the experts in order and the redundant slots after them, from expert 0 on again.

    `init_trivial` of srt/eplb/expert_location.py, SGLang 0.5.13 … 0.5.23. Needs experts and ranks
    of at least 1; redundant slots are counted over all ranks.
    """
    physical = experts + redundant
    if physical % ranks:
        return Undivided(physical, ranks)
    slots = tuple(slot % experts for slot in range(physical))
    again, more = divmod(physical, experts)
    replicas = tuple(again + (expert < more) for expert in range(experts))
    return Placement((slots,) * layers, (replicas,) * layers, ranks)


def eplb(counts: Counts, redundant: int, ranks: int) -> Placement | Undivided:
    """Return the placement of `--eplb-algorithm deepseek`, what `auto` means for DeepSeek-V4.

    Counts are finite, not negative and below 2**53, at least one expert and one layer; redundant
    slots are counted over all ranks. For counts of a float type that were summed over several steps
    the engine, which adds in that type, may see other last digits.
    """
    physical = len(counts[0]) + redundant
    if physical % ranks:
        return Undivided(physical, ranks)
    rows, replicated, numbers = [], [], []
    for layer in counts:
        row = array("f", layer).tolist()
        experts, replicas, shares = _replicated(row, redundant)
        slots = _packed(shares, experts, ranks)
        rows.append(tuple(experts[slot] for slot in slots))
        numbers.append(tuple(slots))
        replicated.append(tuple(replicas))
    return Placement(tuple(rows), tuple(replicated), ranks, tuple(numbers))


def _replicated(
    counts: Sequence[float], redundant: int
) -> tuple[list[int], list[int], list[float]]:
    """Return the expert of each slot, the replicas of each expert and its share of its tokens.

    Each redundant slot goes to the expert with the largest share, the first of equals
    (`replicate_experts`).
    """
    experts = list(range(len(counts)))
    replicas = [1] * len(counts)
    shares = list(counts)
    waiting = [(-share, expert) for expert, share in enumerate(shares)]
    heapify(waiting)
    for _ in range(redundant):
        expert = waiting[0][1]
        experts.append(expert)
        replicas[expert] += 1
        (shares[expert],) = _FLOAT32.unpack(_FLOAT32.pack(counts[expert] / replicas[expert]))
        heapreplace(waiting, (-shares[expert], expert))
    return experts, replicas, shares


def _packed(shares: Sequence[float], experts: Sequence[int], ranks: int) -> list[int]:
    """Return the slots in the order of the ranks that hold them.

    The largest share first, each goes to the least loaded rank with room, the first of equals; with
    one slot a rank they stay in order (`balanced_packing`).
    """
    size = len(experts) // ranks
    if size == 1:
        return list(range(ranks))
    weights = [shares[expert] for expert in experts]
    held: list[list[int]] = [[] for _ in range(ranks)]
    loads: list[tuple[float, int]] = [(0.0, rank) for rank in range(ranks)]
    for slot in descending(weights):
        load, rank = heappop(loads)
        held[rank].append(slot)
        if len(held[rank]) < size:
            heappush(loads, (load + weights[slot], rank))
    return [slot for slots in held for slot in slots]
