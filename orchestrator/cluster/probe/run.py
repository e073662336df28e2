"""Runs the probe's Jobs and brings back what their pods printed; nothing of them stays behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.probe.answer import NoAnswerError, Node, read
from orchestrator.cluster.probe.job import probe_job
from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.wait import Clock
from orchestrator.manifests.metadata import Object
from orchestrator.plan.model import ClusterPlan

STEP_SECONDS = 2.0

Answers = Mapping[str, Sequence[Node | str]]
"""By pool, what each of its nodes said, or why it said nothing."""


def probe(
    api: Api,
    plan: ClusterPlan,
    *,
    seconds: int,
    say: Callable[[str], object],
    clock: Clock | None = None,
) -> Answers:
    """Return what the nodes of every pool said, a pool after the other. Raises ClusterError.

    A pool whose pods find no place within `seconds`, as its GPUs are in use, said why.
    """
    clock = clock or Clock()
    answers = {}
    for pool in plan.pools:
        job = probe_job(plan, pool, seconds)
        api.create(job)
        try:
            pods = _ended(api, job, clock, clock.now() + seconds, say)
            answers[pool.name] = [_answer(api, pod) for pod in pods]
        finally:
            api.delete(job)
    return answers


def _ended(
    api: Api, job: Object, clock: Clock, end: float, say: Callable[[str], object]
) -> list[Object]:
    """Return the Job's pods once all have ended, or as they are when the time is over."""
    about, wanted = job["metadata"], job["spec"]["completions"]
    while True:
        selector = f"batch.kubernetes.io/job-name={about['name']}"
        pods = list(api.list("v1", "Pod", about["namespace"], selector=selector))
        open_ones = [pod for pod in pods if _phase(pod) not in ("Succeeded", "Failed")]
        if (len(pods) >= wanted and not open_ones) or clock.now() >= end:
            return pods
        why = rank_of(0, open_ones[0]).why if open_ones else "no pod yet"
        say(f"{about['name']}: {len(pods) - len(open_ones)} of {wanted} nodes answered; {why}")
        clock.sleep(STEP_SECONDS)


def _answer(api: Api, pod: Object) -> Node | str:
    about = pod["metadata"]
    if _phase(pod) not in ("Succeeded", "Failed"):
        return rank_of(0, pod).why
    place = api.resource("v1", "Pod").path(about["namespace"], about["name"])
    try:
        return read(api.text(f"{place}/log"))
    except NoAnswerError as error:
        return str(error)
    except ClusterError as error:
        return f"it ended, and its log cannot be read: {error}"


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))
