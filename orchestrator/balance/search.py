"""A placement map that is more even than the engine's own, found by local search from there.

Deterministic: the same counts give the same map. Like the engine's own placement it takes the
replicas of an expert to share its tokens alike; whether a map is worth having is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from orchestrator.experts.placement import Counts, Placement, Undivided, eplb

Doubles: TypeAlias = NDArray[np.float64]
Map: TypeAlias = tuple[tuple[int, ...], ...]
"""The logical expert in each physical slot, as [layers][slots]: `physical_to_logical_map`."""

_STEPS = 1000
"""Changes of one layer after which the search stops; real ones come to rest within 300."""
_LESS = 1 - 1e-9
"""What a change must bring at least, so that rounding is no gain."""


@dataclass(frozen=True, slots=True)
class Contest:
    """A map against what the engine computes from the counts, for one number of ranks.

    Both are the mean, over the layers that counted something, of the ranks' mean load over the largest.
    """

    own: float
    mapped: float

    @property
    def gain(self) -> float:
        """What the map is better by."""
        return self.mapped - self.own


def searched(counts: Counts, redundant: int, ranks: Iterable[int]) -> Map:
    """Return one map for pools of these rank counts, over each of which the slots must divide.

    The search is for the most ranks; ranks are then put side by side so that the fewer ranks of
    another pool, each of which holds several of them, are even too.
    """
    most, *fewer = sorted(set(ranks), reverse=True)
    start = _own(counts, redundant, most)
    rows = zip(start.physical_to_logical, counts, strict=True)
    return tuple(
        _side_by_side(_Layer(slots, row, most).searched(), row, fewer) for slots, row in rows
    )


def contested(found: Map, counts: Counts, ranks: int) -> Contest:
    """Return how even a map is beside the engine's own placement into as many slots."""
    replicas = tuple(
        tuple(np.bincount(slots, minlength=len(row)).tolist())
        for slots, row in zip(found, counts, strict=True)
    )
    own = _own(counts, len(found[0]) - len(counts[0]), ranks)
    return Contest(_mean(own, counts), _mean(Placement(found, replicas, ranks), counts))


def _own(counts: Counts, redundant: int, ranks: int) -> Placement:
    placement = eplb(counts, redundant, ranks)
    if isinstance(placement, Undivided):
        raise ValueError(f"{placement.physical} slots do not divide over {ranks} ranks")  # noqa: TRY004
    return placement


def _mean(placement: Placement, counts: Counts) -> float:
    every = zip(placement.balancedness(counts), counts, strict=True)
    counted = [even for even, row in every if any(row)]
    return sum(counted) / len(counted)


def _side_by_side(
    parts: Sequence[Sequence[int]], row: Sequence[float], fewer: Sequence[int]
) -> tuple[int, ...]:
    """Return the slots of a layer whose ranks hold `parts`, put together for each fewer ranks."""
    replicas = np.bincount(list(chain.from_iterable(parts)), minlength=len(row))
    shares = np.array(row, dtype=np.float64) / replicas
    for ranks in fewer:
        if len(parts) % ranks:
            continue
        # Whole ranks are dealt to ranks: the same packing as that of experts.
        dealt = _own([[float(shares[list(part)].sum()) for part in parts]], 0, ranks)
        order, size = dealt.physical_to_logical[0], len(parts) // ranks
        groups = (order[start : start + size] for start in range(0, len(order), size))
        parts = [[expert for part in group for expert in parts[part]] for group in groups]
    return tuple(chain.from_iterable(parts))


class _Layer:
    """The slots of one layer while they are changed: [ranks][slots of a rank]."""

    def __init__(self, slots: Sequence[int], row: Sequence[float], ranks: int) -> None:
        self.counts = np.array(row, dtype=np.float64)
        self.slots = np.array(slots, dtype=np.intp).reshape(ranks, -1)
        self._weigh()

    def _weigh(self) -> None:
        self.replicas = np.bincount(self.slots.ravel(), minlength=len(self.counts))
        self.shares: Doubles = self.counts / self.replicas
        self.loads: Doubles = self.shares[self.slots].sum(axis=1)

    def searched(self) -> list[list[int]]:
        """Return the experts of each rank, once no change unburdens the most loaded any more."""
        for _ in range(_STEPS):
            if not (self._swap() or self._replicate()):
                break
            self._weigh()
        found: list[list[int]] = self.slots.tolist()
        return found

    def _heaviest(self) -> int:
        """Return the first of the most loaded ranks; rounding makes none of equal ones the larger."""
        return int((self.loads >= self.loads.max() * _LESS).argmax())

    def _swap(self) -> bool:
        """Swap a slot of the most loaded rank with another rank's, if both stay below its load."""
        heavy = self._heaviest()
        held = self.shares[self.slots]
        given = held[heavy][:, None, None] - held
        after = np.maximum(self.loads[heavy] - given, self.loads[:, None] + given)
        after[:, heavy] = np.inf
        slot, rank, other = np.unravel_index(int(after.argmin()), after.shape)
        if after[slot, rank, other] >= self.loads[heavy] * _LESS:
            return False
        mine, theirs = self.slots[heavy, slot], self.slots[rank, other]
        self.slots[heavy, slot], self.slots[rank, other] = theirs, mine
        return True

    def _replicate(self) -> bool:
        """Give a replica's slot to an expert of the most loaded rank, if that stays the highest load.

        Both experts' shares change on every rank that holds them.
        """
        heavy = self._heaviest()
        ranks, places = np.nonzero(self.replicas[self.slots] > 1)
        if not len(ranks):
            return False
        losing, winning = self.slots[ranks, places], np.unique(self.slots[heavy])
        less, more = self.counts / (self.replicas - 1).clip(1), self.counts / (self.replicas + 1)
        held = np.zeros((len(self.counts), len(self.loads)))
        np.add.at(held, (self.slots, np.arange(len(self.loads))[:, None]), 1)
        gained = held[winning] * (more - self.shares)[winning, None]
        lost = held[losing] * (less - self.shares)[losing, None]
        after = self.loads + gained[:, None] + lost
        change = more[winning, None] - less[losing]
        after[:, np.arange(len(ranks)), ranks] += change
        # What one expert loses and the other gains may cancel out: such a rank stays as it is.
        touched = np.abs(after - self.loads) > self.loads[heavy] * (1 - _LESS)
        highest = np.where(touched, after, 0).max(axis=2)
        highest[~touched[:, :, heavy]] = np.inf
        highest[winning[:, None] == losing] = np.inf
        expert, place = np.unravel_index(int(highest.argmin()), highest.shape)
        if highest[expert, place] >= self.loads[heavy] * _LESS:
            return False
        self.slots[ranks[place], places[place]] = winning[expert]
        return True
