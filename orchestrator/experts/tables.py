"""Tables of numbers: type, shape and strides over bytes that are fetched step by step.

Where the bytes come from (a zip entry, a JSON list) and what the numbers mean are not known here.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from orchestrator.experts.limits import ExpertFileError, Limits

MAX_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Dtype:
    """A tensor's element type: torch's name, bytes per value, and how the bits are meant."""

    name: str
    size: int
    kind: Literal["signed", "unsigned", "float"]


DTYPES = {
    dtype.name: dtype
    for dtype in (
        Dtype("int64", 8, "signed"),
        Dtype("int32", 4, "signed"),
        Dtype("int16", 2, "signed"),
        Dtype("int8", 1, "signed"),
        Dtype("uint64", 8, "unsigned"),
        Dtype("uint32", 4, "unsigned"),
        Dtype("uint16", 2, "unsigned"),
        Dtype("uint8", 1, "unsigned"),
        Dtype("bool", 1, "unsigned"),
        Dtype("float64", 8, "float"),
        Dtype("float32", 4, "float"),
        Dtype("float16", 2, "float"),
        Dtype("bfloat16", 2, "float"),
    )
}

UNSIGNED_FORMAT: dict[int, Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""`struct` and `memoryview` format of an unsigned number, by its bytes."""


@dataclass(frozen=True, slots=True)
class Table:
    """A strided view on little-endian numbers; shape, strides and offset are in values, not bytes.

    Whoever builds one has checked that the last value lies inside the stored bytes. `fetch(start,
    size)` returns that many bytes of the storage.
    """

    dtype: Dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    fetch: Callable[[int, int], bytes]

    @property
    def values(self) -> int:
        """How many numbers the table has."""
        return prod(self.shape)


def steps(table: Table, limits: Limits) -> int:
    """Return the number of steps of a [layers, columns] or [steps, layers, columns] table.

    Raises `ExpertFileError` where the shape or the layout is larger than a recording can be.
    """
    *before, layers, columns = table.shape
    count = prod(before)
    if count > limits.max_steps:
        raise ExpertFileError(
            f"the table has {count:,} steps, more than {limits.max_steps:,}: "
            "sum over the steps and save again"
        )
    # An empty table may still claim 2**40 layers.
    if max(layers, columns, layers * columns) > limits.max_table_values:
        raise ExpertFileError(
            f"the table has {layers:,} layers of {columns:,} values, more than "
            f"{limits.max_table_values:,} together: this is no expert distribution"
        )
    return count


def blocks(table: Table, limits: Limits) -> Iterator[bytes]:
    """Yield the [layers, columns] values of each step, row by row, as little-endian bytes.

    Memory stays that of one step. Raises `ExpertFileError` like `steps`, and where the values of
    one step are strewn over the storage so that each step would read most of the file.
    """
    count = steps(table, limits)
    if not table.values:
        return
    size = table.dtype.size
    (layers, columns), (down, right) = table.shape[-2:], table.strides[-2:]
    stride = table.strides[0]
    span = ((layers - 1) * down + (columns - 1) * right + 1) * size
    dense = span == layers * columns * size and (columns == 1 or right == 1)
    if span > limits.max_block_bytes or (not dense and count > 1 and span > stride * size):
        raise ExpertFileError(
            f"the values of one step are strewn over {span:,} bytes of the storage: "
            "save the tensor again with `.contiguous()`"
        )
    for step in range(count):
        block = table.fetch((table.offset + step * stride) * size, span)
        yield block if dense else _gathered(block, size, (layers, columns), (down, right))


def _gathered(block: bytes, size: int, shape: tuple[int, int], strides: tuple[int, int]) -> bytes:
    numbers = memoryview(block).cast(UNSIGNED_FORMAT[size])
    (layers, columns), (down, right) = shape, strides
    width = (columns - 1) * right + 1
    return b"".join(
        numbers[layer * down : layer * down + width : max(right, 1)].tobytes()
        for layer in range(layers)
    )


def from_lists(value: object, limits: Limits) -> Table:
    """Return the table of nested lists of numbers, typed as by `torch.tensor` but floats as double.

    Raises `ExpertFileError` where the lists are ragged, too large, or hold something else.
    """
    shape: list[int] = []
    first = value
    while isinstance(first, (list, tuple)):
        shape.append(len(first))
        if len(shape) > MAX_DIMENSIONS:
            raise ExpertFileError(f"the lists are nested more than {MAX_DIMENSIONS} deep")
        if prod(shape) > limits.max_table_values:
            raise ExpertFileError(
                f"the lists hold more than {limits.max_table_values:,} values: "
                "sum a recording over its steps"
            )
        if not first:
            break
        first = first[0]
    flat: Sequence[Any] = [value]
    for length in shape:
        flat = [item for row in flat for item in _row(row, length)]
    dtype, data = _packed(flat)
    strides = tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))
    return Table(dtype, tuple(shape), strides, 0, lambda start, size: data[start : start + size])


def _row(row: object, length: int) -> Sequence[object]:
    if not isinstance(row, (list, tuple)) or len(row) != length:
        found = f"{len(row):,} values" if isinstance(row, (list, tuple)) else type(row).__name__
        raise ExpertFileError(
            f"the lists are not rectangular: a row has {found} where the first has {length:,}"
        )
    return row


def _packed(flat: Sequence[Any]) -> tuple[Dtype, bytes]:
    kinds = set(map(type, flat))
    if not kinds <= {bool, int, float}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds - {bool, int, float}))
        raise ExpertFileError(f"the lists hold something other than numbers: {names}")
    try:
        if float in kinds or not kinds:
            return DTYPES["float64"], array("d", flat).tobytes()
        if kinds == {bool}:
            return DTYPES["bool"], bytes(flat)
        return DTYPES["int64"], array("q", flat).tobytes()
    except OverflowError:
        raise ExpertFileError("the lists hold a number larger than 64 bits") from None
