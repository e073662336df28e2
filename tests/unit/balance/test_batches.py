"""Batches have the size of the pool and the distribution of the file."""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.balance.batches import DRAWS, MOST, Batches, Size, batches, drawn, inclusion


def test_chances_add_up_to_the_choices() -> None:
    """A token chooses each expert once at most and top-k in all, in the file's proportions below that."""
    counts = np.array([[90.0, 5, 5, 0], [1, 1, 1, 1], [0, 0, 0, 0], [7, 0, 0, 0]])
    expected = [[1, 0.5, 0.5, 0], [0.5] * 4, [0] * 4, [1, 0, 0, 0]]
    assert inclusion(counts, 2) == pytest.approx(np.array(expected))


def test_batches_are_the_files_distribution() -> None:
    """Half of the batches have ranks alike, whose means are the file's; the others differ by rank."""
    chance = np.random.default_rng(2)
    counts = chance.pareto(1, (3, 16)) + 0.1
    size = Size(ranks=4, tokens=200, top_k=3)
    found = np.stack(list(drawn(Batches((counts,), recorded=False), size)))
    assert found.shape == (DRAWS, 3, 4, 16)
    assert (found.sum(axis=3) == 600).all()
    assert found.max() <= 200
    alike, unlike = found[::2] / 200, found[1::2] / 200
    assert alike.mean(axis=(0, 2)) == pytest.approx(inclusion(counts, 3), abs=0.03)
    assert unlike.std(axis=2).mean() > 3 * alike.std(axis=2).mean()
    again = np.stack(list(drawn(Batches((counts,), recorded=False), size)))
    assert (again == found).all()


def test_steps_are_joined_to_batches_of_the_pools_size() -> None:
    """Small steps are added up until they fill a batch, a large one is a batch, a rest is left out."""
    size = Size(ranks=2, tokens=5, top_k=2)  # 20 choices
    steps = [[8.0, 8], [2, 2], [30, 10], [1, 1]]
    found = batches([[41.0, 21]], steps, size)
    assert found.recorded
    assert [one.tolist() for one in found.distributions] == [[[10, 10]], [[30, 10]]]
    assert not batches([[41.0, 21]], steps[:2], size).recorded
    many = batches([[1.0, 1]], [[10.0, 10]] * 300, size)
    assert len(many.distributions) == MOST


def test_recorded_steps_are_dealt_as_they_are() -> None:
    """What no rank of a recorded step chose is chosen in none of its batches; each step has its turn."""
    size = Size(ranks=2, tokens=50, top_k=1)
    found = batches([[1.0, 1]], [[100.0, 0], [0, 100.0]], size)
    drawn_rows = [batch[0].tolist() for batch in drawn(found, size, draws=4)]
    assert drawn_rows == [[[50, 0]] * 2, [[0, 50]] * 2] * 2
    steps = [[900.0, 600, 300]] * 2
    size = Size(ranks=4, tokens=150, top_k=1)
    for batch in drawn(batches([[1.0] * 3], steps, size), size):
        assert batch[0] == pytest.approx(np.array([[75, 50, 25]] * 4), abs=30)
