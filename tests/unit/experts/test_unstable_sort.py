"""Laws of the unstable sort; that its ties are torch's is the oracle's business."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.experts.unstable_sort import descending


@given(st.lists(st.integers(0, 30), max_size=300))
def test_it_sorts(numbers: list[int]) -> None:
    """Every index comes once, the numbers from the largest to the smallest."""
    order = descending(numbers)
    assert list(range(len(numbers))) == sorted(order)
    assert sorted(numbers, reverse=True) == [numbers[index] for index in order]


@given(st.lists(st.integers(0, 3), max_size=16))
def test_short_ones_keep_the_order_of_equals(numbers: list[int]) -> None:
    """Up to sixteen numbers are only passed over once, which is stable."""
    stable = sorted(range(len(numbers)), key=numbers.__getitem__, reverse=True)
    assert stable == descending(numbers)


def test_equal_numbers_are_shuffled() -> None:
    """Of 24 equal numbers the order is torch's: [12, 23, …, 13, 0, 11, …, 1]."""
    # torch.zeros(1, 24).sort(-1, descending=True).indices, torch 2.11.0, 2.13.0 and 2.14.1
    assert [12, *range(23, 12, -1), 0, *range(11, 0, -1)] == descending([0.0] * 24)
