"""`deploy delete` on a real API server: all of ours goes, claims stay, and it can be run again."""

import json

import pytest

from orchestrator.cluster.apply import UnfinishedError
from orchestrator.cluster.connect import connect
from orchestrator.cluster.delete import delete, inventory
from orchestrator.cluster.revisions import recorded
from tests.cluster.deployments import NAME, Deployment, eventually

KINDS = ("lws", "deployment", "service", "pdb", "role", "rolebinding")


def left(deployment: Deployment) -> list[str]:
    """Return what of the deployment is there."""
    return [name for kind in KINDS for name in deployment.names(kind)]


def test_all_of_ours_goes_and_claims_stay(deployment: Deployment) -> None:
    """Every object and record is deleted, the claims stay bound, and again is no error."""
    deployment.applied()
    done = deployment.deploy("delete", "--yes")
    assert 0 == done.returncode, done.stderr
    assert [] == left(deployment) or deployment.kubectl(
        "wait", "-n", deployment.namespace, "pods", "--all", "--for=delete", "--timeout=30s"
    )
    assert {} == deployment.revisions()
    assert ["expert-distribution", "model-cache"] == deployment.names("pvc")
    again = deployment.deploy("delete", "--yes")
    assert 0 == again.returncode
    assert f"nothing is recorded of {NAME}" in again.stdout


def test_claims_go_where_told_unless_others_mount_them(deployment: Deployment) -> None:
    """`--claims` names them and takes them along; one that another pod mounts stays, and that is said."""
    deployment.applied()
    other = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "other", "namespace": deployment.namespace},
        "spec": {
            "nodeName": "cpu-0",
            "containers": [{"name": "other", "image": "other"}],
            "volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "model-cache"}}],
        },
    }
    deployment.kubectl("apply", "-f", "-", stdin=json.dumps(other))
    done = deployment.deploy("delete", "--yes", "--claims")
    assert 0 == done.returncode, done.stderr
    assert "- PersistentVolumeClaim expert-distribution, with all on it" in done.stdout
    assert "PersistentVolumeClaim model-cache" not in done.stdout
    assert "model-cache in namespace" in done.stderr
    assert "stays: pods of others mount it" in done.stderr
    eventually(lambda: str(deployment.names("pvc")), "['model-cache']")


def test_an_interrupted_delete_is_finished_by_the_next(deployment: Deployment) -> None:
    """The records go last, so that a delete which stopped still knows what there was."""
    deployment.applied()
    api = connect(deployment.kubeconfig)
    revisions = recorded(api, NAME, deployment.namespace)
    found = inventory(api, NAME, deployment.namespace, revisions)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if len(said) == 3:
            raise KeyboardInterrupt

    with pytest.raises(UnfinishedError, match=r"3 of 12 objects are deleted"):
        delete(api, found, revisions, say)
    assert {"1": "applied"} == deployment.revisions()
    assert 0 == deployment.deploy("delete", "--yes").returncode
    assert [] == deployment.names("lws")
    assert {} == deployment.revisions()


def test_a_name_does_as_well_as_a_spec(deployment: Deployment) -> None:
    """Who lost the spec names the deployment; another namespace holds nothing of it."""
    deployment.applied()
    elsewhere = deployment.named("delete", NAME, "--yes", "-n", "default")
    assert "nothing is recorded of" in elsewhere.stdout
    assert [f"{NAME}-decode", f"{NAME}-prefill"] == deployment.names("lws")
    assert 0 == deployment.named("delete", NAME, "--yes", "-n", deployment.namespace).returncode
    assert [] == deployment.names("lws")
