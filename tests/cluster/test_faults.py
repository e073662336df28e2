"""What goes wrong under a running deployment, and the state in which it ends."""

from __future__ import annotations

import json

import pytest

from orchestrator.cli.desired import Desired, desired
from orchestrator.cluster.connect import connect
from orchestrator.cluster.diff import compare
from orchestrator.cluster.errors import UnavailableError
from orchestrator.cluster.transport import Patience
from tests.cluster.conftest import Kubectl
from tests.cluster.deployments import NAME, Deployment, eventually

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
"""How an operator tells the cluster that a node is gone; its pods are evicted at once."""


def uids(deployment: Deployment, pool: str) -> dict[str, str]:
    """Return the identity of each pod of a pool."""
    label = f"deploy.dsv4/pool={pool}"
    said = deployment.kubectl("get", "pods", "-n", deployment.namespace, "-l", label, "-o", "json")
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in json.loads(said)["items"]}


def ready(deployment: Deployment) -> str:
    """Return the status once all groups serve."""
    return eventually(lambda: deployment.deploy("status").stdout, "ready; pairs of 2 prefill")


def test_a_lost_node_moves_its_group(deployment: Deployment, kubectl: Kubectl) -> None:
    """The group of a lost rank is remade as a whole on other nodes; other groups are not touched."""
    deployment.applied()
    before, prefill = uids(deployment, "decode"), uids(deployment, "prefill")
    worker = deployment.get("pod", f"{NAME}-decode-0-1")
    node = worker["spec"]["nodeName"]
    kubectl("cordon", node)
    kubectl("taint", "node", node, OUT_OF_SERVICE)
    try:
        eventually(
            lambda: (
                "" if set(before.values()) & set(uids(deployment, "decode").values()) else "new"
            ),
            "new",
        )
        said = ready(deployment)
        assert uids(deployment, "decode").keys() == before.keys()
        assert uids(deployment, "prefill") == prefill
        assert f"on {node}\n" not in said.partition("decode (decode)")[2].partition("router")[0]
        # The objects are as they were: nothing has to be applied again.
        assert "nothing would change" in deployment.deploy("diff").stdout
    finally:
        kubectl("taint", "node", node, f"{OUT_OF_SERVICE}-")
        kubectl("uncordon", node)


def test_a_killed_leader_takes_its_group_along(deployment: Deployment) -> None:
    """Leader and worker are both new afterwards, and prefill has not noticed."""
    deployment.applied()
    before, prefill = uids(deployment, "decode"), uids(deployment, "prefill")
    place = ("-n", deployment.namespace)
    deployment.kubectl("delete", "pod", *place, f"{NAME}-decode-0", "--wait=false")
    eventually(
        lambda: "" if set(before.values()) & set(uids(deployment, "decode").values()) else "new",
        "new",
    )
    ready(deployment)
    assert uids(deployment, "decode").keys() == before.keys()
    assert uids(deployment, "prefill") == prefill


def test_a_webhook_that_does_not_answer_stops_an_apply(
    deployment: Deployment, kubectl: Kubectl
) -> None:
    """LeaderWorkerSet's fail closed: it is told which one, nothing is half done, and again works."""
    kind = "mutatingwebhookconfigurations"
    (name,) = [
        one["metadata"]["name"]
        for one in json.loads(kubectl("get", kind, "-o", "json"))["items"]
        if "lws" in one["metadata"]["name"] or "leaderworkerset" in json.dumps(one["webhooks"])
    ][:1]
    hooks = json.loads(kubectl("get", kind, name, "-o", "json"))["webhooks"]
    at = next(i for i, hook in enumerate(hooks) if "leaderworkerset" in hook["clientConfig"]["url"])
    path = f"/webhooks/{at}/clientConfig/url"

    def lead(url: str) -> None:
        patch = json.dumps([{"op": "replace", "path": path, "value": url}])
        kubectl("patch", kind, name, "--type=json", "-p", patch)

    lead("https://127.0.0.1:1/gone")
    try:
        # As the commands do, but for a second and not for a minute.
        api = connect(deployment.kubeconfig, None, patience=Patience(seconds=1), warn=print)
        wanted = desired(deployment.spec)
        assert isinstance(wanted, Desired)
        with pytest.raises(UnavailableError, match=f'failed calling webhook "{hooks[at]["name"]}"'):
            compare(api, NAME, deployment.namespace, wanted.revision.objects, [])
    finally:
        lead(hooks[at]["clientConfig"]["url"])
    assert deployment.revisions() == {}
    assert "ready: prefill 2/2" in deployment.applied()
