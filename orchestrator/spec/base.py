"""What all models of the spec share: frozen, strict, unknown keys refused, every field described."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""RFC 1035 label: LeaderWorkerSet names become Service names, so no leading digit."""

Count = Annotated[int, Field(ge=1, le=1_000_000)]
"""A whole number of things, at least one."""

Tokens = Annotated[int, Field(ge=1, le=1 << 24)]
"""A number of tokens; DeepSeek-V4's context holds 1,048,576."""

Name = Annotated[str, Field(pattern=DNS_LABEL)]
"""A Kubernetes object name that is also a DNS label; how long it may be is a rule."""


ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)]
"""Name of an existing Kubernetes object, e.g. a claim or a Secret."""


class SpecModel(BaseModel):
    """Base of every part of the spec: immutable, no silent conversion, no unknown keys."""

    # Only the outermost model is validated with: building the others' validators takes 30 ms.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class SecretKey(SpecModel):
    """One key of a Kubernetes Secret; the spec never holds the secret itself."""

    secret: ObjectName = Field(
        description="Name of the Secret, in the namespace of the deployment."
    )
    key: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$")] = Field(
        description="Key inside the Secret."
    )
