"""`deploy delete` on a real API server: all of ours goes, claims stay, and it can be run again."""

import pytest

from orchestrator.cluster.apply import UnfinishedError
from orchestrator.cluster.connect import connect
from orchestrator.cluster.delete import delete, inventory
from orchestrator.cluster.revisions import recorded
from tests.cluster.deployments import NAME, Deployment

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
