"""Local search: maps that hold, are never worse, and that no single change would better."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.balance.search import contested, searched
from orchestrator.experts.placement import Placement, eplb
from orchestrator.experts.read import read_expert_file

ROOT = Path(__file__).parents[3]
FLASH = ROOT / "configs/recordings/synthetic-dsv4-flash.pt"
R1 = ROOT / "tests/data/expert-distributions/deepseek-r1-fp4-1k1k.pt"

Case = tuple[list[list[int]], int, list[int]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return counts, redundant slots, and one or two rank counts over which the slots divide."""
    experts, layers = draw(st.integers(1, 16)), draw(st.integers(1, 3))
    ranks = draw(st.sampled_from([[1], [2], [3], [4], [6], [4, 2], [6, 2], [6, 3], [4, 6]]))
    redundant = -experts % 12 + 12 * draw(st.integers(0, 1))
    values = draw(st.sampled_from([st.integers(0, 5), st.integers(0, 2**30)]))
    row = st.lists(values, min_size=experts, max_size=experts)
    return draw(st.lists(row, min_size=layers, max_size=layers)), redundant, ranks


def loads(slots: list[int], row: list[int], ranks: int) -> list[float]:
    """Return the tokens of each rank, computed anew."""
    shares = [row[expert] / slots.count(expert) for expert in slots]
    size = len(slots) // ranks
    return [sum(shares[start : start + size]) for start in range(0, len(slots), size)]


@settings(deadline=None)
@given(cases())
def test_every_expert_keeps_a_slot(case: Case) -> None:
    """A map has a row of all slots for each layer, no expert is missing, none is unknown."""
    counts, redundant, ranks = case
    found = searched(counts, redundant, ranks)
    assert len(counts) == len(found)
    for slots, row in zip(found, counts, strict=True):
        assert len(row) + redundant == len(slots)
        assert set(range(len(row))) == set(slots)


@settings(deadline=None)
@given(cases())
def test_no_layer_is_less_even_than_the_engines(case: Case) -> None:
    """For the most ranks the largest load of each layer is at most that of the engine's placement."""
    counts, redundant, ranks = case
    start = eplb(counts, redundant, max(ranks))
    assert isinstance(start, Placement)
    found = searched(counts, redundant, ranks)
    for slots, row, before in zip(found, counts, start.loads(counts), strict=True):
        assert max(loads(list(slots), row, max(ranks))) <= max(before) * (1 + 1e-9)


@settings(deadline=None, max_examples=60)
@given(cases())
@example(([[1, 0, 0, 2, 3, 3, 2, 5, 5]], 15, [4]))  # two ranks are equal but for rounding
def test_no_single_change_is_left(case: Case) -> None:
    """No swap and no other replica lowers the first of the most loaded ranks below what it has."""
    counts, redundant, ranks = case
    most = max(ranks)
    for slots, row in zip(searched(counts, redundant, [most]), counts, strict=True):
        now = loads(list(slots), row, most)
        size = len(slots) // most
        heavy = next(rank for rank, load in enumerate(now) if load >= max(now) * (1 - 1e-9))
        mine = range(heavy * size, heavy * size + size)
        for here, there in product(mine, range(len(slots))):
            swapped, replaced = list(slots), list(slots)
            swapped[here], swapped[there] = slots[there], slots[here]
            replaced[there] = slots[here]
            for changed in (swapped, replaced):
                if set(changed) == set(slots):
                    then = loads(changed, row, most)
                    pairs = zip(now, then, strict=True)
                    touched = [new for old, new in pairs if abs(old - new) > 1e-9 * max(now)]
                    fell = then[heavy] < now[heavy] * (1 - 1e-8)
                    assert not (fell and max(touched) < max(now) * (1 - 1e-8))


def test_it_wins_where_ranks_hold_few_experts() -> None:
    """The Flash recording on 64 ranks gains more than 0.01; half of that from other replicas."""
    counts = read_expert_file(FLASH).logical_totals()
    contest = contested(searched(counts, 64, [64]), counts, 64)
    assert pytest.approx((0.9812, 0.9922), abs=5e-5) == (contest.own, contest.mapped)
    assert pytest.approx(0.0110, abs=5e-5) == contest.gain


def test_ranks_side_by_side_are_even_too() -> None:
    """A pool of fewer ranks is as even with the map made for more as the engine alone makes it."""
    counts = read_expert_file(FLASH).logical_totals()
    found = searched(counts, 64, [8, 64, 16])
    assert contested(found, counts, 64) == contested(searched(counts, 64, [64]), counts, 64)
    for ranks in (8, 16):
        assert contested(found, counts, ranks).gain > 0


def test_layers_without_counts_do_not_count() -> None:
    """The balance of a contest is the mean of R1's 58 layers, its dense ones are placed all the same."""
    counts = read_expert_file(R1).logical_totals()
    contest = contested(searched(counts, 32, [32]), counts, 32)
    start = eplb(counts, 32, 32)
    assert isinstance(start, Placement)
    assert pytest.approx(sum(start.balancedness(counts)[3:]) / 58) == contest.own


def test_slots_that_do_not_divide_are_a_mistake() -> None:
    """Callers check that first, for the engine refuses such a pool."""
    with pytest.raises(ValueError, match="5 slots do not divide over 2 ranks"):
        searched([[1, 2, 3, 4]], 1, [2])
