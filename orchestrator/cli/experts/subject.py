"""The spec that an expert file is judged for: its pools and its model, or why they cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import examine
from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.experts.placement import Counts
    from orchestrator.facts.model import Facts
    from orchestrator.load.loader import Loaded
    from orchestrator.pools import PoolView
    from orchestrator.spec.cluster import ClusterSpec


@dataclass(frozen=True, slots=True)
class Subject:
    """A spec whose shape is sound; rules may still refuse it, e.g. for what is to be changed."""

    loaded: Loaded
    spec: ClusterSpec
    facts: Facts
    pools: tuple[PoolView, ...]
    model: ModelShape


def subject(path: Path, file: Path, counts: Counts) -> Subject:
    """Return the spec at `path`, for whose model the counts of `file` must have the right shape.

    Raises `UserError` where its shape is broken, its model unknown, or the file another model's.
    """
    from orchestrator.facts.model import Known
    from orchestrator.pools import pool_views

    examined = examine(path)
    loaded, facts = examined.loaded, examined.facts
    if loaded.spec is None or facts is None or loaded.guessed:
        raise UserError(f"{path} cannot be used as it is: see `deploy validate {path}`")
    if not isinstance(facts.model, Known):
        reason = getattr(facts.model, "broken", "") or getattr(facts.model, "reason", "")
        raise UserError(f"{path}: the model's shape is unknown: {reason}")
    model = facts.model.value
    layers, experts = len(counts), len(counts[0])
    if (layers, experts) != (model.layers, model.routed_experts):
        raise UserError(
            f"{file} has {layers} layers × {experts} experts, the model of {path} has "
            f"{model.layers} × {model.routed_experts}: use a recording of that model"
        )
    return Subject(loaded, loaded.spec, facts, pool_views(loaded.spec), model)
