"""Waterfill as SGLang does it: to which rank each token's shared expert goes.

Arithmetic of the engine and nothing else; whether it pays is decided in `verdict`.

srt/layers/moe/waterfill.py and kernels/ops/moe/deepep_waterfill_kernels.py of SGLang 0.5.23, the kernel
byte-identical since 0.5.16 (md5 94a7250c…), and in 0.5.12 … 0.5.15.post1 the same text within
srt/layers/moe/deepep_waterfill.py. A rank looks at the tokens it has itself:

- With fewer than 64 the shared expert stays local (waterfill.py:72, 116-118, 216-225, 268-272).
- It counts how many of its top-k choices go to each rank (kernel :51-83), after EPLB chose replicas
  (moe_ep_setup.py:51-66). In static mode, the default, those counts are the load of the ranks and every
  rank is a candidate (waterfill.py:124-132); in dynamic mode the counts and tokens of all ranks are
  added up by an all-reduce in each layer (waterfill.py:134-182), which is not computed here.
- The target is the load of a rank were routed and shared rows spread evenly, rounded up (kernel
  :116-125). A rank weighs what it lacks to the target; another rank than the token's own only 10/11 of
  that (:28-29, :179-192).
- Each token draws a rank by these weights, with a number hashed from its place in the batch and the
  rank it is on (:194-219): a random spread by weight, not a choice of the least loaded rank.
- Where no rank weighs anything, as static mode never has it, the least loaded candidate is taken, if it
  is below 10/11 of the rank's own (:127-177, :221).

The kernel is the engine's only form of it: it compiles for 2, 4, 8, 16 and 32 ranks alone (:112, :135).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from orchestrator.experts.waterfill import MIN_TOKENS

Ints = npt.NDArray[np.int64]

OWN, OTHER = 11, 10
"""How a rank weighs against any other, of what either lacks to the target."""

_GOLDEN, _FACTOR, _STEP = np.uint32(0x9E3779B9), np.uint32(1664525), np.uint32(1013904223)


def shared_rows(routed: Ints, tokens: int, k: int) -> Ints:
    """Return the shared rows that each rank gets in static mode, as [..., from ranks, to ranks].

    `routed` are the rows that the tokens of each rank send to each, [..., from ranks, to ranks];
    `tokens` a rank has, each with `k` choices. In static mode a token's own choices do not matter, so that
    no token is needed: tests hold the rows against the kernel's choice of each.
    """
    *_, ranks = routed.shape
    own = np.eye(ranks, dtype=np.int64)
    if tokens < MIN_TOKENS:
        return np.broadcast_to(own * tokens, routed.shape)
    total = routed.sum(axis=-1, keepdims=True)
    target = (total + total // k + ranks - 1) // ranks
    lacking = np.maximum(target - routed, 0)
    weights = np.where(own == 1, lacking, lacking * OTHER // OWN)
    bounds = weights.cumsum(axis=-1)
    sums = bounds[..., -1]  # never 0: 64 tokens are at least 2 a rank, so that some rank lacks 2
    numbers = np.stack([hashed(tokens, rank) for rank in range(ranks)])
    drawn = numbers % np.maximum(sums, 1)[..., None]
    # How many tokens drew each number, all rows in one count; then below each bound.
    starts = np.cumsum(np.maximum(sums, 1)).reshape(sums.shape) - np.maximum(sums, 1)
    counts = np.bincount((drawn + starts[..., None]).ravel(), minlength=int(starts.max()) + 1)
    below = np.concatenate([[0], counts.cumsum()])
    reached = below[np.minimum(starts[..., None] + bounds, len(below) - 1)]
    rows: Ints = np.diff(reached, axis=-1, prepend=below[starts][..., None])
    return rows


def hashed(tokens: int, rank: int) -> Ints:
    """Return the number of 32 bits that each token of a rank draws with."""
    places = np.arange(tokens, dtype=np.uint32)
    with np.errstate(over="ignore"):
        seeds = (places ^ (np.uint32(rank) * _GOLDEN)) * _FACTOR + _STEP
    return seeds.astype(np.int64)
