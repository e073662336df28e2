"""Laws of Waterfill and of drawn batches, for traffic nobody recorded."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from orchestrator.balance.batches import Batches, Size, drawn, inclusion
from orchestrator.balance.waterfill import shared_rows
from tests.waterfill_by_token import destinations, routed_rows, static_plan

RANKS = st.sampled_from([2, 4, 8, 16, 32])
COUNTS = arrays.arrays(float, (2, 12), elements=st.integers(0, 2**40).map(float))


@settings(deadline=None, max_examples=60)
@given(ranks=RANKS, tokens=st.integers(1, 200), seed=st.integers(0, 2**32), skew=st.floats(0, 5))
def test_counted_rows_are_those_of_the_tokens(
    ranks: int, tokens: int, seed: int, skew: float
) -> None:
    """Each token has one shared row, no rank above the target gets any, and both ways of counting agree."""
    chance = np.random.default_rng(seed)
    weights = chance.exponential(size=(ranks, tokens, ranks * 3))
    weights /= np.arange(1, ranks * 3 + 1) ** -skew
    chosen = weights.argsort(axis=2)[:, :, :6]
    routed = np.stack([routed_rows(own, 3, ranks) for own in chosen])
    shared = shared_rows(routed, tokens, 6)
    assert (shared.sum(axis=1) == tokens).all()
    for rank, own in enumerate(chosen):
        to = destinations(own, rank, 3, static_plan(routed[rank]))
        assert np.bincount(to, minlength=ranks).tolist() == shared[rank].tolist()
        if tokens >= 64:
            target = -(-(routed[rank].sum() + tokens) // ranks)
            assert not shared[rank][routed[rank] >= target].any()


@settings(deadline=None, max_examples=60)
@given(counts=COUNTS, top_k=st.integers(1, 8))
def test_batches_hold_as_many_choices_as_there_are_experts_to_choose(
    counts: np.ndarray, top_k: int
) -> None:
    """Each rank makes tokens × top-k choices, fewer where fewer experts were counted, none twice."""
    size = Size(ranks=2, tokens=10, top_k=top_k)
    expected = np.minimum((counts > 0).sum(axis=1), top_k)
    assert np.allclose(inclusion(counts, top_k).sum(axis=1), expected, atol=1e-6)
    for batch in drawn(Batches((counts,), recorded=True), size, draws=2):
        assert batch.min() >= 0
        assert batch.max() <= 10
        assert (batch.sum(axis=2) == 10 * expected[:, None]).all()
        assert not batch[:, :, :][np.broadcast_to((counts == 0)[:, None, :], batch.shape)].any()
