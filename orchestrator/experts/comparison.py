"""How far recordings differ, and what it costs to place the experts of one by the counts of another.

Takes counts of one shape; which files they are from, and their roles, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations
from math import pi, sqrt

from orchestrator.experts.balancedness import Balancedness, Layout, Placed, balancedness
from orchestrator.experts.placement import Counts

TOLERATED_LOSS = 0.03
"""Of the mean balancedness, our choice: expert layers are a part of a step, so it is less of the
throughput than the 2.6 to 4.3 % that balancing is published to win (sglang PR #25391)."""
CHANCE = 1.5
"""Distances up to so many times what chance gives say nothing about the traffic."""


class Verdict(StrEnum):
    """Whether one file can serve all that was recorded."""

    ONE_SERVES_ALL = "one-serves-all"
    RECORD_PER_ROLE = "record-per-role"
    RECORDINGS_DISAGREE = "recordings-disagree"
    """Placed by one, another's load is no more even than without any file."""
    RECORD_LONGER = "record-longer"
    """The loss is too large, and the difference no larger than chance makes it."""


@dataclass(frozen=True, slots=True)
class Distance:
    """Total-variation distance of two recordings by layer, 0 alike to 1; None without counts in both.

    `chance` is the mean distance of two recordings of the same traffic with so many counts, if every
    count were drawn by itself; counts of one prompt hang together, so real ones lie further apart.
    """

    first: int
    second: int
    layers: tuple[float | None, ...]
    chance: float

    @property
    def mean(self) -> float:
        """Over the layers with counts in both; 0 without any."""
        counted = self._counted()
        return sum(counted) / len(counted) if counted else 0.0

    @property
    def worst(self) -> float:
        """The layer that differs most; 0 without any."""
        return max(self._counted(), default=0.0)

    @property
    def worst_layer(self) -> int | None:
        """Its number, the first of equals."""
        return self.layers.index(self.worst) if self._counted() else None

    def _counted(self) -> list[float]:
        return [value for value in self.layers if value is not None]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Experts placed by EPLB from recording `source` and loaded with the counts of `target`."""

    layout: Layout
    source: int
    target: int
    placed: Balancedness
    own: Balancedness
    """What the target's own placement gives."""
    trivial: Balancedness
    """What the trivial layout in the same slots gives."""

    @property
    def loss(self) -> float:
        """How much less even the load is, on average, than placed by the target's own counts."""
        return 1 - self.placed.mean / self.own.mean


@dataclass(frozen=True, slots=True)
class Comparison:
    """Recordings of one shape by their index: distances of pairs, transfers both ways, a verdict.

    `best` is the recording that serves the others with the least loss, and `loss` the largest of
    its losses, over all layouts.
    """

    distances: tuple[Distance, ...]
    transfers: tuple[Transfer, ...]
    best: int
    loss: float
    verdict: Verdict


def compared(recordings: Sequence[Counts], placements: Sequence[Sequence[Placed]]) -> Comparison:
    """Return how two or more recordings of one shape differ.

    `placements` are those of each recording, for the same layouts in the same order, at least one.
    """
    pairs = list(permutations(range(len(recordings)), 2))
    distances = tuple(
        _distance(first, second, recordings) for first, second in pairs if first < second
    )
    transfers = tuple(
        _transfer(source, target, mine, its, recordings[target])
        for source, target in pairs
        for mine, its in zip(placements[source], placements[target], strict=True)
    )
    losses = [
        max(one.loss for one in transfers if one.source == source)
        for source in range(len(recordings))
    ]
    loss = min(losses)
    verdict = _verdict(distances, transfers, loss)
    return Comparison(distances, transfers, losses.index(loss), loss, verdict)


def _distance(first: int, second: int, recordings: Sequence[Counts]) -> Distance:
    layers: list[float | None] = []
    chances = []
    for one, other in zip(recordings[first], recordings[second], strict=True):
        here, there = sum(one), sum(other)
        if not (here and there):
            layers.append(None)
            continue
        both = list(zip(one, other, strict=True))
        layers.append(sum(abs(a / here - b / there) for a, b in both) / 2)
        # The mean absolute difference of two shares p drawn n and m times is that of a normal one.
        spread = sqrt((1 / here + 1 / there) * 2 / pi)
        shares = [(a + b) / (here + there) for a, b in both]
        chances.append(spread * sum(sqrt(p * (1 - p)) for p in shares) / 2)
    return Distance(first, second, tuple(layers), sum(chances) / len(chances) if chances else 0.0)


def _transfer(source: int, target: int, mine: Placed, its: Placed, counts: Counts) -> Transfer:
    return Transfer(
        its.layout,
        source,
        target,
        balancedness(mine.eplb, counts),
        balancedness(its.eplb, counts),
        balancedness(its.trivial, counts),
    )


def _verdict(distances: Sequence[Distance], transfers: Sequence[Transfer], loss: float) -> Verdict:
    if loss <= TOLERATED_LOSS:
        return Verdict.ONE_SERVES_ALL
    if all(one.mean <= CHANCE * one.chance for one in distances):
        return Verdict.RECORD_LONGER
    if any(one.placed.mean <= one.trivial.mean for one in transfers):
        return Verdict.RECORDINGS_DISAGREE
    return Verdict.RECORD_PER_ROLE
