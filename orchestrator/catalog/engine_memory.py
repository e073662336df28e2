"""What an SGLang release sets aside and how it sizes its KV pools. Rows of `engine_memory.yaml`.

Only the numbers that differ between releases; the arithmetic is in `orchestrator.memory`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from orchestrator.tables import read_table
from orchestrator.versions import within


@dataclass(frozen=True, slots=True)
class EngineMemory:
    """One row: the releases it holds for, its numbers (the table's head explains each), evidence."""

    sglang: str
    c4_state_page: int
    kv_page_multiple: int
    c128_state_per_request: bool
    draft_pool: Literal["static", "outside"]
    reserves_by_role: bool
    deepep_reserve_mib: int
    eagle_reserve_mib: int
    marlin_scale_bytes: int
    evidence: str


@cache
def engine_memory(version: str) -> EngineMemory | None:
    """Return the row of a release, or `None` for one older than the table."""
    rows = read_table(Path(__file__).with_name("engine_memory.yaml"))
    return next((EngineMemory(**row) for row in rows if within(version, row["sglang"])), None)
