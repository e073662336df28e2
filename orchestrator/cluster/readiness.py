"""Looks at a deployment in the cluster: its LeaderWorkerSets, its pods, its router's Deployment.

Whether something is rolled out is what its controller says; nothing is judged here beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import KindMissingError
from orchestrator.cluster.ranks import condition, line, rank_of
from orchestrator.cluster.standing import Group, PoolState, Rank, RouterState, Standing
from orchestrator.cluster.workload import API_VERSION, KIND, workload
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL, LEADER_LABEL

SET_LABEL = "leaderworkerset.sigs.k8s.io/name"
GROUP_LABEL = "leaderworkerset.sigs.k8s.io/group-index"


def observe(api: Api, name: str, namespace: str) -> Standing:
    """Return how the deployment stands. Raises ClusterError."""
    selector = f"{INSTANCE_LABEL}={name}"
    pods: dict[tuple[str, int, int], Object] = {}
    others: list[Object] = []
    for pod in api.list("v1", "Pod", namespace, selector=selector):
        labels = pod["metadata"]["labels"]
        if SET_LABEL in labels:
            place = labels[SET_LABEL], int(labels[GROUP_LABEL]), int(labels[LEADER_LABEL])
            pods[place] = pod
        else:
            others.append(pod)
    refused = _Refusals(api, namespace)
    try:
        sets = list(api.list(API_VERSION, KIND, namespace, selector=selector))
    except KindMissingError:  # and no pool without it
        sets = []
    deployments = api.list("apps/v1", "Deployment", namespace, selector=selector)
    router = next((_router(one, others) for one in deployments), None)
    pools = (_pool(one, pods, refused) for one in sets)
    return Standing(
        tuple(sorted(pools, key=lambda pool: (pool.role != "prefill", pool.name))), router
    )


class _Refusals:
    """Why controllers could not make pods, e.g. a quota: asked only where pods are missing."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._known: dict[str, str] | None = None

    def about(self, *owners: str) -> str:
        """Return the newest reason of one of these controllers, or nothing."""
        if self._known is None:
            events = self._api.list("v1", "Event", self._namespace, fields="reason=FailedCreate")
            self._known = {one["involvedObject"]["name"]: line(one["message"]) for one in events}
        return next((self._known[name] for name in owners if name in self._known), "")


def _pool(one: Object, pods: dict[tuple[str, int, int], Object], refused: _Refusals) -> PoolState:
    read = workload(one)
    if read is None:
        raise TypeError("a LeaderWorkerSet is a workload")
    title, status = one["metadata"]["name"], one.get("status") or {}

    def rank(group: int, index: int) -> Rank:
        pod = pods.get((title, group, index))
        if pod:
            return rank_of(index, pod)
        leader = f"{title}-{group}"
        return Rank(index, "", "", False, 0, refused.about(leader, title) or "no pod yet")

    groups = tuple(
        Group(group, tuple(rank(group, index) for index in range(read.size)))
        for group in range(read.groups)
    )
    counted = all(
        status.get(field, 0) == read.groups
        for field in ("replicas", "readyReplicas", "updatedReplicas")
    )
    return PoolState(
        name=read.pool,
        role=read.role,
        size=read.size,
        gpus_per_group=read.gpus_per_group,
        groups=groups,
        settled=counted and _seen(one),
    )


def _router(one: Object, pods: Iterable[Object]) -> RouterState:
    wanted, status = one["spec"].get("replicas", 1), one.get("status") or {}
    ready = status.get("readyReplicas", 0)
    refused = line(condition(status, "ReplicaFailure").get("message", ""))
    why = refused or next((why for pod in pods if (why := rank_of(0, pod).why)), "no pod yet")
    return RouterState(
        name=one["metadata"]["name"],
        replicas=wanted,
        ready=ready,
        settled=_seen(one)
        and wanted == ready == status.get("updatedReplicas", 0) == status.get("replicas", 0),
        why=why if ready < wanted else "",
    )


def _seen(one: Object) -> bool:
    """Return whether the controller has read what was last applied (LeaderWorkerSet since v0.9)."""
    seen = (one.get("status") or {}).get("observedGeneration", 0)
    return bool(seen >= one["metadata"]["generation"])
