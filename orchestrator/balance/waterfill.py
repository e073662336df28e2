"""Waterfill as SGLang does it: to which rank each token's shared expert goes.

Arithmetic of the engine and nothing else; whether it pays is decided in `verdict`.

srt/layers/moe/waterfill.py and kernels/ops/moe/deepep_waterfill_kernels.py of SGLang 0.5.23, the kernel
byte-identical since 0.5.16 (md5 94a7250c…), and in 0.5.12 … 0.5.15.post1 the same text within
srt/layers/moe/deepep_waterfill.py. A rank looks at the tokens it has itself:

- With fewer than 64 the shared expert stays local (waterfill.py:72, 116-118, 216-225, 268-272).
- It counts how many of its top-k choices go to each rank (kernel :51-83), after EPLB chose replicas
  (moe_ep_setup.py:51-66). In static mode, the default, those counts are the load of the ranks and every
  rank is a candidate (waterfill.py:124-132); in dynamic mode the counts and tokens of all ranks are
  added up by an all-reduce in each layer (waterfill.py:134-182).
- The target is the load of a rank were routed and shared rows spread evenly, rounded up (kernel
  :116-125). A rank weighs what it lacks to the target; another rank than the token's own only 10/11 of
  that (:28-29, :179-192).
- Each token draws a rank by these weights, with a number hashed from its place in the batch and the
  rank it is on (:194-219): a random spread by weight, not a choice of the least loaded rank.
- Where no rank weighs anything, the least loaded candidate is taken, if it is below 10/11 of the rank's
  own (:127-177, :221).

The kernel is the engine's only form of it: it compiles for 2, 4, 8, 16 and 32 ranks alone (:112, :135).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestrator.experts.waterfill import MIN_TOKENS

Ints = npt.NDArray[np.int64]

_OWN, _OTHER = 11, 10
_NOWHERE = -1
_GOLDEN, _FACTOR, _STEP = np.uint32(0x9E3779B9), np.uint32(1664525), np.uint32(1013904223)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the ranks carry already, as [ranks] rows, and what is allowed.

    `anywhere`: every rank is a candidate, else only those that the token goes to anyway and its own.
    `target` is 0 where the kernel derives it from the loads.
    """

    loads: Ints
    anywhere: bool
    target: int


def routed_rows(top_k: Ints, slots_per_rank: int, ranks: int) -> Ints:
    """Return how many choices go to each rank: [ranks] from physical slots [tokens, k], -1 for none."""
    chosen = top_k[top_k >= 0]
    return np.bincount(np.minimum(chosen // slots_per_rank, ranks - 1), minlength=ranks)


def static_plan(routed: Ints) -> Plan:
    """Return the plan of a rank that knows its own counts alone."""
    return Plan(routed, anywhere=True, target=0)


def dynamic_plan(routed: Ints, tokens: Ints, k: int) -> Plan:
    """Return the plan of all ranks together, from rows routed to and tokens on each, as [ranks]."""
    loads = routed + tokens
    ranks = len(loads)
    target = int(loads.sum() + routed.sum() // k + ranks - 1) // ranks
    return Plan(loads, anywhere=bool(loads.max() <= target), target=target)


def destinations(top_k: Ints, rank: int, slots_per_rank: int, plan: Plan) -> Ints:
    """Return the rank that gets the shared expert of each token, as [tokens]; -1 for padding.

    `top_k` are the physical slots [tokens, k] that tokens on `rank` are routed to, -1 for none. Below
    `MIN_TOKENS` the plan is not looked at.
    """
    tokens, k = top_k.shape
    valid = top_k >= 0
    chosen = np.full(tokens, rank)
    if tokens >= MIN_TOKENS:
        ranks = len(plan.loads)
        routed = np.minimum(np.maximum(top_k // slots_per_rank, 0), ranks - 1)
        candidates = np.ones((tokens, ranks), bool)
        if not plan.anywhere:
            candidates = np.zeros((tokens, ranks), bool)
            candidates[np.nonzero(valid)[0], routed[valid]] = True
            candidates[:, rank] = True
        weights = np.where(candidates, _weights(plan.loads, _target(plan, k), rank), 0)
        bounds = weights.cumsum(axis=1)
        drawn = _hashed(tokens, rank) % np.maximum(bounds[:, -1], 1)
        chosen = (drawn[:, None] >= bounds).sum(axis=1)
        idle = bounds[:, -1] == 0
        order = routed if not plan.anywhere else np.broadcast_to(np.arange(ranks), (tokens, ranks))
        seen = valid if not plan.anywhere else np.ones_like(order, bool)
        chosen[idle] = _lowest(plan.loads, order[idle], seen[idle], rank)
    return np.where(valid.any(axis=1), chosen, _NOWHERE)


def shared_rows(routed: Ints, tokens: int, k: int) -> Ints:
    """Return the shared rows that each rank gets in static mode, as [..., from ranks, to ranks].

    `routed` are the rows that the tokens of each rank send to each, [..., from ranks, to ranks];
    `tokens` a rank has, each with `k` choices. Equal to `destinations` counted, without the tokens: in
    static mode a token's own choices do not matter.
    """
    *_, ranks = routed.shape
    own = np.eye(ranks, dtype=np.int64)
    if tokens < MIN_TOKENS:
        return np.broadcast_to(own * tokens, routed.shape)
    total = routed.sum(axis=-1, keepdims=True)
    target = (total + total // k + ranks - 1) // ranks
    lacking = np.maximum(target - routed, 0)
    weights = np.where(own == 1, lacking, lacking * _OTHER // _OWN)
    bounds = weights.cumsum(axis=-1)
    sums = bounds[..., -1]  # never 0: 64 tokens are at least 2 a rank, so that some rank lacks 2
    hashed = np.stack([_hashed(tokens, rank) for rank in range(ranks)])
    drawn = hashed % np.maximum(sums, 1)[..., None]
    # How many tokens drew each number, all rows in one count; then below each bound.
    starts = np.cumsum(np.maximum(sums, 1)).reshape(sums.shape) - np.maximum(sums, 1)
    counts = np.bincount((drawn + starts[..., None]).ravel(), minlength=int(starts.max()) + 1)
    below = np.concatenate([[0], counts.cumsum()])
    reached = below[np.minimum(starts[..., None] + bounds, len(below) - 1)]
    rows: Ints = np.diff(reached, axis=-1, prepend=below[starts][..., None])
    return rows


def _target(plan: Plan, k: int) -> int:
    ranks, total = len(plan.loads), int(plan.loads.sum())
    return plan.target or (total + total // k + ranks - 1) // ranks


def _weights(loads: Ints, target: int, rank: int) -> Ints:
    lacking = np.maximum(target - loads, 0)
    weights: Ints = lacking * _OTHER // _OWN
    weights[rank] = lacking[rank]
    return weights


def _hashed(tokens: int, rank: int) -> Ints:
    """Return the number of 32 bits that each token of a rank draws with."""
    places = np.arange(tokens, dtype=np.uint32)
    with np.errstate(over="ignore"):
        seeds = (places ^ (np.uint32(rank) * _GOLDEN)) * _FACTOR + _STEP
    return seeds.astype(np.int64)


def _lowest(loads: Ints, order: Ints, seen: npt.NDArray[Any], rank: int) -> Ints:
    """Return the least loaded rank of each row of `order`, a rank leaving its own only for 10/11."""
    best = np.full(len(order), rank)
    for place in range(order.shape[1]):
        rivals = order[:, place]
        better = seen[:, place] & (loads[rivals] * _OWN < loads[best] * _OTHER)
        best = np.where(better, rivals, best)
    return best
