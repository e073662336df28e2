"""Whether the cluster serves what the objects are: the namespace, and their kinds."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.cluster.errors import KindMissingError
from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.diagnostics.model import Diagnostic, FieldPath

_ASKS: dict[str, FieldPath] = {
    "PodMonitor": ("objects", "pod_monitor"),
    "ComputeDomain": ("hardware", "fabric"),
}
"""Where the spec asks for a kind that not every deployment has; pools ask for all others."""


def namespace(asked: Asked) -> Iterator[Diagnostic]:
    """Yield where the namespace is not there."""
    name = asked.plan.namespace
    if asked.api.find("v1", "Namespace", None, name) is None:
        fix = f"kubectl create namespace {name}, or name another in the spec"
        yield found("namespace-missing", f"there is no namespace {name}", ("namespace",), fix)


def kinds(asked: Asked) -> Iterator[Diagnostic]:
    """Yield each kind that the cluster does not serve."""
    for api_version, kind in dict.fromkeys((o["apiVersion"], o["kind"]) for o in asked.objects):
        try:
            asked.api.resource(api_version, kind)
        except KindMissingError as error:
            yield found("workload-api-missing", str(error), _ASKS.get(kind, ("pools",)))
