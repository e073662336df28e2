"""Pods as ranks: ready or not, and the most telling reason of those that Kubernetes gives."""

from typing import Any

import pytest

from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.standing import Group, PoolState, Rank, Standing

WAITING = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}


def pod(**status: Any) -> dict[str, Any]:
    about = {"name": "p", **status.pop("metadata", {})}
    return {"metadata": about, "spec": {"nodeName": "n"}, "status": status}


def container(name: str, restarts: int = 0, **state: Any) -> dict[str, Any]:
    return {"name": name, "restartCount": restarts, "state": state}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (
            {
                "phase": "Pending",
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "message": "0/12  nodes\nare available",
                    }
                ],
            },
            "0/12 nodes are available",
        ),
        (
            {"phase": "Pending", "containerStatuses": [container("engine", waiting=WAITING)]},
            "engine: ImagePullBackOff Back-off pulling image",
        ),
        (
            {
                "phase": "Pending",
                "initContainerStatuses": [
                    container("check", terminated={"exitCode": 1, "message": "SHA-256 differs"})
                ],
                "containerStatuses": [container("engine", waiting={"reason": "PodInitializing"})],
            },
            "check: exit code 1 SHA-256 differs",
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [
                    {
                        **container("engine", 3, waiting={"reason": "CrashLoopBackOff"}),
                        "lastState": {"terminated": {"message": "AssertionError"}},
                    }
                ],
            },
            "engine: CrashLoopBackOff AssertionError",
        ),
        (
            {"phase": "Running", "containerStatuses": [container("engine", running={})]},
            "started, not ready yet",
        ),
        (
            {
                "phase": "Pending",
                "initContainerStatuses": [container("check", running={})],
                "containerStatuses": [container("engine", waiting={"reason": "PodInitializing"})],
            },
            "engine: PodInitializing",
        ),
        ({"phase": "Pending"}, "Pending"),
        (
            {
                "metadata": {"deletionTimestamp": "now"},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
            "is being stopped",
        ),
    ],
)
def test_the_reason_is_kubernetes_own(status: dict[str, Any], why: str) -> None:
    """The scheduler, a failed check, a crash and a pull are told in their own words, in one line."""
    rank = rank_of(1, pod(**status))
    assert (False, why) == (rank.ready, rank.why)


def test_restarts_are_counted_over_containers() -> None:
    """A ready pod has no reason to wait; what restarted in it is counted."""
    ready = {"type": "Ready", "status": "True"}
    statuses = [container("engine", 2), container("side", 1)]
    rank = rank_of(0, pod(phase="Running", conditions=[ready], containerStatuses=statuses))
    assert Rank(0, "p", "n", True, 3, "") == rank


@pytest.mark.parametrize(
    ("prefill", "decode", "said"),
    [
        (1, 2, "pairs of 1 prefill and 2 decode groups serve"),
        (0, 1, "no prefill–decode pair: no prefill group is ready"),
        (0, 0, "no prefill–decode pair: no prefill and no decode group is ready"),
    ],
)
def test_pairs_need_both_roles(prefill: int, decode: int, said: str) -> None:
    """Requests are served only where a prefill and a decode group are ready."""
    assert said == Standing((pool("prefill", prefill), pool("decode", decode)), None).serving()


def test_an_aggregated_pool_pairs_with_nobody() -> None:
    """Without prefill and decode, every ready group serves."""
    assert "2 groups serve" == Standing((pool("aggregated", 2),), None).serving()
    assert "no group serves yet" == Standing((pool("aggregated", 0),), None).serving()


def pool(role: str, ready: int) -> PoolState:
    groups = (
        Group(i, (Rank(0, "p", "n", i < ready, 0, ""), Rank(1, "q", "n", True, 0, "")))
        for i in range(ready + 1)
    )
    return PoolState(role, role, 2, 16, tuple(groups), settled=False)
