"""Waiting, on a clock that only sleeping moves."""

from pathlib import Path
from typing import Any

import pytest

from orchestrator.cluster.connect import connect
from orchestrator.cluster.readiness import observe
from orchestrator.cluster.wait import Clock, NotReadyError, wait
from orchestrator.manifests.build import build
from orchestrator.plan.planner import plan
from tests.scripted_api_server import Play, kubeconfig, scripted_api_server
from tests.unit.cluster.reference import reference

EVENTS = {"name": "events", "kind": "Event", "namespaced": True}
KINDS = {
    "resources": [
        {"name": "pods", "kind": "Pod", "namespaced": True},
        {"name": "deployments", "kind": "Deployment", "namespaced": True},
        {"name": "leaderworkersets", "kind": "LeaderWorkerSet", "namespaced": True},
    ]
}


@pytest.fixture
def decode() -> Any:
    """The LeaderWorkerSet of the reference deployment's decode pool."""
    objects = build(plan(reference()))
    return next(
        one
        for one in objects
        if one["metadata"]["name"] == "dsv4-flash-decode" and "replicas" in one["spec"]
    )


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
    assert 0.5 == now[0]


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
    assert 6 + 12 * 3 == len(script.asked)  # looks after 0, 0.5, 1.5 and 3.5 s, then every three


@pytest.mark.parametrize(
    ("changed", "settled"),
    [
        ({}, True),
        ({"observedGeneration": 2}, False),
        ({"replicas": 3}, False),
        ({"readyReplicas": 1}, False),
        ({"updatedReplicas": 1}, False),
    ],
)
def test_what_its_controller_has_not_rolled_out_is_not_ready(
    tmp_path: Path, decode: Any, changed: dict[str, int], settled: bool
) -> None:
    """A set is ready once its controller has seen the change, and all its groups have and are ready."""
    status = {"observedGeneration": 3, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2}
    about = {**decode["metadata"], "generation": 3}
    spec = {**decode["spec"], "replicas": 2}
    one = {**decode, "metadata": about, "spec": spec, "status": {**status, **changed}}
    kinds = Play(body=KINDS)
    events = Play(body={"resources": [*KINDS["resources"], EVENTS]})
    with scripted_api_server(events, listed(), kinds, listed(one), kinds, listed()) as script:
        api = connect(kubeconfig(tmp_path, script.url))
        assert settled is observe(api, "dsv4-flash", "inference").settled
