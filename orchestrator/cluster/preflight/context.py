"""What every check of a cluster is given, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from orchestrator.cluster.api import Api
from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.manifests.metadata import Object
from orchestrator.plan.model import ClusterPlan
from orchestrator.rules.cluster_word import CLUSTER_WORD_PAGES
from orchestrator.rules.said import said
from orchestrator.spec.cluster import ClusterSpec


@dataclass(frozen=True, slots=True)
class Asked:
    """The spec, its plan and objects, the bytes of its checkpoint, and the cluster to hold them against."""

    api: Api
    spec: ClusterSpec
    plan: ClusterPlan
    objects: tuple[Object, ...]
    checkpoint_bytes: int


Check: TypeAlias = Callable[[Asked], Iterator[Diagnostic]]
"""Yields what is wrong. Raises ForbiddenError where the caller may not look."""


def found(name: str, text: str, at: FieldPath, fix: str = "") -> Diagnostic:
    """Return the finding of that name, at the field of the spec that asks for it."""
    return said(CLUSTER_WORD_PAGES, name, text, at, fix)
