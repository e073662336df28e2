"""The machines: GPU kind, GPUs per node, the fabric between nodes, and how KV travels over it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.spec.base import Count, SpecModel

Nic = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+$")]
GpuIndex = Annotated[str, Field(pattern=r"^[0-9]+$")]


class Hardware(SpecModel):
    """What every node of the cluster looks like."""

    gpu: str = Field(description="GPU kind, e.g. `h200`; `deploy explain gpus` lists them.")
    gpus_per_node: Count = Field(default=8, description="GPUs in one node.")
    fabric: str = Field(
        description="Network between nodes, e.g. `infiniband`, `coreweave` or `tcp`; "
        "`deploy explain fabrics` lists them."
    )
    nics: list[Nic] | dict[GpuIndex, Nic] | None = Field(
        default=None,
        description="RDMA devices for KV transfer: a list, or a map from GPU index to device.",
    )
    rdma_resource: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9.\-]+/[A-Za-z0-9._\-]+$",
        description="RDMA resource of your device plugin, where it differs from the fabric's.",
    )


class Transfer(SpecModel):
    """How KV cache travels from prefill to decode."""

    backend: Literal["mooncake", "mooncake_tcp", "nixl"] = Field(
        default="mooncake", description="KV transfer engine; `mooncake_tcp` needs no RDMA."
    )
    bootstrap_port: int = Field(
        default=8998, ge=1024, le=65535, description="Port where prefill leaders are found."
    )
