"""Waiting, on a clock that only sleeping moves."""

from pathlib import Path

import pytest

from orchestrator.cluster.connect import connect
from orchestrator.cluster.wait import Clock, NotReadyError, wait
from tests.scripted_api_server import Play, kubeconfig, scripted_api_server

KINDS = {
    "resources": [
        {"name": "pods", "kind": "Pod", "namespaced": True},
        {"name": "deployments", "kind": "Deployment", "namespaced": True},
        {"name": "leaderworkersets", "kind": "LeaderWorkerSet", "namespaced": True},
    ]
}


def listed(*items: object) -> Play:
    return Play(body={"metadata": {}, "items": items})


def router(ready: int) -> Play:
    """Return the router's Deployment with so many of two replicas ready."""
    status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": ready}
    about = {"name": "x-router", "generation": 1}
    return listed({"metadata": about, "spec": {"replicas": 2}, "status": status})


def test_it_ends_when_all_is_ready(tmp_path: Path) -> None:
    """The state is looked at again until all replicas are there, and told meanwhile."""
    now, said = [0.0], []
    clock = Clock(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    first = [Play(body=KINDS), listed(), Play(body=KINDS), listed(), Play(body=KINDS), router(1)]
    with scripted_api_server(*first, listed(), listed(), router(2)) as script:
        api = connect(kubeconfig(tmp_path, script.url))
        state = wait(api, "x", "n", seconds=60, say=said.append, clock=clock)
    assert state.settled
    assert ["router 1/2; no group serves yet; no pod yet"] == said
    assert 0 < now[0] < 60


def test_it_ends_when_the_time_is_over(tmp_path: Path) -> None:
    """After the limit, and not before, it says what is missing and what can be done."""
    now: list[float] = [0.0]
    clock = Clock(lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds))
    looks = [play for _ in range(30) for play in (listed(), listed(), router(0))]
    plays = [Play(body=KINDS), listed(), Play(body=KINDS), listed(), Play(body=KINDS), router(0)]
    with scripted_api_server(*plays, *looks) as script:
        api = connect(kubeconfig(tmp_path, script.url))
        with pytest.raises(
            NotReadyError, match=r"not ready after 30 s: router 0/2; .*\n.*rollback"
        ):
            wait(api, "x", "n", seconds=30, say=lambda _: None, clock=clock)
    assert 30 <= now[0] < 35
