"""Laws of the tables: every layout of a tensor yields its values in order."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.experts.limits import DEFAULT_LIMITS
from orchestrator.experts.tables import DTYPES, Table, blocks, from_lists, steps

SIZES = st.integers(1, 5)


def strided(shape: tuple[int, ...], order: list[int], gaps: list[int]) -> tuple[int, ...]:
    """Return strides that lay the axes out in `order`, with `gaps` unused values behind each."""
    strides, step = [0] * len(shape), 1
    for axis, gap in zip(order, gaps, strict=True):
        strides[axis] = step
        step = step * shape[axis] + gap
    return tuple(strides)


@settings(max_examples=200, deadline=None)
@given(
    shape=st.tuples(SIZES, SIZES, SIZES),
    swapped=st.booleans(),
    gaps=st.lists(st.integers(0, 3), min_size=3, max_size=3),
    offset=st.integers(0, 7),
    name=st.sampled_from(["int8", "int16", "int32", "int64"]),
)
def test_layouts(
    shape: tuple[int, int, int], swapped: bool, gaps: list[int], offset: int, name: str
) -> None:
    """Dense, transposed, sliced and padded steps all give their values row by row."""
    strides = strided(shape, [1, 2, 0] if swapped else [2, 1, 0], gaps)
    dtype = DTYPES[name]
    code = {1: "b", 2: "h", 4: "i", 8: "q"}[dtype.size]
    length = offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) + 1
    stored = [number % 127 for number in range(length)]
    raw = struct.pack(f"<{length}{code}", *stored)
    table = Table(dtype, shape, strides, offset, lambda at, size: raw[at : at + size])
    count, layers, columns = shape
    expected = [
        [
            stored[offset + step * strides[0] + layer * strides[1] + column * strides[2]]
            for layer in range(layers)
            for column in range(columns)
        ]
        for step in range(count)
    ]
    found = [
        list(struct.unpack(f"<{layers * columns}{code}", b)) for b in blocks(table, DEFAULT_LIMITS)
    ]
    assert expected == found
    assert count == steps(table, DEFAULT_LIMITS)


@given(
    rows=st.lists(
        st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3), min_size=1, max_size=4
    )
)
def test_lists_become_tables(rows: list[list[int]]) -> None:
    """Nested lists give their shape and their numbers back."""
    table = from_lists(rows, DEFAULT_LIMITS)
    assert ("int64", (len(rows), 3)) == (table.dtype.name, table.shape)
    (block,) = blocks(table, DEFAULT_LIMITS)
    flat = [number for row in rows for number in row]
    assert flat == list(struct.unpack(f"<{len(flat)}q", block))


def test_lists_are_typed_as_torch_does() -> None:
    """Flags alone are bool, a float among integers makes all floats, nothing is float."""
    for value, name in [
        ([[True, False]], "bool"),
        ([[True, 2]], "int64"),
        ([[1, 2.5]], "float64"),
        ([[]], "float64"),
    ]:
        assert name == from_lists(value, DEFAULT_LIMITS).dtype.name
