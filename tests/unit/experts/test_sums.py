"""Laws of the sums: what the fast lanes give is what a plain loop gives, for every number type."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experts.sums import floats, summed
from orchestrator.experts.tables import DTYPES, UNSIGNED_FORMAT

INTEGERS = [name for name, dtype in DTYPES.items() if dtype.kind != "float" and name != "bool"]
PLACES = 5


@pytest.mark.parametrize("name", INTEGERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_integer_sums_are_exact(name: str, data: Any) -> None:
    """Any integers, extremes and negatives included, sum to what Python's own integers do."""
    dtype = DTYPES[name]
    bits = 8 * dtype.size
    lowest, highest = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if dtype.kind == "unsigned":
        lowest, highest = 0, 2**bits - 1
    number = st.sampled_from([lowest, highest, 0, 1]) | st.integers(lowest, highest)
    rows = data.draw(st.lists(st.lists(number, min_size=PLACES, max_size=PLACES), max_size=40))
    code = UNSIGNED_FORMAT[dtype.size]
    code = code.lower() if dtype.kind == "signed" else code
    sums = summed((struct.pack(f"<{PLACES}{code}", *row) for row in rows), dtype, PLACES)
    assert [sum(row[place] for row in rows) for place in range(PLACES)] == sums.totals
    assert sum(number < 0 for row in rows for number in row) == sums.negative
    assert sum(any(row) for row in rows) == sums.nonzero_blocks


@pytest.mark.parametrize(("name", "blocks"), [("int8", 1000), ("uint8", 1000), ("uint16", 70_000)])
def test_lanes_never_carry_over(name: str, blocks: int) -> None:
    """More blocks of extremes than a lane can hold still sum exactly."""
    dtype = DTYPES[name]
    block = b"\xff" * dtype.size * PLACES
    each = -1 if dtype.kind == "signed" else 2 ** (8 * dtype.size) - 1
    assert [each * blocks] * PLACES == summed([block] * blocks, dtype, PLACES).totals


@pytest.mark.parametrize(("name", "code"), [("float64", "d"), ("float32", "f"), ("float16", "e")])
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(st.integers(-64, 64), min_size=3, max_size=3), max_size=9))
def test_float_sums(name: str, code: str, rows: list[list[int]]) -> None:
    """Floats that are whole numbers sum to the whole numbers, whatever their width."""
    sums = summed((struct.pack(f"<3{code}", *row) for row in rows), DTYPES[name], 3)
    assert [sum(row[place] for row in rows) for place in range(3)] == sums.totals
    assert sum(number < 0 for row in rows for number in row) == sums.negative
    assert 0 == sums.non_finite


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    """A bfloat16 reads as the float32 whose lower half is zero."""
    wide = [1.0, -2.5, 0.0, 3.0e38, math.inf]
    halves = b"".join(struct.pack("<f", number)[2:] for number in wide)
    expected = [struct.unpack("<f", b"\0\0" + struct.pack("<f", n)[2:])[0] for n in wide]
    assert expected == list(floats(halves, DTYPES["bfloat16"]))


def test_numbers_that_are_none_are_counted() -> None:
    """Infinities and NaN are counted one by one, also where they would cancel out."""
    block = struct.pack("<4d", math.inf, -math.inf, math.nan, 1e308)
    assert 3 == summed([block], DTYPES["float64"], 4).non_finite
    assert 1 == summed([block[:8]], DTYPES["float64"], 1).non_finite
    large = struct.pack("<4d", *[1.7e308] * 4)
    assert 0 == summed([large], DTYPES["float64"], 4).non_finite


def test_a_flag_is_one() -> None:
    """Whatever byte stands for True, it counts once, as in torch."""
    assert [2, 1] == summed([bytes([1, 0]), bytes([7, 255])], DTYPES["bool"], 2).totals


def test_no_places_and_no_blocks() -> None:
    """Nothing sums to nothing."""
    assert [] == summed([b""], DTYPES["int32"], 0).totals
    assert [0, 0] == summed([], DTYPES["int32"], 2).totals
