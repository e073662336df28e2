"""What the engine refuses in one pool's launch, predicted from `refusals.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from orchestrator.engine.conditions import holds, launch_settings
from orchestrator.engine.tables import rows_for, table

if TYPE_CHECKING:
    from orchestrator.pools import PoolView


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing the engine will not start with; `at` is an argument, a `$VARIABLE` or a field."""

    refusal: str
    at: str
    says: str
    fix: str
    stage: Literal["arguments", "loading"]
    evidence: str


def refusals(view: PoolView) -> Iterator[Refusal]:
    """Yield what the pool's version of SGLang refuses about its launch."""
    settings = launch_settings(view)
    for row in rows_for(view.cluster.engine.sglang, table("refusals")):
        if holds(row["when"], settings):
            yield Refusal(
                row["id"],
                row["at"],
                row["says"].format_map(settings),
                row["fix"].format_map(settings),
                row.get("stage", "arguments"),
                row["evidence"],
            )
