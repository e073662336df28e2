"""What the engine's later stage came to for one pool, beside what is computed here.

The engine places the experts from the same file; equal digests mean that both place every slot alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.engine.check.pipeline import Verdict
from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.experts.placement import Placement, eplb, trivial
from orchestrator.facts.model import Absent, Facts, Known
from orchestrator.pools import PoolView

FLAT = ("auto", "deepseek")
"""Algorithms that place as `deepseek` does; for DeepSeek-V4 `auto` is one of them."""


@dataclass(frozen=True, slots=True)
class Loading:
    """Placement and Waterfill as the engine's own code has them.

    `placed_alike` is `None` where one of the two sides has no placement; `waterfill` where nobody
    asked for it or the engine could not say. `gaps` are the parts that need a pod to be judged.
    """

    layers: int | None
    slots: int | None
    placed_alike: bool | None
    waterfill: bool | None
    gaps: tuple[str, ...]


def loading(view: PoolView, facts: Facts, verdict: Verdict) -> Loading:
    """Return what an accepted pool loads."""
    found = verdict.loading
    placed = found["placement"] or {}
    ours = _placement(view, facts) if placed else None
    return Loading(
        layers=placed.get("layers"),
        slots=placed.get("physical"),
        placed_alike=None if ours is None else ours.digest == placed["sha256"],
        waterfill=found["waterfill_effective"] if view.waterfill else None,
        gaps=tuple(found["gaps"]),
    )


def _placement(view: PoolView, facts: Facts) -> Placement | None:
    """Return the placement that we compute, `None` where we do not know enough or do not know how."""
    if not isinstance(facts.model, Known) or view.algorithm not in FLAT:
        return None
    model, file = facts.model.value, facts.expert_file
    if isinstance(file, Absent):
        made = trivial(model.layers, model.routed_experts, view.redundant, view.ep)
    elif isinstance(file, Known) and file.value.kind is ExpertFileKind.LOGICAL_COUNT:
        made = eplb(file.value.logical_totals(), view.redundant, view.ep)
    else:
        return None
    return made if isinstance(made, Placement) else None
