"""Load of every rank and layer under three layouts: experts in order, EPLB, EPLB with Waterfill.

Load is counted in rows: one token at one expert, routed or shared. What it costs is `verdict`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestrator.balance.batches import Batches, Floats, Ints, Size, drawn, inclusion
from orchestrator.balance.dispatch import first_slots, static_dispatch
from orchestrator.balance.waterfill import shared_rows
from orchestrator.experts.placement import Counts, Undivided, eplb, trivial

LOW, HIGH = 5, 95
"""Percentiles between which a spread is told."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over the batches: its mean and the 5th and 95th percentile."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Layout:
    """What ranks carry: `expected` rows as [layers, ranks], `loads` as [batches, layers, ranks].

    Expected is a batch that has exactly the file's distribution, the same on every rank.
    """

    expected: Floats
    loads: Floats

    @property
    def balancedness(self) -> Floats:
        """Mean over largest load of the ranks, as [batches, layers]; 1 is even."""
        even: Floats = self.loads.mean(axis=2) / self.loads.max(axis=2)
        return even

    def gain_over(self, other: Layout) -> Spread:
        """Return how much more the MoE phase does in the same time than another layout, in per cent.

        A bound: as if a layer took the rows of its most loaded rank and nothing else took time.
        """
        slowest = self.loads.max(axis=2).sum(axis=1)
        return spread(100 * (other.loads.max(axis=2).sum(axis=1) / slowest - 1))


@dataclass(frozen=True, slots=True)
class Simulation:
    """The layouts of one pool under the same batches; `layers` are the numbers of those counted.

    `recorded` is how many different batches the file's own steps filled, 0 where its sums were used.
    """

    size: Size
    recorded: int
    layers: tuple[int, ...]
    trivial: Layout
    eplb: Layout
    waterfill: Layout

    @property
    def batches(self) -> int:
        """How many batches there were."""
        return len(self.eplb.loads)


def spread(values: npt.ArrayLike) -> Spread:
    """Return mean, 5th and 95th percentile."""
    array = np.asarray(values, float)
    low, high = np.percentile(array, [LOW, HIGH])
    return Spread(float(array.mean()), float(low), float(high))


def simulate(
    counts: Counts, found: Batches, size: Size, redundant: int, nodes: int
) -> Simulation | Undivided:
    """Return the loads of the layouts, in the layers that counted anything.

    `counts` are those the placement is made from; `nodes` of one replica divide its ranks. Without a
    file the engine leaves redundant slots idle, so `trivial` has none unless they are needed to divide.
    """
    experts = len(counts[0])
    placed = eplb(counts, redundant, size.ranks)
    plain = trivial(len(counts), experts, redundant if experts % size.ranks else 0, size.ranks)
    if isinstance(placed, Undivided) or isinstance(plain, Undivided):
        return Undivided(experts + redundant, size.ranks)
    layers = [number for number, row in enumerate(counts) if any(row)]
    to = first_slots(plain)[layers], static_dispatch(placed, nodes)[layers]
    mean = inclusion(np.array(counts, float)[layers][:, None, :], size.top_k) * size.tokens
    loads = [_loads(batch[layers], to, size) for batch in drawn(found, size)]
    layouts = (
        Layout(expected, np.stack(each))
        for expected, each in zip(
            _loads(np.repeat(mean, size.ranks, axis=1), to, size),
            zip(*loads, strict=True),
            strict=True,
        )
    )
    recorded = len(found.distributions) if found.recorded else 0
    return Simulation(size, recorded, tuple(layers), *layouts)


def _loads(chosen: Floats | Ints, to: tuple[Ints, Ints], size: Size) -> tuple[Floats, ...]:
    """Return rows as [layers, ranks] under each layout, of choices [layers, ranks, experts]."""
    plain, balanced = (_routed(chosen, where) for where in to)
    whole = balanced.round().astype(np.int64)
    shared = np.stack([shared_rows(layer, size.tokens, size.top_k) for layer in whole])
    own: Floats = plain.sum(axis=1)
    sent: Floats = balanced.sum(axis=1)
    filled: Floats = sent + shared.sum(axis=1)
    return own + size.tokens, sent + size.tokens, filled


def _routed(chosen: Floats | Ints, to: Ints) -> Floats:
    """Return the rows from each rank to each, [layers, ranks, ranks], of [layers, ranks, experts]."""
    layers, ranks, _ = chosen.shape
    starts = np.arange(layers * ranks).reshape(layers, ranks, 1) * ranks
    counted: Floats = np.bincount(
        (starts + to).ravel(), chosen.astype(float).ravel(), layers * ranks * ranks
    ).astype(float)
    return counted.reshape(layers, ranks, ranks)
