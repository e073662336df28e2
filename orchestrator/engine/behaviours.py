"""What the engine does without asking, predicted for one pool from `behaviours.yaml`.

The conditions there name the settings of `conditions.py`; nothing else decides a prediction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.engine.conditions import applies, launch_settings
from orchestrator.engine.tables import rows_for, table

if TYPE_CHECKING:
    from orchestrator.pools import PoolView


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One argument that the engine will resolve to something else than was written or defaulted."""

    behaviour: str
    argument: str
    resolved: object
    says: str
    evidence: str


def predict(view: PoolView) -> tuple[Rewrite, ...]:
    """Return every rewrite that the pool's version of SGLang will make."""
    return tuple(_rewrites(view, launch_settings(view)))


def _rewrites(view: PoolView, settings: Mapping[str, Any]) -> Iterator[Rewrite]:
    for row in rows_for(view.cluster.engine.sglang, table("behaviours")):
        if not applies(row, settings):
            continue
        for argument, value in row["resolves"].items():
            named = isinstance(value, str) and value.startswith("=")
            resolved = settings[value[1:]] if named else value
            yield Rewrite(row["id"], argument, resolved, row["says"], row["evidence"])
