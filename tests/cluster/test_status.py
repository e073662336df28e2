"""`deploy status` on a real API server: ranks, reasons, and what the router sees."""

import json
import signal
import socket
import subprocess
from threading import Timer

import pytest

from tests.cluster.conftest import TIMEOUT
from tests.cluster.deployments import NAME, Deployment, eventually
from tests.scripted_api_server import Play, scripted_api_server


def test_every_rank_is_told(deployment: Deployment) -> None:
    """Pools, groups and ranks come with node and readiness, in text and as data."""
    deployment.applied()
    said = json.loads(deployment.deploy("status", "--format", "json").stdout)
    assert (True, 1, "applied") == (
        said["ready"],
        said["revision"]["number"],
        said["revision"]["state"],
    )
    shape = [
        (pool["name"], [len(group["ranks"]) for group in pool["groups"]]) for pool in said["pools"]
    ]
    assert [("prefill", [1, 1]), ("decode", [2])] == shape
    ranks = [rank for pool in said["pools"] for group in pool["groups"] for rank in group["ranks"]]
    assert all(rank["ready"] and rank["node"].startswith("h200-") for rank in ranks)
    text = deployment.deploy("status").stdout
    assert f"rank 1  ready  {NAME}-decode-0-1 on h200-" in text
    assert "lmsysorg/sglang:v0.5.23" in text


def test_the_scheduler_says_why_a_group_waits(deployment: Deployment) -> None:
    """A group that fits no node is told in the scheduler's own words, and no pair serves."""
    deployment.change(
        "  - name: decode\n    role: decode",
        "  - name: decode\n    role: decode\n    pod: {node_selector: {disk: none}}",
    )
    assert 0 == deployment.deploy("apply", "--yes").returncode
    said = eventually(lambda: deployment.deploy("status").stdout, "0/12 nodes are available")
    assert "no prefill–decode pair: no decode group is ready" in said
    assert "not ready" in said


def test_a_router_that_cannot_be_asked_is_unknown(deployment: Deployment) -> None:
    """A router behind which nobody listens is told as unknown with the reason; the rest is told."""
    deployment.applied()
    said = deployment.deploy("status")
    assert 0 == said.returncode
    assert "its workers: unknown: the cluster answered 503: no endpoints available" in said.stdout


def test_what_is_not_there_is_told(deployment: Deployment) -> None:
    """A deployment that nobody applied is an error that lists those that are there."""
    deployment.applied()
    done = deployment.named("status", "other", "-n", deployment.namespace)
    assert 1 == done.returncode
    assert f"nothing of other is in namespace {deployment.namespace}" in done.stderr
    assert f"(deployments recorded there: {NAME})" in done.stderr


def test_what_kubectl_applied_has_a_status_too(deployment: Deployment) -> None:
    """Without a revision the groups are shown all the same, and that it is so is said."""
    rendered = deployment.deploy("render").stdout
    deployment.kubectl("apply", "-f", "-", stdin=rendered)
    said = deployment.deploy("status").stdout
    assert "no revision is recorded" in said
    assert "decode (decode)" in said


def test_the_router_is_asked_through_the_api_server(deployment: Deployment) -> None:
    """What a router pod answers to `/workers` reaches the status by the server's service proxy.

    The router's own pods are kept off the nodes: their addresses here are loopback ones, which no
    Service takes. A small server on this machine's own address answers for them.
    """
    address = own_address()
    deployment.change("router:\n", "router:\n  pod: {node_selector: {disk: none}}\n")
    assert 0 == deployment.deploy("apply", "--yes").returncode
    workers = [
        {"url": "http://10.0.0.7:30000", "worker_type": "prefill", "is_healthy": True},
        {"url": "http://10.0.0.8:30000", "worker_type": "decode", "is_healthy": False},
    ]
    with scripted_api_server(Play(body={"workers": workers}), address=address) as router:
        deployment.kubectl("apply", "-f", "-", stdin=_router_pod(deployment, router.port))
        words = ("-n", deployment.namespace, "pod", "router")
        deployment.kubectl("wait", *words, "--for=condition=Ready", TIMEOUT)
        there = json.dumps({"status": {"podIP": address, "podIPs": [{"ip": address}]}})
        deployment.kubectl("patch", *words, "--type=merge", "--subresource=status", "-p", there)
        said = eventually(lambda: deployment.deploy("status").stdout, "its workers: 2")
        assert "    prefill  http://10.0.0.7:30000\n" in said
        assert "    decode   http://10.0.0.8:30000 unhealthy\n" in said
        assert {"/workers"} == {path for _, path, _ in router.asked}


def _router_pod(deployment: Deployment, port: int) -> str:
    labels = {"app.kubernetes.io/instance": NAME, "app.kubernetes.io/component": "router"}
    ports = [{"name": "http", "containerPort": port}]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "router", "namespace": deployment.namespace, "labels": labels},
        "spec": {
            "nodeName": "cpu-0",
            "containers": [{"name": "router", "image": "router", "ports": ports}],
        },
    }
    return json.dumps(pod)


def own_address() -> str:
    """Return an address of this machine that is no loopback one; without one there is no such test."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: the kernel picks the address
            address = str(probe.getsockname()[0])
        except OSError:
            address = "127.0.0.1"
    if address.startswith("127."):
        pytest.skip("this machine has no address beside loopback")
    return address


def test_watching_shows_what_changes(deployment: Deployment) -> None:
    """`--watch` prints the status again when it changed, and Ctrl-C ends it quietly."""
    deployment.applied()
    with subprocess.Popen(
        deployment.command("status", "--watch"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=deployment.environment(),
    ) as watching:
        assert watching.stdout
        assert watching.stderr
        limit = Timer(60, watching.kill)  # ends the reading below where nothing changes
        limit.start()
        assert "ready" in watching.stdout.readline()
        deployment.change("replicas: 1", "replicas: 2")
        deployment.applied()
        lines = iter(watching.stdout.readline, "")
        assert any("pairs of 2 prefill and 2 decode groups serve" in line for line in lines)
        limit.cancel()
        watching.send_signal(signal.SIGINT)
        assert 0 == watching.wait()
        assert "" == watching.stderr.read()
