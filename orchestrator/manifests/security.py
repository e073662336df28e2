"""What a container of ours may do: nothing that its program does not need."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.manifests.metadata import Object


def unprivileged(*, read_only: bool = False, capabilities: Sequence[str] = ()) -> Object:
    """Return the security context of a container, with these capabilities alone."""
    added = {"add": list(capabilities)} if capabilities else {}
    context: Object = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], **added},
    }
    return {**context, "readOnlyRootFilesystem": True} if read_only else context
