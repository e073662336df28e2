"""The whole spec: one DeepSeek-V4 cluster on SGLang."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from orchestrator.spec.base import Name, SpecModel
from orchestrator.spec.engine import Engine, Model
from orchestrator.spec.experts import Experts
from orchestrator.spec.hardware import Hardware, Transfer
from orchestrator.spec.pod import PodOptions
from orchestrator.spec.pool import Pool
from orchestrator.spec.router import Router

Reason = Annotated[str, Field(min_length=1)]


class Objects(SpecModel):
    """Kubernetes objects that are rendered only when asked for."""

    network_policy: bool = Field(
        default=False, description="Let only this deployment's pods reach the engine pods."
    )
    pod_monitor: bool = Field(
        default=False, description="PodMonitor for the leaders' metrics (Prometheus operator)."
    )


class ClusterSpec(SpecModel):
    """One cluster: engine, model, machines, experts, pools and router."""

    name: Name = Field(description="Name of the deployment; every object's name starts with it.")
    namespace: Name = Field(default="default", description="Namespace of every object.")
    engine: Engine = Field(description="SGLang release and image.")
    model: Model = Field(description="Checkpoint.")
    hardware: Hardware = Field(description="Machines.")
    experts: Experts = Field(default_factory=Experts, description="Expert placement.")
    transfer: Transfer = Field(default_factory=Transfer, description="KV transfer.")
    pools: list[Pool] = Field(
        min_length=1, description="Prefill and decode pools, or one aggregated."
    )
    router: Router | None = Field(default=None, description="Router; a PD cluster needs one.")
    pod: PodOptions = Field(default_factory=PodOptions, description="Additions to all engine pods.")
    objects: Objects = Field(default_factory=Objects, description="Optional objects.")
    allow: dict[str, Reason] = Field(
        default_factory=dict, description="Rules to silence, each with the reason why."
    )
