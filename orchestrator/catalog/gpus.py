"""GPU kinds: memory, architecture and the names they go by. Rows of `gpus.yaml`.

Facts of the silicon only; what fits on it is `orchestrator.memory`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from orchestrator.tables import read_table


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU kind: `memory_mib` as nvidia-smi says, `products` as node labels say.

    `certain` is false where a value could not be confirmed; `source` says where they are from.
    """

    name: str
    memory_mib: int
    compute_capability: str
    generation: Literal["hopper", "blackwell"]
    products: tuple[str, ...]
    device_name: str
    gpus_per_node: int
    certain: bool
    source: str

    @property
    def memory_bytes(self) -> int:
        """All memory of the GPU in bytes."""
        return self.memory_mib << 20


@cache
def gpus() -> Mapping[str, Gpu]:
    """Return all GPU kinds by name."""
    rows = read_table(Path(__file__).with_name("gpus.yaml"))
    return {
        name: Gpu(name=name, **{**row, "products": tuple(row["products"])})
        for name, row in rows.items()
    }
