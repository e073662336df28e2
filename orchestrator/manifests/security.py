"""What a container of ours may do: nothing that its program does not need."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.manifests.metadata import Object


def engine_rights(capabilities: Sequence[str], *, privileged: bool) -> Object:
    """Return the security context of an engine: those capabilities alone, or all rights of the node."""
    # An API server refuses `allowPrivilegeEscalation: false` beside `privileged`.
    return {"privileged": True} if privileged else unprivileged(capabilities=capabilities)


def unprivileged(*, read_only: bool = False, capabilities: Sequence[str] = ()) -> Object:
    """Return the security context of a container, with these capabilities alone."""
    added = {"add": list(capabilities)} if capabilities else {}
    context: Object = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], **added},
    }
    return {**context, "readOnlyRootFilesystem": True} if read_only else context
