"""How evenly ranks are loaded: by hand, and which files and sizes can be asked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.experts.balancedness import (
    Layout,
    Placed,
    balancedness,
    fitting_ranks,
    placed,
    usable_counts,
)
from orchestrator.experts.placement import Undivided
from orchestrator.experts.read import read_expert_file


def test_by_hand() -> None:
    """Loads of 9 and 1 are 5/9 even in order, and 5/6 placed: 6 with nothing, 3 and 1 together."""
    found = placed([[6, 3, 1, 0], [0, 0, 0, 0]], Layout(2))
    assert isinstance(found, Placed)
    before = balancedness(found.trivial, [[6, 3, 1, 0], [0, 0, 0, 0]])
    after = balancedness(found.eplb, [[6, 3, 1, 0], [0, 0, 0, 0]])
    assert (pytest.approx(5 / 9, rel=1e-5), None) == before.layers
    assert (pytest.approx(5 / 6, rel=1e-5), None) == after.layers


def test_layers_without_counts_are_left_out() -> None:
    """The mean and the worst are those of the layers with counts; the first of equals is named."""
    counts = [[0, 0], [3, 1], [1, 1], [1, 3]]
    found = placed(counts, Layout(2))
    assert isinstance(found, Placed)
    measured = balancedness(found.trivial, counts)
    assert pytest.approx((2 / 3 + 1 + 2 / 3) / 3, rel=1e-4) == measured.mean
    assert (pytest.approx(2 / 3, rel=1e-4), 1) == (measured.worst, measured.worst_layer)


def test_a_placement_can_be_loaded_with_other_counts() -> None:
    """Placed for one layer's counts, the opposite ones load two of four experts on one rank."""
    found = placed([[4, 4, 0, 0]], Layout(2))
    assert isinstance(found, Placed)
    first, second = found.eplb.physical_to_logical[0][:2], found.eplb.physical_to_logical[0][2:]
    assert {0, 1} == {min(first), min(second)}
    other = [[1 if expert in first else 0 for expert in range(4)]]
    assert (pytest.approx(0.5, rel=1e-4),) == balancedness(found.eplb, other).layers


def test_sizes_that_do_not_divide() -> None:
    """Eight experts and one more cannot be dealt to two ranks."""
    assert Undivided(9, 2) == placed([[1] * 8], Layout(2, 1))


@pytest.mark.parametrize(
    ("experts", "expected"),
    [
        (256, (4, 8, 16, 32, 64)),
        (384, (4, 8, 16, 32, 64)),
        (48, (2, 4, 8, 16)),
        (8, (2, 4, 8)),
        (45, (3, 5, 9, 15, 45)),
        (315, (15, 21, 35, 45, 63)),
        (127, ()),
        (1, ()),
    ],
)
def test_ranks_that_fit(experts: int, expected: tuple[int, ...]) -> None:
    """At most five divisors from 2 to 64, powers of two where there are more."""
    assert expected == fitting_ranks(experts)


@pytest.mark.parametrize(
    ("name", "usable"),
    [
        ("recorder-0.5.23-stat.pt", True),
        ("recorder-0.5.23-per_pass.pt", True),
        ("counts-float.json", True),
        ("map.pt", False),
        ("neither.pt", False),
        ("counts-no-layers.pt", False),
        ("counts-negative-int16.pt", False),
        ("counts-float64-nan.pt", False),
        ("deepseek-r1-fp8-1k1k-empty.pt", False),
    ],
)
def test_what_can_be_computed_with(files: Path, name: str, usable: bool) -> None:
    """Counts that are there, whole and not all zero; of records those of the logical experts."""
    counts = usable_counts(read_expert_file(files / name))
    assert usable == bool(counts)


def test_counts_that_no_double_holds(tmp_path: Path) -> None:
    """From 2**53 on nothing is computed: a double does not tell such counts apart."""
    for count, usable in ((2**53 - 1, True), (2**53, False)):
        path = tmp_path / "large.json"
        path.write_text(f'{{"logical_count": [[{count}, 1]]}}', encoding="utf-8")
        assert usable == bool(usable_counts(read_expert_file(path)))
