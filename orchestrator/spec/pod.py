"""What operators add to pods: placement, resources, metadata, environment, and a marked last resort."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from orchestrator.spec.base import SecretKey, SpecModel

EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]


class Resources(SpecModel):
    """CPU and memory of one engine pod; requests equal limits for memory."""

    cpu: Quantity | None = Field(default=None, description='CPU request, e.g. "96".')
    memory: Quantity | None = Field(
        default=None, description='Memory request and limit, e.g. "1500Gi".'
    )
    ephemeral_storage: Quantity | None = Field(
        default=None, description='Ephemeral storage request and limit, e.g. "200Gi".'
    )
    shared_memory: Quantity = Field(
        default="64Gi", description="Size limit of /dev/shm; it counts against the memory limit."
    )


class PodOptions(SpecModel):
    """Additions to pods; a pool's own win over the cluster's, key by key."""

    labels: dict[str, str] = Field(default_factory=dict, description="Extra labels.")
    annotations: dict[str, str] = Field(default_factory=dict, description="Extra annotations.")
    node_selector: dict[str, str] = Field(default_factory=dict, description="Node labels to match.")
    tolerations: list[dict[str, Any]] = Field(
        default_factory=list, description="Kubernetes tolerations, as in a pod."
    )
    affinity: dict[str, Any] = Field(
        default_factory=dict, description="Kubernetes affinity, as in a pod."
    )
    priority_class: str | None = Field(default=None, description="PriorityClass of the pods.")
    service_account: str | None = Field(
        default=None, description="Existing ServiceAccount of the engine pods."
    )
    resources: Resources = Field(default_factory=Resources, description="CPU, memory, storage.")
    env: dict[EnvName, str | SecretKey] = Field(
        default_factory=dict, description="Extra environment: a text, or a key of a Secret."
    )
    patch: dict[str, Any] = Field(
        default_factory=dict,
        description="Escape hatch: merged strategically into the pod template; of what it says little is checked.",
    )
