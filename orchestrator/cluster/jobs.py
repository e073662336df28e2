"""Short Jobs of ours: made, waited for, their pods' logs read. What runs in them is not known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.cluster.api import Api
from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.wait import Clock
from orchestrator.manifests.metadata import Object, metadata
from orchestrator.names import job_name
from orchestrator.plan.model import ClusterPlan

STEP_SECONDS = 2.0
KEPT_SECONDS = 600
"""How long a Job stays that nobody was left to delete, waiting or ended."""

_ENDED = ("Succeeded", "Failed")


def job(
    plan: ClusterPlan,
    purpose: str,
    labels: Mapping[str, str],
    spec: Object,
    *,
    pods: int,
    seconds: int,
) -> Object:
    """Return a Job of so many pods with this spec, each of which runs once.

    It outlives the `seconds` that are waited for it, since its end would take its pods along.
    """
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(plan, job_name(plan.name, purpose), labels),
        "spec": {
            "completions": pods,
            "parallelism": pods,
            "backoffLimit": 0,
            "activeDeadlineSeconds": seconds + KEPT_SECONDS,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {**spec, "restartPolicy": "Never", "terminationGracePeriodSeconds": 1},
            },
        },
    }


def pods_of(
    api: Api, one: Object, clock: Clock, end: float, say: Callable[[str], object]
) -> list[Object]:
    """Return the Job's pods once all have ended, or as they are at the time `end`.

    Raises ClusterError.
    """
    about, wanted = one["metadata"], one["spec"]["completions"]
    while True:
        selector = f"batch.kubernetes.io/job-name={about['name']}"
        pods = list(api.list("v1", "Pod", about["namespace"], selector=selector))
        open_ones = [pod for pod in pods if not ended(pod)]
        if (len(pods) >= wanted and not open_ones) or clock.now() >= end:
            return pods
        why = rank_of(0, open_ones[0]).why if open_ones else "no pod yet"
        say(f"{about['name']}: {len(pods) - len(open_ones)} of {wanted} pods ended; {why}")
        clock.sleep(STEP_SECONDS)


def ended(pod: Object) -> bool:
    """Return whether a pod has run."""
    return (pod.get("status") or {}).get("phase") in _ENDED


def log(api: Api, pod: Object, *, patient: bool = False) -> str:
    """Return what a pod printed; with `patient` a failure is waited out. Raises ClusterError."""
    about = pod["metadata"]
    place = api.resource("v1", "Pod").path(about["namespace"], about["name"])
    return api.text(f"{place}/log", patient=patient)
