"""One pod as a rank of its group: where it runs, whether it is ready, and if not, why.

The scheduler's and the kubelet's own words are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.cluster.standing import Rank
from orchestrator.manifests.metadata import Object


def rank_of(index: int, pod: Object) -> Rank:
    """Return the pod as the rank of that number."""
    status, about = pod.get("status") or {}, pod["metadata"]
    containers = status.get("containerStatuses") or ()
    ready = condition(status, "Ready").get("status") == "True" and not about.get(
        "deletionTimestamp"
    )
    why = "" if ready else next(_reasons(pod), status.get("phase", "Pending"))
    restarts = sum(
        one.get("restartCount", 0)
        for one in (*containers, *(status.get("initContainerStatuses") or ()))
    )
    node = pod["spec"].get("nodeName", "")
    return Rank(index, about["name"], node, ready, restarts, why)


def _reasons(pod: Object) -> Iterator[str]:
    """Yield why a pod is not ready, the most telling first."""
    status = pod.get("status") or {}
    if pod["metadata"].get("deletionTimestamp"):
        yield "is being stopped"
    scheduled = condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        yield line(scheduled.get("message") or scheduled.get("reason", "not scheduled"))
    for one in (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ):
        state = one.get("state") or {}
        if waiting := state.get("waiting"):
            last = ((one.get("lastState") or {}).get("terminated") or {}).get("message", "")
            why = f"{waiting.get('reason')} {waiting.get('message', '')} {last}"
            yield line(f"{one['name']}: {why}")
        elif (ended := state.get("terminated")) and ended.get("exitCode"):
            yield line(f"{one['name']}: exit code {ended['exitCode']} {ended.get('message', '')}")
    if status.get("phase") == "Running":
        yield "started, not ready yet"


def condition(status: Any, kind: str) -> Any:
    """Return a condition by its type, empty where there is none."""
    return next((one for one in status.get("conditions") or () if one["type"] == kind), {})


def line(text: str) -> str:
    """Return a message in one line."""
    return " ".join(text.split())
