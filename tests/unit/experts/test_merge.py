"""Recordings are added in whole numbers, and what cannot be added is named."""

from fractions import Fraction

import pytest

from orchestrator.experts.merge import MergeError, Part, merged, multipliers

ONE = Part("one", ((1, 2), (3, 4)))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (["1", "1"], (1, 1)),
        (["2", "2"], (1, 1)),
        (["0.5", "1.5"], (1, 3)),
        (["1/3", "1/2", "1"], (2, 3, 6)),
        (["1000000", "1"], (1_000_000, 1)),
    ],
)
def test_only_the_ratio_of_weights_counts(weights: list[str], expected: tuple[int, ...]) -> None:
    """Weights become the smallest whole numbers in their ratio."""
    assert expected == multipliers([Fraction(weight) for weight in weights])


@pytest.mark.parametrize(
    ("weights", "words"),
    [(["1", "0"], "larger than 0"), (["-1"], "larger than 0"), (["1000001", "1"], "1,000,001 : 1")],
)
def test_weights_that_mean_nothing_are_refused(weights: list[str], words: str) -> None:
    """Nothing, less than nothing, and a ratio that would only inflate the counts."""
    with pytest.raises(MergeError, match=words):
        multipliers([Fraction(weight) for weight in weights])


def test_counts_are_added_times_their_multipliers() -> None:
    """Each part counts as often as it is said; whole floats are whole numbers."""
    other = Part("other", ((10.0, 0.0), (0.0, 1.0)), 3)
    assert ((31, 2), (3, 7)) == merged([ONE, other])


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part("other", ((1, 2),)), "other has 1 layers of 2 experts, one has 2 layers of 2"),
        (Part("other", ((1, 2, 3), (4, 5, 6))), "other has 2 layers of 3 experts, one has"),
        (Part("other", ((0.25, 0), (0, 0))), "other counts 0.25 tokens"),
        (Part("other", ((0, 2**62), (0, 0)), 2), "exceeds int64"),
    ],
)
def test_what_cannot_be_added_is_named(part: Part, words: str) -> None:
    """Other shapes, fractions, and sums that the engine cannot hold."""
    with pytest.raises(MergeError, match=words):
        merged([ONE, part])
