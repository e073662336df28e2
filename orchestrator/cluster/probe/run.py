"""Runs the probe's Jobs and brings back what their pods printed; nothing of them stays behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.jobs import ended, log, pods_of
from orchestrator.cluster.probe.answer import NoAnswerError, Node, read
from orchestrator.cluster.probe.job import probe_job
from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.wait import Clock
from orchestrator.manifests.metadata import Object
from orchestrator.plan.model import ClusterPlan

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
            pods = pods_of(api, job, clock, clock.now() + seconds, say)
            answers[pool.name] = [_answer(api, pod) for pod in pods]
        finally:
            api.delete(job)
    return answers


def _answer(api: Api, pod: Object) -> Node | str:
    if not ended(pod):
        return rank_of(0, pod).why
    try:
        return read(log(api, pod))
    except NoAnswerError as error:
        return str(error)
    except ClusterError as error:
        return f"it ended, and its log cannot be read: {error}"
