"""The router in front of the pools: sglang-router with PD pairing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.spec.base import Count, SpecModel
from orchestrator.spec.pod import PodOptions


class Router(SpecModel):
    """Pairs prefill with decode leaders and balances requests over them."""

    replicas: Count = Field(default=2, description="Router pods.")
    policy: Literal["cache_aware", "round_robin", "random", "power_of_two"] = Field(
        default="cache_aware", description="How a worker is chosen."
    )
    discovery: Literal["kubernetes", "static"] = Field(
        default="kubernetes",
        description="Watch pods by label, or list the address of every leader on the command line.",
    )
    image: str | None = Field(
        default=None, description="Image with sglang-router; the engine's image by default."
    )
    port: int = Field(default=30000, ge=1024, le=65535, description="Port of the API.")
    service_type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        default="ClusterIP", description="Type of the router's Service."
    )
    pod: PodOptions = Field(default_factory=PodOptions, description="Additions to the pods.")
