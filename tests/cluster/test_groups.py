"""The real controller and scheduler on fake nodes: groups are made, placed, remade and refused."""

import json
import socket
import time
from collections.abc import Callable

from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import TIMEOUT, Kubectl
from tests.cluster.groups import environment, group_set, items

FAILS = "pod-container-running-failed.stage.kwok.x-k8s.io"
PATIENCE_S = 60.0


def eventually(found: Callable[[], bool], what: str) -> None:
    """Poll until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < deadline, f"not so after {PATIENCE_S:.0f} s: {what}"
        time.sleep(0.1)


def test_nodes_offer_gpus_fabric_and_topology(kubectl: Kubectl) -> None:
    """Every node is Ready; GPU nodes have product, GPUs, RDMA resources and a place in the topology."""
    nodes = items(kubectl("get", "nodes", "-o", "json"))
    ready = {
        node["metadata"]["name"]: condition["status"]
        for node in nodes
        for condition in node["status"]["conditions"]
        if condition["type"] == "Ready"
    }
    assert set(ready.values()) == {"True"}
    assert len(ready) == len(nodes) == 12
    h200 = [node for node in nodes if node["metadata"]["name"].startswith("h200-")]
    assert len(h200) == 8
    for node in h200:
        assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
        assert node["status"]["allocatable"]["rdma/rdma_shared_device_ib"] == "63"
        assert node["metadata"]["labels"]["nvidia.com/gpu.product"] == "NVIDIA-H200"
    zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in h200}
    racks = {node["metadata"]["labels"]["cloud.provider.com/topology-rack"] for node in h200}
    assert (len(zones), len(racks)) == (2, 4)


def test_a_group_is_placed_and_told_who_leads(
    control_plane: ControlPlane, kubectl: Kubectl, namespace: str
) -> None:
    """Both pods become Ready on H200 nodes of their own; the pod webhook gives each its variables.

    A process of this machine can listen where a pod is.
    """
    kubectl("apply", "-n", namespace, "-f", "-", stdin=group_set("engine"))
    kubectl("wait", "-n", namespace, "lws/engine", "--for=condition=Available", TIMEOUT)
    leader, worker = items(kubectl("get", "pods", "-n", namespace, "-o", "json"))
    names = leader["spec"]["nodeName"], worker["spec"]["nodeName"]
    assert all(name.startswith("h200-") for name in names)
    assert names[0] != names[1]
    for index, pod in enumerate((leader, worker)):
        said = environment(pod)
        assert said["LWS_LEADER_ADDRESS"] == f"engine-0.engine.{namespace}"
        assert (said["LWS_GROUP_SIZE"], said["LWS_WORKER_INDEX"]) == ("2", str(index))
        with socket.create_server((pod["status"]["podIP"], 0)) as engine:
            assert engine.getsockname()[0].startswith(control_plane.pods.removesuffix("0.0/16"))


def test_who_asks_for_another_product_and_tolerates_it_gets_it(
    kubectl: Kubectl, namespace: str
) -> None:
    """A selector on the product label and a toleration of the taint lead to the H100 nodes."""
    groups = json.loads(group_set("engine"))
    groups["spec"]["leaderWorkerTemplate"]["workerTemplate"]["spec"] |= {
        "nodeSelector": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
    }
    kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(groups))
    kubectl("wait", "-n", namespace, "lws/engine", "--for=condition=Available", TIMEOUT)
    pods = items(kubectl("get", "pods", "-n", namespace, "-o", "json"))
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == ["h100-0", "h100-1"]


def test_a_failed_container_remakes_the_whole_group(kubectl: Kubectl, namespace: str) -> None:
    """When the worker's container fails, leader and worker both are new pods afterwards."""
    kubectl("apply", "-n", namespace, "-f", "-", stdin=group_set("engine"))
    kubectl("wait", "-n", namespace, "lws/engine", "--for=condition=Available", TIMEOUT)
    before = _uids(kubectl, namespace)
    assert set(before) == {"engine-0", "engine-0-1"}
    kubectl("label", "-n", namespace, "pod/engine-0-1", f"{FAILS}=true")
    eventually(
        lambda: (
            set(after := _uids(kubectl, namespace)) == set(before)
            and not set(after.values()) & set(before.values())
        ),
        "both pods are new",
    )
    kubectl("wait", "-n", namespace, "lws/engine", "--for=condition=Available", TIMEOUT)


def test_a_group_that_fits_nowhere_waits_and_says_why(kubectl: Kubectl, namespace: str) -> None:
    """More GPUs than a node has: the pod stays Pending with the scheduler's own numbers."""
    kubectl("apply", "-n", namespace, "-f", "-", stdin=group_set("engine", gpus=16))
    why = "jsonpath={.status.conditions[?(@.type=='PodScheduled')].reason}=Unschedulable"
    for until in ("create", why):
        kubectl("wait", "-n", namespace, "pod/engine-0", f"--for={until}", TIMEOUT)
    pods = items(kubectl("get", "pods", "-n", namespace, "-o", "json"))
    assert [pod["status"]["phase"] for pod in pods] == ["Pending"] * 2
    (scheduled,) = pods[0]["status"]["conditions"]
    assert scheduled["message"].startswith("0/12 nodes are available")
    assert "Insufficient nvidia.com/gpu" in scheduled["message"]


def test_prefill_and_decode_of_a_disaggregated_set_run(kubectl: Kubectl, namespace: str) -> None:
    """The second controller of the release makes one LeaderWorkerSet for each role."""
    template = json.loads(group_set("engine"))["spec"]
    roles = [{"name": role, "spec": template} for role in ("prefill", "decode")]
    thing = {
        "apiVersion": "disaggregatedset.x-k8s.io/v1",
        "kind": "DisaggregatedSet",
        "metadata": {"name": "pd"},
        "spec": {"roles": roles},
    }
    kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(thing))
    eventually(
        lambda: (
            [
                pod["status"]["phase"]
                for pod in items(kubectl("get", "pods", "-n", namespace, "-o", "json"))
            ]
            == ["Running"] * 4
        ),
        "four pods run",
    )


def _uids(kubectl: Kubectl, namespace: str) -> dict[str, str]:
    pods = items(kubectl("get", "pods", "-n", namespace, "-o", "json"))
    return {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in pods}
