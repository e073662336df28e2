"""Expert placement: the shared expert-distribution file, redundant experts and Waterfill."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.spec.base import ObjectName, SpecModel

Redundant = Annotated[int, Field(ge=0, le=4096)]

AccessMode = Literal["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce"]


class Distribution(SpecModel):
    """The expert-distribution file that every pool replays with `--init-expert-location`.

    It is in a claim or in a ConfigMap; that one of them is named, and not both, is a rule.
    """

    claim: ObjectName | None = Field(
        default=None, description="PersistentVolumeClaim that holds the file."
    )
    config_map: ObjectName | None = Field(
        default=None,
        description="ConfigMap that holds the file instead of a claim; `path` is its key.",
    )
    path: str = Field(
        description="Path of the file inside the claim, e.g. `dsv4-flash/1763.pt`, or its key in "
        "the ConfigMap."
    )
    access: AccessMode | None = Field(
        default=None, description="Access mode of the claim; every node of every pool mounts it."
    )
    mount: str = Field(
        default="/expert-distribution",
        pattern=r"^/[^\s]+$",
        description="Where every pod mounts the claim or the ConfigMap, read-only.",
    )
    local: str | None = Field(
        default=None,
        description="The same file on this machine, relative to the spec: it is read and checked.",
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="Expected SHA-256 of the file, where it is not at hand as `local`.",
    )

    @property
    def file(self) -> str:
        """Absolute path of the file inside every pod."""
        return f"{self.mount.rstrip('/')}/{self.path}"


class ExpertOverrides(SpecModel):
    """What one pool may decide for itself; the file is the cluster's."""

    redundant: Redundant | None = Field(
        default=None, description="Redundant experts of this pool, all ranks together."
    )
    algorithm: str | None = Field(
        default=None, description="EPLB placement algorithm of this pool, e.g. `deepseek`."
    )
    waterfill: bool | None = Field(
        default=None, description="Whether this pool sends shared experts to the idlest rank."
    )


class Experts(SpecModel):
    """Expert placement of the whole cluster."""

    distribution: Distribution | None = Field(
        default=None, description="The recorded expert distribution that all pools share."
    )
    redundant: Redundant = Field(
        default=0, description="Redundant experts per pool, all ranks together."
    )
    algorithm: str = Field(
        default="auto", description="EPLB placement algorithm; `deepseek` is the one for V4."
    )
    waterfill: bool = Field(
        default=False, description="Send each token's shared expert to the least loaded rank."
    )
