"""Facts: truths from outside the spec, each known, unknown with the reason, or not asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from orchestrator.catalog.fabrics import Fabric
    from orchestrator.catalog.gpus import Gpu
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.engine.catalog import Catalogue
    from orchestrator.experts.expert_file import ExpertFile

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """The truth."""

    value: T


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known, and why. `broken` says what is wrong where there was something to look at."""

    reason: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """The spec does not use it, so nothing hangs on it."""


Fact: TypeAlias = Known[T] | Unknown | Absent


@dataclass(frozen=True, slots=True)
class Facts:
    """All that rules and plan may know beside the spec."""

    model: Fact[ModelShape]
    gpu: Fact[Gpu]
    fabric: Fact[Fabric]
    engine: Fact[Catalogue]
    expert_file: Fact[ExpertFile]
