"""What a rule sees: the spec, its pools with the arithmetic done, and the facts it asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.facts.model import Facts, Known
from orchestrator.pools import PoolView
from orchestrator.spec.cluster import ClusterSpec

if TYPE_CHECKING:
    from orchestrator.catalog.fabrics import Fabric
    from orchestrator.catalog.gpus import Gpu
    from orchestrator.catalog.model_config import ModelShape
    from orchestrator.engine.catalog import Catalogue
    from orchestrator.experts.expert_file import ExpertFile


class MissingFactError(RuntimeError):
    """A rule read a fact that its `needs` does not name: a bug of the rule."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a rule may look at. Facts are read through properties, which need them known."""

    spec: ClusterSpec
    pools: tuple[PoolView, ...]
    facts: Facts

    @property
    def version(self) -> str:
        """The SGLang version that the spec names."""
        return self.spec.engine.sglang

    @property
    def model(self) -> ModelShape:
        """Layers, experts and sizes of the model (needs `model`)."""
        if isinstance(self.facts.model, Known):
            return self.facts.model.value
        raise MissingFactError("model")

    @property
    def gpu(self) -> Gpu:
        """The GPU kind (needs `gpu`)."""
        if isinstance(self.facts.gpu, Known):
            return self.facts.gpu.value
        raise MissingFactError("gpu")

    @property
    def fabric(self) -> Fabric:
        """The network between nodes (needs `fabric`)."""
        if isinstance(self.facts.fabric, Known):
            return self.facts.fabric.value
        raise MissingFactError("fabric")

    @property
    def engine(self) -> Catalogue:
        """The flags of the SGLang version (needs `engine`)."""
        if isinstance(self.facts.engine, Known):
            return self.facts.engine.value
        raise MissingFactError("engine")

    @property
    def expert_file(self) -> ExpertFile:
        """The expert-distribution file as read from disk (needs `expert_file`)."""
        if isinstance(self.facts.expert_file, Known):
            return self.facts.expert_file.value
        raise MissingFactError("expert_file")

    def in_role(self, *roles: str) -> Iterator[PoolView]:
        """Yield the pools of these roles."""
        return (view for view in self.pools if view.pool.role in roles)
