"""What a real cluster refuses, and how that is told: credentials, rights, quotas, kinds, owners."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from scripts import go_tools
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import Kubectl, kubectl_on
from tests.cluster.deployments import NAME, Deployment, eventually, prepare

WRITING = ["get", "list", "create", "patch", "delete"]
RIGHTS = (
    ("", ["configmaps", "services", "serviceaccounts"], WRITING),
    ("policy", ["poddisruptionbudgets"], WRITING),
    ("apps", ["deployments"], WRITING),
    ("rbac.authorization.k8s.io", ["roles", "rolebindings"], WRITING),
    ("leaderworkerset.x-k8s.io", ["leaderworkersets"], WRITING),
    ("", ["pods"], ["get", "list", "watch"]),
    ("", ["events"], ["get", "list"]),
    ("", ["services/proxy"], ["get"]),
)
"""What the README says that a user of the live verbs needs: API group, resources, verbs."""


def with_token(deployment: Deployment, folder: Path, token: str) -> Path:
    """Return a kubeconfig for the same cluster with another token."""
    content = yaml.safe_load(deployment.kubeconfig.read_text(encoding="utf-8"))
    content["users"][0]["user"] = {"token": token}
    path = folder / "other-kubeconfig"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def member(deployment: Deployment, folder: Path, without: str = "") -> Path:
    """Return the kubeconfig of an account that may do all that `deploy` needs, except for one verb."""
    namespace, about = deployment.namespace, {"name": "member", "namespace": deployment.namespace}
    rules = [
        {
            "apiGroups": [group],
            "resources": resources,
            "verbs": [
                verb for verb in verbs if (verb, *resources) != (without, "leaderworkersets")
            ],
        }
        for group, resources, verbs in RIGHTS
    ]
    group = "rbac.authorization.k8s.io"
    objects = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": about},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": about, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": about,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "member"},
            "subjects": [{"kind": "ServiceAccount", **about}],
        },
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": objects}
    deployment.kubectl("apply", "-f", "-", stdin=json.dumps(listed))
    token = deployment.kubectl("create", "token", "-n", namespace, "member").strip()
    return with_token(deployment, folder, token)


def test_an_invalid_token_is_told(deployment: Deployment, tmp_path: Path) -> None:
    """A token that the server does not know asks for a new login, in one line."""
    done = deployment.deploy("apply", "--yes", kubeconfig=with_token(deployment, tmp_path, "old"))
    assert 2 == done.returncode
    assert "log in again" in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize(
    ("skip", "code", "said"),
    [(False, 2, "is not the server that the kubeconfig trusts"), (True, 0, "")],
)
def test_certificates_are_checked_unless_told_otherwise(
    deployment: Deployment, tmp_path: Path, skip: bool, code: int, said: str
) -> None:
    """A server whose certificate nobody vouches for is refused; a kubeconfig may say not to look."""
    content = yaml.safe_load(deployment.kubeconfig.read_text(encoding="utf-8"))
    cluster = content["clusters"][0]["cluster"]
    del cluster["certificate-authority-data"]
    cluster |= {"insecure-skip-tls-verify": True} if skip else {}
    path = tmp_path / "other-kubeconfig"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = deployment.deploy("delete", "--yes", kubeconfig=path)
    assert code == done.returncode
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == (0 if skip else 1)


def test_the_documented_rights_are_enough(deployment: Deployment, tmp_path: Path) -> None:
    """An account with a Role in the namespace, and nothing beside it, can do everything."""
    path = member(deployment, tmp_path)
    for verb in (["apply", "--yes", "--wait"], ["status"], ["diff"], ["delete", "--yes"]):
        done = deployment.deploy(*verb, kubeconfig=path)
        assert 0 == done.returncode, done.stderr


def test_a_missing_right_is_named(deployment: Deployment, tmp_path: Path) -> None:
    """A Role that lacks a verb is told with the verb, the resource and the rule to add."""
    done = deployment.deploy("apply", "--yes", kubeconfig=member(deployment, tmp_path, "patch"))
    assert 1 == done.returncode
    account = f"system:serviceaccount:{deployment.namespace}:member"
    assert (
        f"{account} may not patch leaderworkersets.leaderworkerset.x-k8s.io in namespace"
        in done.stderr
    )
    assert 'apiGroups ["leaderworkerset.x-k8s.io"], resources [leaderworkersets]' in done.stderr
    assert {} == deployment.revisions()


def test_a_quota_shows_in_the_status(deployment: Deployment) -> None:
    """A quota stops no object of ours, only the pods: status and wait say so, group by group."""
    quota = "--hard=requests.nvidia.com/gpu=8"
    deployment.kubectl("create", "quota", "-n", deployment.namespace, "gpus", quota)
    assert 0 == deployment.deploy("apply", "--yes").returncode
    eventually(lambda: deployment.deploy("status").stdout, "exceeded quota: gpus, requested:")
    waited = deployment.deploy("apply", "--yes", "--wait", "--timeout", 0)
    assert 1 == waited.returncode
    assert "is not ready after 0 s" in waited.stderr
    assert "exceeded quota: gpus" in waited.stderr


def test_pod_security_shows_in_the_status(deployment: Deployment) -> None:
    """A namespace that enforces `restricted` takes the objects and refuses the pods; both are told."""
    labels = [f"pod-security.kubernetes.io/{mode}=restricted" for mode in ("enforce", "warn")]
    deployment.kubectl("label", "namespace", deployment.namespace, *labels)
    done = deployment.deploy("apply", "--yes")
    assert 0 == done.returncode
    warning = 'warning of the cluster: would violate PodSecurity "restricted'
    assert 1 == done.stderr.count(warning), done.stderr  # the Deployment's, its dry run included
    eventually(lambda: deployment.deploy("status").stdout, 'violates PodSecurity "restricted')


def test_a_missing_namespace_is_told(deployment: Deployment) -> None:
    """A namespace that is not there is named, with the command that makes it."""
    deployment.change(f"namespace: {deployment.namespace}", "namespace: nowhere")
    done = deployment.deploy("apply", "--yes")
    assert 1 == done.returncode
    assert "kubectl create namespace nowhere" in done.stderr
    assert 2 == deployment.deploy("diff").returncode  # there, 1 is a difference


def test_a_cluster_without_leader_worker_sets_is_told(tmp_path: Path, mortal: ControlPlane) -> None:
    """Where the kind is not installed, nothing is applied, and what to install is said."""
    kubectl: Kubectl = kubectl_on(mortal)
    kubectl("delete", "crd", "leaderworkersets.leaderworkerset.x-k8s.io")
    kubectl("create", "namespace", "bare")
    deployment = prepare(tmp_path, "bare", mortal, kubectl)
    done = deployment.deploy("apply", "--yes")
    assert 1 == done.returncode
    assert "the cluster knows no LeaderWorkerSet" in done.stderr
    assert "install the LeaderWorkerSet controller" in done.stderr
    assert [] == deployment.names("service")


def test_what_helm_owns_is_left_to_helm(deployment: Deployment, tmp_path: Path) -> None:
    """An object of a helm release is named with the release; nothing at all is applied."""
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: c, version: 1.0.0}", encoding="utf-8")
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": f"{NAME}-router",
            "labels": {"app.kubernetes.io/instance": NAME},
        },
        "spec": {"ports": [{"port": 1}]},
    }
    (chart / "templates" / "s.yaml").write_text(json.dumps(service), encoding="utf-8")
    subprocess.run(
        [go_tools.ensure("helm3"), "install", "theirs", chart, "-n", deployment.namespace],
        check=True,
        capture_output=True,
        env=deployment.environment(),
    )
    done = deployment.deploy("apply", "--yes", "--take-over")
    assert 1 == done.returncode
    assert f"Service {NAME}-router" in done.stderr
    assert "belongs to the helm release theirs" in done.stderr
    assert "`helm upgrade theirs`" in done.stderr
    assert [] == deployment.names("lws")


def test_what_is_not_ours_is_left_alone(deployment: Deployment) -> None:
    """An object of that name without our label is refused, and is not overwritten by --take-over."""
    deployment.kubectl(
        "create", "service", "clusterip", f"{NAME}-router", "-n", deployment.namespace, "--tcp=1"
    )
    done = deployment.deploy("apply", "--yes", "--take-over")
    assert 1 == done.returncode
    assert "was not made for it (written by kubectl-create)" in done.stderr
    assert [] == deployment.names("lws")
