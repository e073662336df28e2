"""What operators add to pods: placement, resources, metadata, environment, and a marked last resort."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from orchestrator.spec.base import SecretKey, SpecModel

EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]

_MAX_INT = 2**53
"""JSON readers that keep numbers as doubles, helm's among them, lose digits beyond it (IEEE 754)."""
_MAX_KEY = 317
"""A DNS subdomain, a slash and a name: no key of a Kubernetes object is longer."""


def _unwritable(value: object) -> str:
    """Return what in the data cannot be written so that every reader sees it, empty where nothing."""
    if isinstance(value, dict):
        long = (f"a key of {len(key)} characters" for key in value if len(key) > _MAX_KEY)
        return next(long, "") or _unwritable(list(value.values()))
    if isinstance(value, list):
        return next(filter(None, map(_unwritable, value)), "")
    if isinstance(value, int | float) and abs(value) > _MAX_INT:
        return str(value)
    return ""


def _writable(data: dict[str, Any]) -> dict[str, Any]:
    if what := _unwritable(data):
        raise PydanticCustomError("unwritable", "data with {what}", {"what": what})
    return data


Free = Annotated[dict[str, Any], AfterValidator(_writable)]
"""Data of Kubernetes' own, as it stands in an object."""


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
    tolerations: list[Free] = Field(
        default_factory=list, description="Kubernetes tolerations, as in a pod."
    )
    affinity: Free = Field(default_factory=dict, description="Kubernetes affinity, as in a pod.")
    priority_class: str | None = Field(default=None, description="PriorityClass of the pods.")
    service_account: str | None = Field(
        default=None, description="Existing ServiceAccount of the engine pods."
    )
    resources: Resources = Field(default_factory=Resources, description="CPU, memory, storage.")
    env: dict[EnvName, str | SecretKey] = Field(
        default_factory=dict, description="Extra environment: a text, or a key of a Secret."
    )
    patch: Free = Field(
        default_factory=dict,
        description="Escape hatch: merged strategically into the pod template; of what it says little is checked.",
    )
