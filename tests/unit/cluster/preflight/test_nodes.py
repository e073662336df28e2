"""Nodes as they are slimmed: what is used there, by whom, and which of their ports are taken."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from orchestrator.cluster.api import Api
from orchestrator.cluster.preflight.nodes import nodes

GPU = "nvidia.com/gpu"


class Listed:
    """Lists these nodes and pods, as an API does."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        allocatable = {GPU: "8", "pods": "110", "cpu": "192"}
        ready = {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": "True"}]}
        self._all = {
            "Node": [{"metadata": {"name": "a"}, "spec": {}, "status": ready}],
            "Pod": list(pods),
        }

    def list(self, _: str, kind: str) -> Iterator[dict[str, Any]]:
        """Yield all of a kind."""
        yield from self._all[kind]


def pod(namespace: str = "theirs", phase: str = "Running", **spec: Any) -> dict[str, Any]:
    ports = [{"containerPort": 30000, "hostPort": 31000}, {"containerPort": 30001}]
    container = {"name": "x", "ports": ports, "resources": {"requests": {GPU: "2", "cpu": "1"}}}
    about = {"namespace": namespace, "labels": {"app.kubernetes.io/instance": "mine"}}
    inside = {"nodeName": "a", "containers": [container], **spec}
    return {"metadata": about, "spec": inside, "status": {"phase": phase}}


def only(*pods: dict[str, Any]) -> Any:
    (node,) = nodes(cast("Api", Listed(*pods)), "mine", "ours", {GPU})
    return node


def test_others_use_and_ours_does_not() -> None:
    """Pods that ended use nothing, and this deployment's own are replaced; cpu is not asked about."""
    node = only(pod(), pod(phase="Succeeded"), pod(namespace="ours"))
    assert node.free == {GPU: Decimal(6), "pods": Decimal(109)}
    assert node.all == {GPU: Decimal(8), "pods": Decimal(110)}
    assert node.usable


def test_ports_of_the_node() -> None:
    """A host port is taken; on the node's network every port is."""
    assert only(pod()).host_ports == {31000}
    assert only(pod(hostNetwork=True)).host_ports == {30000, 30001}
