"""Waits for the pods of a short Job of ours; what they said is read by who made it."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.cluster.api import Api
from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.wait import Clock
from orchestrator.manifests.metadata import Object

STEP_SECONDS = 2.0
ENDED = ("Succeeded", "Failed")


def ended_pods(
    api: Api, job: Object, clock: Clock, end: float, say: Callable[[str], object]
) -> list[Object]:
    """Return the Job's pods once all have ended, or as they are when the time is over.

    Raises ClusterError.
    """
    about, wanted = job["metadata"], job["spec"]["completions"]
    while True:
        selector = f"batch.kubernetes.io/job-name={about['name']}"
        pods = list(api.list("v1", "Pod", about["namespace"], selector=selector))
        open_ones = [pod for pod in pods if phase(pod) not in ENDED]
        if (len(pods) >= wanted and not open_ones) or clock.now() >= end:
            return pods
        why = rank_of(0, open_ones[0]).why if open_ones else "no pod yet"
        say(f"{about['name']}: {len(pods) - len(open_ones)} of {wanted} pods ended; {why}")
        clock.sleep(STEP_SECONDS)


def phase(pod: Object) -> str:
    """Return a pod's phase."""
    return str((pod.get("status") or {}).get("phase", "Pending"))
