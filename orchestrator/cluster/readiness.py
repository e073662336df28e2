"""What a deployment looks like in the cluster: pools, groups, ranks, router, and why some wait.

Reads LeaderWorkerSets, pods and the router's Deployment; judges readiness by what their controllers say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import KindMissingError
from orchestrator.cluster.workload import API_VERSION, KIND, workload
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL, LEADER_LABEL

SET_LABEL = "leaderworkerset.sigs.k8s.io/name"
GROUP_LABEL = "leaderworkerset.sigs.k8s.io/group-index"


@dataclass(frozen=True, slots=True)
class Rank:
    """One pod of a group. `pod` and `node` are empty where there is none yet; `why` it is not ready."""

    rank: int
    pod: str
    node: str
    ready: bool
    restarts: int
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """One replica of a pool; it serves when all its ranks are ready."""

    index: int
    ranks: tuple[Rank, ...]

    @property
    def ready(self) -> bool:
        """Whether every rank is ready."""
        return all(rank.ready for rank in self.ranks)


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool. `settled` says whether its controller has rolled out what was last applied."""

    name: str
    role: str
    size: int
    gpus_per_group: int
    groups: tuple[Group, ...]
    settled: bool

    @property
    def ready(self) -> int:
        """Groups that serve."""
        return sum(group.ready for group in self.groups)


@dataclass(frozen=True, slots=True)
class RouterState:
    """The router's replicas, by what its Deployment says."""

    name: str
    replicas: int
    ready: int
    settled: bool
    why: str


@dataclass(frozen=True, slots=True)
class State:
    """A deployment at one moment."""

    pools: tuple[PoolState, ...]
    router: RouterState | None

    @property
    def settled(self) -> bool:
        """Whether all that was applied is rolled out and ready."""
        router = self.router is None or self.router.settled
        return router and all(pool.settled for pool in self.pools)

    def ready_groups(self, role: str) -> int:
        """Return the groups of a role that serve."""
        return sum(pool.ready for pool in self.pools if pool.role == role)

    def serving(self) -> str:
        """Return whether requests find a prefill and a decode group, in words."""
        if not any(pool.role == "decode" for pool in self.pools):
            ready = sum(pool.ready for pool in self.pools)
            return f"{ready} groups serve" if ready else "no group serves yet"
        prefill, decode = self.ready_groups("prefill"), self.ready_groups("decode")
        if prefill and decode:
            return f"pairs of {prefill} prefill and {decode} decode groups serve"
        missing = " and no ".join(
            role for role, ready in (("prefill", prefill), ("decode", decode)) if not ready
        )
        return f"no prefill–decode pair: no {missing} group is ready"


def observe(api: Api, name: str, namespace: str) -> State:
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
    return State(tuple(sorted(pools, key=lambda pool: (pool.role != "prefill", pool.name))), router)


class _Refusals:
    """Why controllers could not make pods, e.g. a quota: asked only where pods are missing."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self._known: dict[str, str] | None = None

    def about(self, *owners: str) -> str:
        """Return the newest reason of one of these controllers, or nothing."""
        if self._known is None:
            events = self._api.list("v1", "Event", self._namespace, fields="reason=FailedCreate")
            self._known = {one["involvedObject"]["name"]: _line(one["message"]) for one in events}
        return next((self._known[name] for name in owners if name in self._known), "")


def _pool(one: Object, pods: dict[tuple[str, int, int], Object], refused: _Refusals) -> PoolState:
    read = workload(one)
    if read is None:
        raise TypeError("a LeaderWorkerSet is a workload")
    title, status = one["metadata"]["name"], one.get("status") or {}

    def rank(group: int, index: int) -> Rank:
        pod = pods.get((title, group, index))
        if pod:
            return _rank(index, pod)
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
    refused = _line(_condition(status, "ReplicaFailure").get("message", ""))
    why = refused or next((why for pod in pods if (why := _rank(0, pod).why)), "no pod yet")
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


def _rank(index: int, pod: Object) -> Rank:
    status, about = pod.get("status") or {}, pod["metadata"]
    containers = status.get("containerStatuses") or ()
    ready = _condition(status, "Ready").get("status") == "True" and not about.get(
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
    scheduled = _condition(status, "PodScheduled")
    if scheduled.get("status") == "False":
        yield _line(scheduled.get("message") or scheduled.get("reason", "not scheduled"))
    for one in (
        *(status.get("initContainerStatuses") or ()),
        *(status.get("containerStatuses") or ()),
    ):
        state = one.get("state") or {}
        if waiting := state.get("waiting"):
            if waiting.get("reason") != "PodInitializing":
                last = ((one.get("lastState") or {}).get("terminated") or {}).get("message", "")
                yield _line(
                    f"{one['name']}: {waiting.get('reason')} {waiting.get('message', '')} {last}"
                )
        elif (ended := state.get("terminated")) and ended.get("exitCode"):
            yield _line(f"{one['name']}: exit code {ended['exitCode']} {ended.get('message', '')}")
    if status.get("phase") == "Running":
        yield "started, not ready yet"


def _condition(status: Any, kind: str) -> Any:
    return next((one for one in status.get("conditions") or () if one["type"] == kind), {})


def _line(text: str) -> str:
    return " ".join(text.split())
