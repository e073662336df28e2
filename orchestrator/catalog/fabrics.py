"""Fabric profiles: what pods need to use the network between nodes. Rows of `fabrics.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator.tables import read_table


@dataclass(frozen=True, slots=True)
class Fabric:
    """One network: the devices that pods ask for, and what else a pod needs to use them.

    `per_gpu` of each resource are asked for per GPU of a pod, or one per pod where it is `None`.
    """

    name: str
    text: str
    rdma: bool
    gpu_initiated: bool
    resources: tuple[str, ...]
    per_gpu: int | None
    capabilities: tuple[str, ...]
    host_network: bool
    privileged: bool
    compute_domain: bool
    annotations: Mapping[str, str]
    env: Mapping[str, str]
    link_layer: str | None
    tried: bool
    source: str

    @property
    def asks(self) -> str:
        """What a pod asks for, as texts say it."""
        if self.compute_domain:
            return "one channel of the domain"
        if not self.resources:
            return "nothing: its annotations attach the networks" if self.annotations else ""
        count = "one" if self.per_gpu is None else f"{self.per_gpu} per GPU"
        return f"{', '.join(self.resources)} ({count})"

    def devices(self, resource: str | None, gpus: int) -> Mapping[str, int]:
        """Return how many of each resource a pod with `gpus` GPUs asks for; `resource` replaces the names."""
        if not self.rdma:
            return {}
        count = 1 if self.per_gpu is None else self.per_gpu * gpus
        return dict.fromkeys((resource,) if resource else self.resources, count)


_LISTS = ("resources", "capabilities")


@cache
def fabrics() -> Mapping[str, Fabric]:
    """Return all fabric profiles by name."""
    rows = read_table(Path(__file__).with_name("fabrics.yaml"))
    return {
        name: Fabric(name=name, **{**row, **{field: tuple(row[field]) for field in _LISTS}})
        for name, row in rows.items()
    }
