"""Fabric profiles: what pods need to use the network between nodes. Rows of `fabrics.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orchestrator.tables import read_table


@dataclass(frozen=True, slots=True)
class Fabric:
    """One network: its RDMA resource, the capabilities it needs, and environment for all pods."""

    name: str
    text: str
    rdma: bool
    resource: str | None
    capabilities: tuple[str, ...]
    host_network: bool
    env: Mapping[str, str]
    link_layer: str | None
    tried: bool
    source: str


@cache
def fabrics() -> Mapping[str, Fabric]:
    """Return all fabric profiles by name."""
    rows = read_table(Path(__file__).with_name("fabrics.yaml"))
    return {
        name: Fabric(name=name, **{**row, "capabilities": tuple(row["capabilities"])})
        for name, row in rows.items()
    }
