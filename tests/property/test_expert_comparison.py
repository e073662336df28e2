"""Laws of comparing recordings, for counts that nobody recorded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experts.balancedness import Layout, Placed, placed
from orchestrator.experts.comparison import Comparison, Verdict, compared
from orchestrator.experts.placement import Counts

LAYOUT = Layout(4, 4)


@st.composite
def recordings(draw: st.DrawFn) -> list[Counts]:
    """Return two or three recordings of one shape, with a count in the first layer of each."""
    experts, layers = 4 * draw(st.integers(1, 5)), draw(st.integers(1, 3))
    row = st.lists(st.integers(0, 50), min_size=experts, max_size=experts)
    busy = row.filter(any)
    return [
        [draw(busy), *(draw(row) for _ in range(layers - 1))]
        for _ in range(draw(st.integers(2, 3)))
    ]


def comparison(found: list[Counts]) -> Comparison:
    """Compare, placed for four ranks and a replica each."""
    placements = [placed(counts, LAYOUT) for counts in found]
    return compared(found, [[one] for one in placements if isinstance(one, Placed)])


@settings(deadline=None)
@given(recordings())
def test_distances_are_distances(found: list[Counts]) -> None:
    """Each is between 0 and 1, the same both ways, and no longer than the way round by a third."""
    forth, back = comparison(found), comparison(found[::-1])
    last = len(found) - 1
    turned = {(last - one.second, last - one.first): one.layers for one in back.distances}
    layers = {(one.first, one.second): one.layers for one in forth.distances}
    assert turned == layers
    assert all(0 <= one <= 1 + 1e-12 for row in layers.values() for one in row if one is not None)
    if len(found) == 3:
        assert layers[0, 2][0] <= layers[0, 1][0] + layers[1, 2][0] + 1e-12


@settings(deadline=None)
@given(recordings(), st.integers(0, 12))
def test_more_of_the_same_traffic_costs_nothing(found: list[Counts], power: int) -> None:
    """A recording and its multiple by a power of two are at distance 0, without loss both ways."""
    first = found[0]
    more = [[count << power for count in row] for row in first]
    same = comparison([first, more])
    assert all(layer in (0, None) for layer in same.distances[0].layers)
    # A share is compared after division, balancedness after adding 1e-5: last digits may differ.
    assert all(abs(one.loss) < 1e-4 for one in same.transfers)
    assert Verdict.ONE_SERVES_ALL is same.verdict


@settings(deadline=None)
@given(recordings())
def test_the_verdict_is_that_of_the_loss(found: list[Counts]) -> None:
    """One file serves all just where some file costs every other no more than is tolerated."""
    got = comparison(found)
    worst = [max(t.loss for t in got.transfers if t.source == one) for one in range(len(found))]
    assert (min(worst), worst.index(min(worst))) == (got.loss, got.best)
    assert (got.verdict is Verdict.ONE_SERVES_ALL) == (min(worst) <= 0.03)
