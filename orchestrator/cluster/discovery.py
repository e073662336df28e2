"""Where a kind lives in the API: one question per group and version, remembered for the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.errors import KindMissingError, NotFoundError

INSTALLS = {
    "leaderworkerset.x-k8s.io": "install the LeaderWorkerSet controller "
    "(v0.9.0 is what the objects are checked against)",
    "monitoring.coreos.com": "install the Prometheus operator, or take the pod monitor out of the spec",
}
"""What brings the kinds that are not part of Kubernetes itself."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as the API spells it: the folder of its group and version, its plural, and its reach."""

    base: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None, name: str | None = None) -> str:
        """Return the path of a list, or of one object."""
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{self.base}{place}/{self.plural}" + (f"/{name}" if name else "")


class Discovery:
    """The kinds that a cluster serves, asked for as they are needed."""

    def __init__(self, get: Callable[[str], Mapping[str, Any]]) -> None:
        self._get = get
        self._known: dict[str, dict[str, Resource]] = {}

    def resource(self, api_version: str, kind: str) -> Resource:
        """Return where a kind lives. Raises KindMissingError where the cluster does not serve it."""
        if api_version not in self._known:
            self._known[api_version] = self._served(api_version)
        found = self._known[api_version].get(kind)
        if found is None:
            group = api_version.partition("/")[0] if "/" in api_version else ""
            fix = INSTALLS.get(group, "install what defines it, or a newer release of it")
            raise KindMissingError(
                f"the cluster knows no {kind} ({api_version}): {fix}", api_version, kind
            )
        return found

    def _served(self, api_version: str) -> dict[str, Resource]:
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listed = self._get(base)
        except NotFoundError:
            return {}
        return {
            one["kind"]: Resource(base, one["name"], one["namespaced"])
            for one in listed["resources"]
            if "/" not in one["name"]  # a subresource
        }
