"""The sweep against the placement that is proven slot by slot, in every cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.balance.sweep import balancedness, valid_cells
from orchestrator.experts.balancedness import Layout
from orchestrator.experts.placement import Counts, Placement, eplb
from orchestrator.experts.read import read_expert_file

ROOT = Path(__file__).parents[3]
REAL = [
    ROOT / "tests/data/expert-distributions/deepseek-r1-fp4-1k1k.pt",
    ROOT / "tests/data/expert-distributions/sglang-0.5.17-tiny-v4-stat.pt",
    ROOT / "configs/recordings/synthetic-dsv4-flash.pt",
    ROOT / "configs/recordings/synthetic-dsv4-pro.pt",
]

ROUNDED = 1e-6
"""The sweep keeps the float32 shares by which the engine packs."""


def placed(counts: Counts, cell: Layout) -> list[float]:
    """Return the balance of the exact placement."""
    found = eplb(counts, cell.redundant, cell.ranks)
    assert isinstance(found, Placement)
    return pytest.approx(found.balancedness(counts), rel=ROUNDED)


@st.composite
def tables(draw: st.DrawFn) -> list[list[int]]:
    """Return counts with ties, zeros and whole empty layers, or of any size."""
    experts = draw(st.integers(1, 40))
    values = draw(st.sampled_from([st.integers(0, 6), st.just(0), st.integers(0, 2**40)]))
    row = st.lists(values, min_size=experts, max_size=experts)
    return draw(st.lists(row, min_size=1, max_size=4))


@settings(deadline=None, max_examples=150)
@given(tables(), st.sets(st.integers(0, 50)), st.sets(st.integers(1, 12)))
def test_every_cell_is_that_of_the_placement(
    counts: list[list[int]], redundant: set[int], ranks: set[int]
) -> None:
    """Layer by layer the balance is the placement's, for ties, zeros and counts of any size."""
    cells = valid_cells(len(counts[0]), redundant, ranks)
    found = balancedness(counts, cells)
    assert list(found) == cells
    for cell, even in found.items():
        assert placed(counts, cell) == list(even)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_files(path: Path) -> None:
    """Every valid cell of real recordings has the balance of the exact placement."""
    counts = read_expert_file(path).logical_totals()
    cells = valid_cells(len(counts[0]), range(0, 129, 4), (4, 16, 32, 64))
    for cell, even in balancedness(counts, cells).items():
        assert placed(counts, cell) == list(even)


def test_cells_together_are_as_cells_alone() -> None:
    """What a cell gives does not depend on the others, nor on their order."""
    counts = read_expert_file(REAL[1]).logical_totals()
    cells = valid_cells(len(counts[0]), range(65), (2, 8, 16))
    together = balancedness(counts, cells[::-1])
    for cell in cells:
        assert together[cell].tolist() == balancedness(counts, [cell])[cell].tolist()


def test_only_cells_that_divide_are_valid() -> None:
    """Slots must divide over the ranks; no cells give no answers."""
    assert valid_cells(6, (0, 1, 2), (3, 4)) == [Layout(3, 0), Layout(4, 2)]
    assert balancedness([[1, 2, 3, 4, 5, 6]], []) == {}
