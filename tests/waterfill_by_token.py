"""Waterfill's kernel written out token by token, in both modes: what ties our counts to the engine.

tests/oracle holds it against the kernel itself, tests/unit our `shared_rows` against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestrator.balance.waterfill import OTHER, OWN, Ints, hashed
from orchestrator.experts.waterfill import MIN_TOKENS

_NOWHERE = -1


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
        drawn = hashed(tokens, rank) % np.maximum(bounds[:, -1], 1)
        chosen = (drawn[:, None] >= bounds).sum(axis=1)
        idle = bounds[:, -1] == 0
        order = routed if not plan.anywhere else np.broadcast_to(np.arange(ranks), (tokens, ranks))
        seen = valid if not plan.anywhere else np.ones_like(order, bool)
        chosen[idle] = _lowest(plan.loads, order[idle], seen[idle], rank)
    return np.where(valid.any(axis=1), chosen, _NOWHERE)


def _target(plan: Plan, k: int) -> int:
    ranks, total = len(plan.loads), int(plan.loads.sum())
    return plan.target or (total + total // k + ranks - 1) // ranks


def _weights(loads: Ints, target: int, rank: int) -> Ints:
    lacking = np.maximum(target - loads, 0)
    weights: Ints = lacking * OTHER // OWN
    weights[rank] = lacking[rank]
    return weights


def _lowest(loads: Ints, order: Ints, seen: npt.NDArray[Any], rank: int) -> Ints:
    """Return the least loaded rank of each row of `order`, a rank leaving its own only for 10/11."""
    best = np.full(len(order), rank)
    for place in range(order.shape[1]):
        rivals = order[:, place]
        better = seen[:, place] & (loads[rivals] * OWN < loads[best] * OTHER)
        best = np.where(better, rivals, best)
    return best
