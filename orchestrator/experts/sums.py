"""Sums of count tables over their steps, exact for every integer type, with standard Python only.

Takes blocks of bytes; what a row or a column stands for is not known here.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from operator import add

from orchestrator.experts.tables import UNSIGNED_FORMAT, Dtype

_FLAGS = bytes([0]) + bytes([1]) * 255


@dataclass(slots=True)
class Sums:
    """The sum of each place over all blocks, and what was odd about the values.

    `nonzero_blocks` counts blocks with any value other than zero, `negative` and `non_finite`
    count single values.
    """

    totals: list[float]
    nonzero_blocks: int = 0
    negative: int = 0
    non_finite: int = 0


def summed(blocks: Iterable[bytes], dtype: Dtype, places: int) -> Sums:
    """Return the sums of `blocks`, each of `places` little-endian numbers of `dtype`.

    Totals are ints for integer types (never wrapped) and floats for float types.
    """
    sums = Sums([0] * places)
    if not places:
        return sums
    if dtype.kind == "float":
        _add_floats(sums, blocks, dtype)
    else:
        _add_integers(sums, blocks, dtype)
    return sums


@dataclass(slots=True)
class _Lanes:
    """Blocks added as one huge integer each, a number per lane.

    One addition of Python's big integers adds all the lanes of a block, about five times as fast
    as any loop over numbers. Half lanes are added apart, so that `1 << half` blocks fit before a
    carry could reach the next lane; signs are counted apart and taken off at the end.
    """

    size: int
    places: int
    signed: bool
    low: int = 0
    high: int = 0
    signs: int = 0
    pending: int = 0
    half: int = field(init=False)
    ones: int = field(init=False)
    mask: int = field(init=False)

    def __post_init__(self) -> None:
        self.half = self.size * 4
        self.ones = int.from_bytes((1).to_bytes(self.size, "little") * self.places, "little")
        self.mask = self.ones * ((1 << self.half) - 1)

    def add(self, value: int) -> None:
        self.low += value & self.mask
        self.high += (value >> self.half) & self.mask
        if self.signed:
            self.signs += (value >> (2 * self.half - 1)) & self.ones
        self.pending += 1

    def full(self) -> bool:
        return self.pending == 1 << self.half

    def flush(self, sums: Sums) -> None:
        parts = [(self.low, 1), (self.high, 1 << self.half), (self.signs, -1 << 2 * self.half)]
        for lanes, weight in parts:
            if lanes:
                numbers = self._numbers(lanes)
                scaled = numbers if weight == 1 else map(weight.__mul__, numbers)
                sums.totals = list(map(add, sums.totals, scaled))
        sums.negative += sum(self._numbers(self.signs)) if self.signs else 0
        self.low = self.high = self.signs = self.pending = 0

    def _numbers(self, lanes: int) -> Sequence[int]:
        raw = lanes.to_bytes(self.size * self.places, "little")
        return struct.unpack(f"<{self.places}{UNSIGNED_FORMAT[self.size]}", raw)


def _add_integers(sums: Sums, blocks: Iterable[bytes], dtype: Dtype) -> None:
    lanes: _Lanes | None = None
    for block in blocks:
        if block.count(0) == len(block):
            continue
        values = _flagged(block, dtype)
        sums.nonzero_blocks += 1
        if lanes is None:
            # Most files are summed already: one block, for which lanes would not pay.
            lanes = _Lanes(dtype.size, len(sums.totals), dtype.kind == "signed")
            sums.totals = list(integers(values, dtype))
            sums.negative = sum(total < 0 for total in sums.totals)
            continue
        lanes.add(int.from_bytes(values, "little"))
        if lanes.full():
            lanes.flush(sums)
    if lanes is not None:
        lanes.flush(sums)


def _add_floats(sums: Sums, blocks: Iterable[bytes], dtype: Dtype) -> None:
    for block in blocks:
        values = floats(block, dtype)
        if not any(values):
            continue
        sums.nonzero_blocks += 1
        if not isfinite(sum(values)):
            sums.non_finite += sum(not isfinite(value) for value in values)
        sums.negative += sum(value < 0 for value in values)
        sums.totals = list(map(add, sums.totals, values))


def _flagged(block: bytes, dtype: Dtype) -> bytes:
    """Return the block as torch takes it, for which any byte of a bool but zero is one True."""
    return block.translate(_FLAGS) if dtype.name == "bool" else block


def numbers(block: bytes, dtype: Dtype) -> Sequence[float]:
    """Return the little-endian numbers of `block`, of whatever type."""
    if dtype.kind == "float":
        return floats(block, dtype)
    return integers(_flagged(block, dtype), dtype)


def floats(block: bytes, dtype: Dtype) -> Sequence[float]:
    """Return the little-endian float numbers of `block`."""
    if dtype.name == "bfloat16":
        # A bfloat16 is the upper half of a float32.
        wide = bytearray(2 * len(block))
        wide[2::4], wide[3::4] = block[0::2], block[1::2]
        return array("f", bytes(wide))
    code = {"float64": "d", "float32": "f", "float16": "e"}[dtype.name]
    return struct.unpack(f"<{len(block) // dtype.size}{code}", block)


def integers(block: bytes, dtype: Dtype) -> Sequence[int]:
    """Return the little-endian integers of `block`."""
    code = UNSIGNED_FORMAT[dtype.size]
    return struct.unpack(
        f"<{len(block) // dtype.size}{code.lower() if dtype.kind == 'signed' else code}", block
    )
