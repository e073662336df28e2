"""`deploy apply` on a real API server: what becomes of a spec, and of what others wrote."""

import json
import os
import subprocess

import pytest

from tests.cluster.deployments import NAME, Deployment


def test_a_spec_becomes_a_ready_cluster(deployment: Deployment) -> None:
    """What is not there is created, becomes ready, and is then left alone."""
    assert "ready: prefill 2/2 groups ready, decode 1/1" in deployment.applied()
    assert "pairs of 2 prefill and 1 decode groups serve" in deployment.deploy("status").stdout
    again = deployment.deploy("apply", "--yes")
    assert (0, f"{NAME} in namespace {deployment.namespace}: nothing would change\n") == (
        again.returncode,
        again.stdout,
    )
    assert {"1": "applied"} == deployment.revisions()


def test_without_a_terminal_it_needs_yes(deployment: Deployment) -> None:
    """A pipeline that did not say --yes changes nothing, whatever the spec."""
    done = deployment.deploy("apply")
    assert 2 == done.returncode
    assert "add --yes" in done.stderr
    assert [] == deployment.names("lws")


def test_errors_in_the_spec_reach_no_cluster(deployment: Deployment) -> None:
    """A spec that does not validate is refused before anything is asked of the cluster."""
    deployment.change("redundant: 16", "redundant: 24")
    done = deployment.deploy("apply", "--yes")
    assert 1 == done.returncode
    assert "EXP401" in done.stderr
    assert {} == deployment.revisions()


def test_a_pool_that_is_gone_from_the_spec_is_pruned(deployment: Deployment) -> None:
    """Objects that only earlier revisions have are deleted; claims, and what others made, stay."""
    second = "  - {name: second, role: decode, parallelism: {tp: 8, attention_dp: 8}}\n"
    deployment.change("\nrouter:", f"{second}\nrouter:")
    deployment.applied()
    assert f"{NAME}-second" in deployment.names("lws")
    deployment.kubectl("create", "-n", deployment.namespace, "configmap", f"{NAME}-second")
    deployment.change(second, "")
    said = deployment.applied()
    assert "second\n  taken away: 1 group stops, 8 GPUs free" in said
    assert [f"{NAME}-decode", f"{NAME}-prefill"] == deployment.names("lws")
    assert f"{NAME}-second-leaders" not in deployment.names("service")
    assert f"{NAME}-second" in deployment.names("configmap")
    assert ["expert-distribution", "model-cache"] == deployment.names("pvc")


def test_what_another_adopted_is_not_pruned(deployment: Deployment) -> None:
    """An object that lost our label belongs to whoever took the label away."""
    deployment.applied()
    label = "app.kubernetes.io/instance=mine"
    budget = f"{NAME}-router"
    deployment.kubectl("label", "-n", deployment.namespace, "pdb", budget, label, "--overwrite")
    deployment.change("replicas: 2\n  policy", "replicas: 1\n  policy")
    deployment.applied()
    assert budget in deployment.names("pdb")


def test_another_manager_is_never_overwritten_silently(deployment: Deployment) -> None:
    """A field that another manager changed is named with the manager; only --take-over writes it."""
    deployment.applied()
    scaled = {
        "apiVersion": "leaderworkerset.x-k8s.io/v1",
        "kind": "LeaderWorkerSet",
        "metadata": {"name": f"{NAME}-decode", "namespace": deployment.namespace},
        "spec": {"replicas": 2},
    }
    words = ("apply", "--server-side", "--force-conflicts", "--field-manager=autoscaler", "-f", "-")
    deployment.kubectl(*words, stdin=json.dumps(scaled))
    refused = deployment.deploy("apply", "--yes")
    assert 1 == refused.returncode
    assert ".spec.replicas is managed by autoscaler" in refused.stderr
    assert "--take-over" in refused.stderr
    assert 2 == deployment.get("lws", f"{NAME}-decode")["spec"]["replicas"]
    assert {"1": "applied"} == deployment.revisions()
    taken = deployment.deploy("apply", "--yes", "--take-over")
    assert 0 == taken.returncode, taken.stderr
    assert f"overwriting LeaderWorkerSet {NAME}-decode" in taken.stderr
    assert 1 == deployment.get("lws", f"{NAME}-decode")["spec"]["replicas"]


def test_what_restarts_is_what_the_diff_said(deployment: Deployment) -> None:
    """More replicas leave running pods alone; another argument replaces every pod of its pool."""
    deployment.applied()
    before = uids(deployment)
    deployment.change("replicas: 1", "replicas: 2")
    assert "no running group restarts" in deployment.applied()
    grown = uids(deployment)
    assert before.items() <= grown.items()
    assert len(before) + 2 == len(grown)
    deployment.change("dispatch_tokens: 256", "dispatch_tokens: 512")
    said = deployment.applied()
    assert "decode\n  all 2 groups restart, 32 GPUs\n" in said
    assert "prefill\n" not in said
    after = uids(deployment)
    kept = {name for name, uid in after.items() if grown.get(name) == uid}
    assert {name for name in after if "prefill" in name} == kept


def uids(deployment: Deployment) -> dict[str, str]:
    """Return the uid of every engine pod by its name."""
    said = deployment.kubectl(
        *("get", "pods", "-n", deployment.namespace, "-l", "deploy.dsv4/pool", "-o", "json")
    )
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in json.loads(said)["items"]}


@pytest.mark.parametrize(
    ("answer", "code", "records"), [("n\n", 1, {}), ("y\n", 0, {"1": "applied"})]
)
def test_a_terminal_is_asked(
    deployment: Deployment, answer: str, code: int, records: dict[str, str]
) -> None:
    """On a terminal the difference is shown and a question asked; no is no."""
    ours, its = os.openpty()
    with subprocess.Popen(
        deployment.command("apply"),
        stdin=its,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=deployment.environment(),
    ) as asking:
        os.write(ours, answer.encode())
        said, asked = asking.communicate()
    os.close(ours)
    os.close(its)
    assert code == asking.returncode, asked
    assert "12 to create" in said
    assert "apply revision 1 on https://" in asked
    assert records == deployment.revisions()


def test_what_kubectl_applied_is_adopted(deployment: Deployment) -> None:
    """Objects of `kubectl apply` become a revision; that kubectl still writes them is said."""
    deployment.kubectl("apply", "-f", "-", stdin=deployment.deploy("render").stdout)
    done = deployment.deploy("apply", "--yes")
    assert 0 == done.returncode, done.stderr
    assert "nothing would change" in done.stdout
    assert f"LeaderWorkerSet {NAME}-decode in namespace" in done.stderr
    assert "is also written by kubectl-client-side-apply: what was set there" in done.stderr
    assert {"1": "applied"} == deployment.revisions()
    deployment.change("redundant: 16", "redundant: 32")
    refused = deployment.deploy("apply", "--yes")
    assert 1 == refused.returncode
    assert "is managed by kubectl-client-side-apply" in refused.stderr
    assert 0 == deployment.deploy("apply", "--yes", "--take-over").returncode
    assert "32" in deployment.command_line("decode")
