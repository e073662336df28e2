"""The choice: fewest that reach the target and fit, and what is said where none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.balance.advise import Cost, Demand, advise, balances
from orchestrator.balance.sweep import valid_cells
from orchestrator.experts.balancedness import Balancedness, Layout
from orchestrator.experts.placement import Placement, eplb
from orchestrator.experts.read import read_expert_file

R1 = Path(__file__).parents[2] / "data/expert-distributions/deepseek-r1-fp4-1k1k.pt"

FOUND = {
    Layout(8, redundant): Balancedness((mean,))
    for redundant, mean in ((0, 0.5), (8, 0.9), (16, 0.97), (24, 0.96), (32, 0.97))
} | {Layout(4, 4): Balancedness((1.0,))}


def costs(fit_up_to: int) -> dict[int, Cost]:
    return {each: Cost(each * 10, 1000 - each, 5 * (each > fit_up_to)) for each in range(0, 33, 8)}


def test_the_fewest_that_reach_the_target_are_chosen() -> None:
    """Not the best, and not what other ranks would need."""
    found = advise(Demand(("decode",), 8), FOUND, 0.95)
    assert (16, 16, None) == (found.chosen, found.best, found.unaffordable)
    assert 8 == advise(Demand((), 8), FOUND, 0.9).chosen
    assert 4 == advise(Demand((), 4), FOUND, 0.9).chosen


def test_what_does_not_fit_is_not_chosen() -> None:
    """The best that fits and the fewest that would have reached the target are told instead."""
    found = advise(Demand(("decode",), 8, 0, costs(fit_up_to=8)), FOUND, 0.95)
    assert (None, 8, 16) == (found.chosen, found.best, found.unaffordable)
    nothing = advise(Demand(("decode",), 8, 0, costs(fit_up_to=-1)), FOUND, 0.4)
    assert (None, None, 0) == (nothing.chosen, nothing.best, nothing.unaffordable)


def test_a_target_above_all_cells_is_out_of_reach() -> None:
    """Nothing is chosen, and the smallest number with the best mean is the best."""
    found = advise(Demand(("decode",), 8, 0, costs(fit_up_to=32)), FOUND, 0.99)
    assert (None, 16, None) == (found.chosen, found.best, found.unaffordable)
    unknown = advise(Demand((), 5), FOUND, 0.99)
    assert (None, None, None) == (unknown.chosen, unknown.best, unknown.unaffordable)


def test_layers_without_counts_are_left_out() -> None:
    """R1's three dense layers neither lift the mean nor shift the number of the worst layer."""
    counts = read_expert_file(R1).logical_totals()
    cells = valid_cells(256, (0, 16, 128), (8, 64))
    for cell, even in balances(counts, cells).items():
        placement = eplb(counts, cell.redundant, cell.ranks)
        assert isinstance(placement, Placement)
        exact = placement.balancedness(counts)
        moe = exact[3:]
        assert pytest.approx(sum(moe) / 58, rel=1e-6) == even.mean
        assert pytest.approx(min(moe), rel=1e-6) == even.worst
        assert pytest.approx(exact[even.worst_layer], rel=1e-6) == even.worst
