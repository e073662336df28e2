"""Waterfill's arithmetic, in the numbers that a real GPU gave."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.balance.waterfill import shared_rows
from orchestrator.experts.waterfill import runs
from tests.waterfill_by_token import Plan, destinations, routed_rows, static_plan


def test_counts_are_those_of_the_tokens() -> None:
    """Shared rows counted without tokens equal the engine's choice of each token, counted."""
    chance = np.random.default_rng(6)
    for ranks, slots, tokens in ((2, 33, 100), (8, 34, 700), (16, 17, 64), (32, 9, 65), (8, 5, 63)):
        chosen = [
            np.argsort(chance.exponential(size=(tokens, ranks * slots)), axis=1)[:, :6]
            // (rank + 1)
            for rank in range(ranks)
        ]
        routed = np.stack([routed_rows(own, slots, ranks) for own in chosen])
        counted = [
            np.bincount(
                destinations(own, rank, slots, static_plan(routed[rank])), minlength=ranks
            ).tolist()
            for rank, own in enumerate(chosen)
        ]
        assert counted == shared_rows(routed, tokens, 6).tolist()


# The kernel of SGLang 0.5.23 on one H100, 2026-11-25, torch 2.11.0, Triton 3.6.0: 700 tokens on rank 1,
# the i-th choice of all tokens in a row is slot i² mod slots; the load of rank r is 50 + 37 r mod 90.
ON_A_GPU = [
    (2, True, 0),
    (2, False, 0),
    (8, True, 635779),
    (8, False, 444414),
    (16, True, 1656188),
    (16, False, 844859),
    (32, True, 3364094),
    (32, False, 1565832),
]


@pytest.mark.parametrize(("ranks", "anywhere", "expected"), ON_A_GPU)
def test_ranks_are_those_that_a_gpu_chose(ranks: int, anywhere: bool, expected: int) -> None:
    """The sum of rank times place over 700 tokens equals the kernel's on a real H100."""
    slots = -(-96 // ranks)
    chosen = (np.arange(4200) ** 2 % (slots * ranks)).reshape(700, 6)
    loads = np.array([50 + rank * 37 % 90 for rank in range(ranks)])
    found = destinations(chosen, 1, slots, Plan(loads, anywhere, 0))
    assert expected == int((found * np.arange(1, 701)).sum())


def test_a_rank_that_fails_on_a_gpu_is_known() -> None:
    """The kernel does not compile for 24 and 64 ranks; what it compiled for is known to run."""
    assert not any(map(runs, (24, 48, 64, 96)))
    assert all(runs(ranks) for ranks, _, _ in ON_A_GPU)


def test_under_64_tokens_the_shared_expert_stays() -> None:
    """With 63 tokens every shared expert stays local, with 64 some leave, both ways of counting."""
    for tokens, leaves in ((63, False), (64, True)):
        chosen = np.zeros((tokens, 6), np.int64) + np.arange(6)
        routed = routed_rows(chosen, 8, 2)
        assert routed.tolist() == [6 * tokens, 0]
        found = destinations(chosen, 0, 8, static_plan(routed))
        assert leaves == bool((found != 0).any())
        both = shared_rows(np.stack([routed, routed]), tokens, 6)
        assert both.sum(axis=1).tolist() == [tokens, tokens]
        assert leaves == bool(both[0, 1])


def test_the_share_of_a_rank_is_what_it_lacks() -> None:
    """Shared rows spread as the ranks' distance to the mean, ten elevenths of it for other ranks."""
    routed = np.array([[3000, 1000, 2000, 0]] * 4)
    found = shared_rows(routed, 1000, 6)[0]
    lacking = np.array([0, 750, 0, 1750]) * 10 // 11
    assert found == pytest.approx(1000 * lacking / lacking.sum(), abs=20)
