"""The spec that an expert file is judged for: its pools and its model, or why they cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.terminal import UserError

if TYPE_CHECKING:
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.experts.expert_file import ExpertFile
    from orchestrator.experts.placement import Counts
    from orchestrator.facts.model import Facts
    from orchestrator.pools import PoolView
    from orchestrator.spec.cluster import ClusterSpec


@dataclass(frozen=True, slots=True)
class Subject:
    """A spec whose shape is sound; rules may still refuse it, e.g. for what is to be changed."""

    path: Path
    spec: ClusterSpec
    facts: Facts
    pools: tuple[PoolView, ...]
    model: ModelShape


def subject(path: Path) -> Subject:
    """Return the spec at `path`. Raises `UserError` where its shape is broken or its model unknown."""
    from orchestrator.diagnostics.model import Severity
    from orchestrator.facts.gather import gather
    from orchestrator.facts.model import Known
    from orchestrator.load.loader import UnreadableSpecError, load
    from orchestrator.pools import pool_views

    try:
        loaded = load(path)
    except UnreadableSpecError as error:
        raise UserError(str(error)) from None
    broken = any(found.severity is Severity.ERROR for found in loaded.diagnostics)
    if loaded.spec is None or broken:
        raise UserError(f"{path} is no usable spec: see `deploy validate {path}`")
    facts = gather(loaded.spec, loaded.folder)
    if not isinstance(facts.model, Known):
        said = getattr(facts.model, "broken", "") or getattr(facts.model, "reason", "")
        raise UserError(f"{path}: {said}, so it is not known which files fit")
    return Subject(path, loaded.spec, facts, pool_views(loaded.spec), facts.model.value)


def require_fit(subject: Subject, file: ExpertFile, counts: Counts) -> None:
    """Raise `UserError` where the counts of a file are not of the spec's model."""
    model, layers, experts = subject.model, len(counts), len(counts[0])
    if (layers, experts) != (model.layers, model.routed_experts):
        raise UserError(
            f"{file.path} has {layers} layers × {experts} experts, the model of {subject.path} has "
            f"{model.layers} × {model.routed_experts}: SGLang starts with too few of them without a word "
            "and fails while it serves; record this model"
        )
