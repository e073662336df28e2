"""An expert-distribution file as data: what it holds, and what is wrong with it by itself.

Reads nothing; faults that depend on the model (layers, experts, redundancy) are decided by rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ExpertFileKind(StrEnum):
    """What SGLang takes the file for (srt/eplb/expert_location.py, 0.5.23)."""

    LOGICAL_COUNT = "logical_count"
    """Tokens per expert; each rank computes the placement from it at load."""
    PHYSICAL_TO_LOGICAL_MAP = "physical_to_logical_map"
    """The placement itself: the logical expert in each physical slot."""
    RECORDER_RECORDS = "recorder_records"
    """A `per_pass` or `per_token` dump, which `--init-expert-location` refuses."""
    UNKNOWN = "unknown"
    """Neither key: `--init-expert-location` raises NotImplementedError."""


class ExpertFileFault(StrEnum):
    """What is wrong with a file that can be read."""

    EXTRA_KEYS = "extra-keys"
    """Keys beside a map reach `init_by_mapping` as arguments: the engine dies of a TypeError."""
    NEGATIVE_COUNT = "negative-count"
    NON_FINITE_COUNT = "non-finite-count"
    COUNT_OVERFLOW = "count-overflow"
    """A sum over the steps does not fit int64, in which the engine adds."""
    NEGATIVE_EXPERT = "negative-expert"
    """A map's negative id silently means an expert counted from the end."""
    CHECKSUM = "checksum"
    """The bytes are not those that were saved; torch does not check and loads them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with its numbers."""

    fault: ExpertFileFault
    message: str


@dataclass(frozen=True, slots=True)
class ExpertFile:
    """An expert-distribution file.

    `layers` and `columns` are the table's last two dimensions: columns are experts in a
    `logical_count`, physical slots in a map and in recorder records; both are 0 for an unknown
    kind. `keys` are those of the file, unprintable characters escaped; `dtype` is torch's name of
    the numbers. `steps` counts recorded forward passes and is None for a table without that
    dimension. `totals` are the counts of each layer, summed over the steps: ints of any size for
    integer types, floats otherwise, empty for a map. `mapping` has one row of logical experts per
    layer, for a map and for the last map of recorder records.
    """

    path: Path
    sha256: str
    size_bytes: int
    kind: ExpertFileKind
    keys: tuple[str, ...] = ()
    dtype: str = ""
    layers: int = 0
    columns: int = 0
    steps: int | None = None
    nonzero_steps: int | None = None
    totals: tuple[tuple[float, ...], ...] = ()
    mapping: tuple[tuple[int, ...], ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def layer_totals(self) -> tuple[float, ...]:
        """The sum of each layer's counts."""
        return tuple(sum(row) for row in self.totals)

    @property
    def zero_layers(self) -> tuple[int, ...]:
        """Layers in which nothing was counted."""
        return tuple(layer for layer, row in enumerate(self.totals) if not any(row))

    def logical_totals(self) -> tuple[tuple[float, ...], ...]:
        """Return the counts as [layers][logical experts], summed over the steps.

        Recorder records count physical slots: they are folded with the last map of the dump, as
        SGLang's own `stat` mode does. A map has no counts: empty.
        """
        if not self.mapping or not self.totals:
            return self.totals
        experts = 1 + max((expert for row in self.mapping for expert in row), default=-1)
        folded = []
        for row, experts_of_slots in zip(self.totals, self.mapping, strict=True):
            counts: list[float] = [0] * experts
            for count, expert in zip(row, experts_of_slots, strict=True):
                counts[expert] += count
            folded.append(tuple(counts))
        return tuple(folded)

    def missing_experts(self, routed: int) -> dict[int, tuple[int, ...]]:
        """Return the logical experts of `range(routed)` that a layer's map gives no slot."""
        return self._by_layer(lambda row: set(range(routed)) - set(row))

    def out_of_range(self, routed: int) -> dict[int, tuple[int, ...]]:
        """Return the ids of each layer's map that are not in `range(routed)`."""
        return self._by_layer(lambda row: {expert for expert in row if not 0 <= expert < routed})

    def _by_layer(
        self, chosen: Callable[[tuple[int, ...]], set[int]]
    ) -> dict[int, tuple[int, ...]]:
        found = {layer: tuple(sorted(chosen(row))) for layer, row in enumerate(self.mapping)}
        return {layer: experts for layer, experts in found.items() if experts}
