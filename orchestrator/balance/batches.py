"""Batches of a pool's size, drawn from an expert distribution or from its recorded steps.

How often each expert is chosen by the tokens of each rank; where the experts are is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestrator.experts.placement import Counts

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DRAWS = 24
"""Batches drawn at least; half of them with ranks alike, half with ranks that differ."""

MOST = 48
"""Recorded batches used at most."""

UNLIKE = 1.0
"""Shape of the gamma weights by which a rank's experts differ from the distribution, where they do.

Requests bring their own favourite experts, and a rank has few requests at a time. Fitted, not measured: in
the setting of sgl-project/sglang pull request 25391 (EP 16 on two nodes, its release's dispatch) the bound
is then 2.1, 3.1 and 2.4 % for 0, 16 and 32 redundant experts, where 2.6, 2.8 and 4.3 % were measured;
with ranks alike it is 8.8, 1.4 and 1.5 %.
"""

_SEED = 20_260_101
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Size:
    """A batch: `tokens` on each of `ranks`, each token with `top_k` experts."""

    ranks: int
    tokens: int
    top_k: int

    @property
    def choices(self) -> int:
        """Experts chosen in one layer, all ranks together."""
        return self.ranks * self.tokens * self.top_k


@dataclass(frozen=True, slots=True)
class Batches:
    """Distributions to draw from, as [layers, experts] counts each; `recorded` where they are steps."""

    distributions: tuple[Floats, ...]
    recorded: bool


def batches(counts: Counts, steps: Iterable[Sequence[float]], size: Size) -> Batches:
    """Return recorded steps joined to batches of at least that size, else the sums alone.

    `counts` are [layers][experts], `steps` the same flat, in the order of the recording. Steps smaller than a batch are added up until they fill one,
    a larger step is one distribution; a last rest is left out. Of more than `MOST` they are taken at
    even distances. Fewer than two batches say nothing about how batches differ: then the sums are used.
    """
    totals = np.array(counts, float)
    joined = list(
        _joined((np.array(step, float).reshape(totals.shape) for step in steps), size.choices)
    )
    if len(joined) < 2:  # noqa: PLR2004 - a spread needs two
        return Batches((totals,), recorded=False)
    chosen = np.unique(np.linspace(0, len(joined) - 1, MOST).round().astype(int))
    return Batches(tuple(joined[at] for at in chosen), recorded=True)


def drawn(found: Batches, size: Size, draws: int = DRAWS) -> Iterator[Ints]:
    """Yield batches as [layers, ranks, experts] choices, in turn from each distribution.

    At least `draws` of them, and at least one from each distribution; the same every time. Recorded
    steps are dealt to the ranks as they are; of batches from sums every other has ranks that differ.
    """
    chance = np.random.default_rng(_SEED)
    for draw in range(max(draws, len(found.distributions))):
        counts = found.distributions[draw % len(found.distributions)][:, None, :]
        if draw % 2 and not found.recorded:
            layers, _, experts = counts.shape
            counts = counts * chance.gamma(UNLIKE, size=(layers, size.ranks, experts))
        yield _draw(inclusion(counts, size.top_k), size, chance)


def inclusion(counts: Floats, top_k: int) -> Floats:
    """Return the chance that a token chooses each expert, as [..., experts] that add up to `top_k`.

    A token chooses an expert once at most: what is above 1, as when a file was recorded with fewer
    choices, goes to the others alike. Where nothing was counted, nothing is chosen.
    """
    chances = counts * _over(float(top_k), counts.sum(axis=-1, keepdims=True))
    while (chances > 1 + _CLOSE).any():
        full = chances >= 1
        rest = np.where(full, 0, chances)
        room = top_k - full.sum(axis=-1, keepdims=True)
        chances = np.where(full, 1, rest * _over(room, rest.sum(axis=-1, keepdims=True)))
    return chances


def _over(part: float | Ints, sums: Floats) -> Floats:
    """Return a quotient that is 0 where there is nothing to divide."""
    quotient: Floats = np.divide(part, sums, out=np.zeros(sums.shape), where=sums > 0)
    return quotient


def _joined(steps: Iterable[Floats], choices: int) -> Iterator[Floats]:
    pending: Floats | None = None
    for step in steps:
        pending = step if pending is None else pending + step
        if pending.sum(axis=1).max() >= choices:
            yield pending
            pending = None


def _draw(chances: Floats, size: Size, chance: np.random.Generator) -> Ints:
    """Return a batch of [layers, ranks or 1, experts] by systematic sampling in a random order of experts (Hartley and Rao, 1962).

    Chances laid end to end are a line of length top-k; a token marks it at u, u + 1, … for one uniform u
    and chooses the experts it hits: distinct ones, each with its own chance. Tokens count only by
    the gap of the unit interval that holds their u, so that one multinomial draw serves all of them.
    """
    layers, _, experts = chances.shape
    order = np.argsort(chance.random((layers, 1, experts)), axis=-1)
    ends = np.take_along_axis(chances, np.broadcast_to(order, chances.shape), axis=-1).cumsum(
        axis=-1
    )
    whole = np.floor(ends + _CLOSE)
    edges = np.maximum(ends - whole, 0)
    ranked = edges.argsort(axis=-1)
    gaps = np.diff(np.take_along_axis(edges, ranked, axis=-1), prepend=0, append=1)
    inside = chance.multinomial(size.tokens, gaps, (layers, size.ranks))[..., :-1]
    below = np.empty(inside.shape, np.int64)
    np.put_along_axis(below, np.broadcast_to(ranked, below.shape), inside.cumsum(axis=-1), axis=-1)
    marks = below + (whole * size.tokens).astype(np.int64)
    chosen = np.empty_like(marks)
    places = np.broadcast_to(order, marks.shape)
    np.put_along_axis(chosen, places, np.diff(marks, axis=-1, prepend=0), axis=-1)
    return chosen
