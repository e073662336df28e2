"""How recordings differ: distances and transfers by hand, chance against drawn counts, each verdict."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from orchestrator.experts.balancedness import Layout, Placed, placed
from orchestrator.experts.comparison import TOLERATED_LOSS, Comparison, Verdict, compared
from orchestrator.experts.placement import Counts, Placement

FLAT = [40, 30, 20, 10, 5, 3, 2, 1]


def comparison(recordings: Sequence[Counts], *layouts: Layout) -> Comparison:
    """Compare recordings for layouts that divide."""
    placements: list[list[Placed]] = []
    for counts in recordings:
        found = [placed(counts, layout) for layout in layouts]
        placements.append([one for one in found if isinstance(one, Placed)])
        assert len(layouts) == len(placements[-1])
    return compared(recordings, placements)


def drawn(weights: Sequence[int], number: int, seed: int) -> list[int]:
    """Return counts of so many independent choices."""
    chosen = random.Random(seed).choices(range(len(weights)), weights, k=number)  # noqa: S311
    return [chosen.count(expert) for expert in range(len(weights))]


def test_distances_by_hand() -> None:
    """Half the differences of the shares, by layer; a layer that one did not count says nothing."""
    first = [[2, 2, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]]
    second = [[0, 0, 5, 5], [4, 0, 2, 2], [1, 1, 1, 1]]
    (distance,) = comparison([first, second], Layout(2)).distances
    assert (1.0, 0.25, None) == distance.layers
    assert (0.625, 1.0, 0) == (distance.mean, distance.worst, distance.worst_layer)
    assert (0, 1) == (distance.first, distance.second)


def test_recordings_without_a_layer_in_common() -> None:
    """Where no layer was counted in both there is no distance, and no worst layer."""
    (distance,) = comparison([[[1, 2], [0, 0]], [[0, 0], [1, 2]]], Layout(2)).distances
    assert (0.0, 0.0, None, 0.0) == (
        distance.mean,
        distance.worst,
        distance.worst_layer,
        distance.chance,
    )


@pytest.mark.parametrize(("few", "many"), [(400, 400), (500, 5000)])
def test_chance_is_what_drawing_twice_gives(few: int, many: int) -> None:
    """Two recordings drawn from the same shares lie apart as `chance` says, to a twentieth."""
    first = [drawn(FLAT, few, seed) for seed in range(200)]
    second = [drawn(FLAT, many, seed) for seed in range(200, 400)]
    (distance,) = comparison([first, second], Layout(2)).distances
    assert distance.chance == pytest.approx(distance.mean, rel=0.05)


def test_transfers_by_hand() -> None:
    """Placed apart for one recording, the two busy experts of the other stand together: half as even.

    In order, experts 0 and 1 stand together: bad for the first, good for the second.
    """
    first, second = [[8, 8, 0, 0]], [[8, 0, 8, 0]]
    ones = ((1, 1, 1, 1),)
    in_order = Placement(((0, 1, 2, 3),), ones, 2)
    for_first, for_second = Placement(((0, 2, 1, 3),), ones, 2), Placement(((0, 1, 2, 3),), ones, 2)
    layout = Layout(2)
    placements = [[Placed(layout, in_order, one)] for one in (for_first, for_second)]
    found = compared([first, second], placements)
    assert [(0, 1), (1, 0)] == [(one.source, one.target) for one in found.transfers]
    for one, trivial in zip(found.transfers, (1, 0.5), strict=True):
        assert pytest.approx((0.5, 1, trivial), rel=1e-4) == (
            one.placed.mean,
            one.own.mean,
            one.trivial.mean,
        )
        assert pytest.approx(0.5, rel=1e-4) == one.loss
    assert Verdict.RECORDINGS_DISAGREE is found.verdict


def test_the_best_file_is_the_one_that_costs_others_least() -> None:
    """Of three the middle one is chosen, by its largest loss over all layouts and the other two."""
    left = [[1000 - 100 * expert for expert in range(8)]] * 4
    right = [[100 * expert + 1 for expert in range(8)]] * 4
    middle = [[a + b for a, b in zip(left[0], right[0], strict=True)]] * 4
    found = comparison([left, middle, right], Layout(2), Layout(4))
    of_best = [one.loss for one in found.transfers if one.source == found.best]
    assert 4 == len(of_best)
    assert max(of_best) == found.loss
    for source in range(3):
        assert found.loss <= max(one.loss for one in found.transfers if one.source == source)


def test_one_file_serves_all() -> None:
    """Twice the traffic in the same shares: no distance, no loss."""
    counts = [FLAT, FLAT[::-1]]
    found = comparison([counts, [[2 * n for n in row] for row in counts]], Layout(2), Layout(4))
    assert (Verdict.ONE_SERVES_ALL, 0) == (found.verdict, found.loss)


def test_short_recordings_of_the_same_traffic() -> None:
    """With few counts a loss comes by chance alone, and the advice is to record longer."""
    weights = [1000 // (expert + 1) for expert in range(32)]
    short = [[drawn(weights, 60, 10 * half + layer) for layer in range(6)] for half in (0, 1)]
    found = comparison(short, Layout(8, 8))
    assert Verdict.RECORD_LONGER is found.verdict
    assert found.loss > TOLERATED_LOSS
    long = [[drawn(weights, 200_000, 10 * half + layer) for layer in range(6)] for half in (0, 1)]
    assert Verdict.ONE_SERVES_ALL is comparison(long, Layout(8, 8)).verdict


def test_roles_of_their_own() -> None:
    """Where the skew differs and the order does not, another's placement is worse, but better than none."""
    steep = [[round(4000 * 0.8**expert) for expert in range(32)]] * 3
    mild = [[round(4000 * 0.93**expert) for expert in range(32)]] * 3
    found = comparison([steep, mild], Layout(8, 8))
    assert Verdict.RECORD_PER_ROLE is found.verdict
    for one in found.transfers:
        assert one.trivial.mean < one.placed.mean < one.own.mean


def test_recordings_that_have_nothing_to_do_with_each_other() -> None:
    """Placed by a recording of other experts, the load is less even than in order."""
    rng = random.Random(7)  # noqa: S311
    even = [[100 + rng.randrange(10) for _ in range(32)] for _ in range(4)]
    skewed = [[rng.choice((1, 5, 900)) for _ in range(32)] for _ in range(4)]
    found = comparison([even, skewed], Layout(8, 8))
    assert Verdict.RECORDINGS_DISAGREE is found.verdict
    assert any(one.placed.mean <= one.trivial.mean for one in found.transfers)
