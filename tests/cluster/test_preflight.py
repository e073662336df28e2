"""`deploy validate --cluster` on the real API server: each finding with the state that causes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import Kubectl, kubectl_on
from tests.cluster.deployments import NAME, Deployment, prepare
from tests.cluster.test_refused import member

GPU_TAINT = "example.com/kept=yes:NoSchedule"


def asked(deployment: Deployment, *words: str, kubeconfig: Path | None = None) -> Any:
    """Return the report of a preflight as data, with its exit code beside it."""
    done = deployment.deploy(
        "validate", "--cluster", "--format", "json", *words, kubeconfig=kubeconfig
    )
    assert "Traceback" not in done.stderr
    return {**json.loads(done.stdout), "code": done.returncode}


def names(report: Any) -> list[str]:
    return sorted({one["name"] for one in report["diagnostics"]})


def only(report: Any, name: str) -> list[str]:
    """Return the messages of the findings of that name, which must be all there are."""
    assert names(report) == [name], report["diagnostics"]
    return [one["message"] for one in report["diagnostics"]]


def test_a_cluster_that_is_ready_is_silent(deployment: Deployment) -> None:
    """Nothing is found before the first apply, nor beside the running deployment; nothing is made."""
    for _ in range(2):
        report = asked(deployment)
        assert (0, [], []) == (report["code"], report["diagnostics"], report["skipped"])
        if not deployment.names("lws"):
            deployment.applied()
    assert not [name for name in deployment.names("pods") if "preflight" in name]


def test_errors_in_the_spec_ask_no_cluster(deployment: Deployment) -> None:
    """What has no plan cannot be held against anything, and that is said."""
    deployment.change("redundant: 16", "redundant: 24")
    done = deployment.deploy("validate", "--cluster")
    assert done.returncode == 1
    assert "the cluster was not asked" in done.stderr


def test_no_cluster_is_one_line(deployment: Deployment, tmp_path: Path) -> None:
    """Exit code 2, and `--probe` without a cluster is a usage error."""
    done = deployment.deploy("validate", "--cluster", kubeconfig=tmp_path / "none")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "asked Kubernetes v1." in deployment.deploy("validate", "--cluster").stderr
    done = deployment.deploy("validate", "--probe")
    assert (2, True) == (done.returncode, "add --cluster" in done.stderr)


def test_a_missing_namespace(deployment: Deployment) -> None:
    """It is told once, and by what creates it; what would be in it is missing as well."""
    deployment.change(deployment.namespace, f"{deployment.namespace}-none")
    report = asked(deployment)
    assert "namespace-missing" in names(report)
    assert "object-refused" not in names(report)


def test_claims(deployment: Deployment, kubectl: Kubectl) -> None:
    """Missing, for one node only, and smaller than the checkpoint."""
    place = ("-n", deployment.namespace)
    kubectl("delete", "pvc", *place, "--all", "--wait=true")
    missing = only(asked(deployment), "claim-unusable")
    assert missing == [
        f"there is no claim {claim} in namespace {deployment.namespace}"
        for claim in ("model-cache", "expert-distribution")
    ]
    claims: list[Any] = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": deployment.namespace},
            "spec": {"accessModes": [mode], "resources": {"requests": {"storage": size}}},
        }
        for name, mode, size in (
            ("model-cache", "ReadWriteMany", "10Gi"),
            ("expert-distribution", "ReadWriteOnce", "1Gi"),
        )
    ]
    claims[1]["spec"]["storageClassName"] = "no-such-class"
    listed = {"apiVersion": "v1", "kind": "List", "items": claims}
    kubectl("apply", "-f", "-", stdin=json.dumps(listed))
    report = asked(deployment)
    assert names(report) == ["claim-too-small", "claim-unusable"]
    said = " ".join(one["message"] for one in report["diagnostics"])
    assert "has ReadWriteOnce, and 4 pods mount it" in said
    assert "is pending: no volume of its class fits it" in said
    assert "holds 11 GB, the checkpoint has " in said


def test_secrets(deployment: Deployment, kubectl: Kubectl) -> None:
    """Missing, and without the key that is read."""
    deployment.change("engine:\n", "engine:\n  api_key: {secret: keys, key: api}\n")
    place = ("-n", deployment.namespace)
    (said,) = {*only(asked(deployment), "secret-unusable")}
    assert said == f"there is no Secret keys in namespace {deployment.namespace}"
    kubectl("create", "secret", "generic", "keys", *place, "--from-literal=other=x")
    (said,) = {*only(asked(deployment), "secret-unusable")}
    assert said.endswith("has no key api; it has other")
    kubectl("delete", "secret", "keys", *place)
    kubectl("create", "secret", "generic", "keys", *place, "--from-literal=api=x")
    assert asked(deployment)["diagnostics"] == []


def priority(operator: str, *values: str) -> dict[str, Any]:
    """Return a scope about the priority class of pods."""
    one = {"scopeName": "PriorityClass", "operator": operator}
    given = {"values": list(values)} if values else {}
    return {"scopeSelector": {"matchExpressions": [{**one, **given}]}}


def test_a_quota_counts_what_others_use(deployment: Deployment, kubectl: Kubectl) -> None:
    """The whole deployment against what is left; what of it runs already is not counted twice."""
    quota = ("-n", deployment.namespace, "--hard=requests.nvidia.com/gpu=31")
    kubectl("create", "quota", "gpus", *quota)
    (said,) = only(asked(deployment), "quota-exceeded")
    assert "limits requests.nvidia.com/gpu to 31; the deployment needs 32, others use 0" in said
    patch = json.dumps({"spec": {"hard": {"requests.nvidia.com/gpu": "32"}}})
    kubectl("patch", "quota", "gpus", "-n", deployment.namespace, "-p", patch)
    assert asked(deployment)["diagnostics"] == []
    deployment.applied()
    assert asked(deployment)["diagnostics"] == []


def test_a_quota_counts_the_pods_in_its_scope(deployment: Deployment, kubectl: Kubectl) -> None:
    """The preflight and the API server's own quota admission agree on which pods a scope is about."""
    deployment.change("    role: decode", "    role: decode\n    pod: {priority_class: urgent}")
    deployment.change("    role: prefill", "    role: prefill\n    pod: {priority_class: urgent}")
    place = ("-n", deployment.namespace)
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1000}
    kubectl("apply", "-f", "-", stdin=json.dumps({**kind, "metadata": {"name": "urgent"}}))
    container = {"name": "c", "image": "c", "resources": {"requests": {"cpu": "1"}}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": deployment.namespace},
        "spec": {"priorityClassName": "urgent", "containers": [container]},
    }
    for scope, counts in (
        ({"scopes": ["NotTerminating", "NotBestEffort"]}, True),
        ({"scopes": ["Terminating"]}, False),
        ({"scopes": ["BestEffort"]}, False),
        (priority("In", "urgent"), True),
        (priority("In", "other"), False),
        (priority("NotIn", "urgent"), False),
        (priority("NotIn", "other"), True),
        (priority("Exists"), True),
        (priority("DoesNotExist"), False),
    ):
        about = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
        quota = {**about, "spec": {"hard": {"pods": "0"}, **scope}}
        kubectl("apply", *place, "-f", "-", stdin=json.dumps(quota))
        kubectl("wait", *place, "quota/few", "--for=jsonpath={.status.hard.pods}=0")
        found = [one["name"] for one in asked(deployment)["diagnostics"]]
        assert counts == ("quota-exceeded" in found), scope
        with pytest.raises(AssertionError, match="exceeded quota") if counts else nullcontext():
            kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
        kubectl("delete", *place, "quota/few")


def test_pod_security(deployment: Deployment, kubectl: Kubectl) -> None:
    """A level that refuses the pods is told for each pool, in the API server's own words."""
    label = "pod-security.kubernetes.io/enforce=baseline"
    kubectl("label", "namespace", deployment.namespace, label)
    said = only(asked(deployment), "pods-refused")
    assert len(said) == 2
    assert all(
        'violates PodSecurity "baseline:latest"' in one and "IPC_LOCK" in one for one in said
    )


def test_a_limit_that_nobody_asked_for(deployment: Deployment, kubectl: Kubectl) -> None:
    """A LimitRange's default reaches the engine; a limit of the spec's own keeps it out."""
    about = {"name": "small", "namespace": deployment.namespace}
    limits = [{"type": "Container", "default": {"memory": "512Mi"}}]
    one = {"apiVersion": "v1", "kind": "LimitRange", "metadata": about, "spec": {"limits": limits}}
    kubectl("apply", "-f", "-", stdin=json.dumps(one))
    said = only(asked(deployment), "memory-limit-added")
    assert said == [
        f"pool {pool}: a LimitRange of the namespace limits the engine to 512Mi"
        for pool in ("prefill", "decode")
    ]
    deployment.change("\npools:", "\npod: {resources: {memory: 1500Gi}}\n\npools:")
    assert asked(deployment)["diagnostics"] == []


def test_what_helm_owns(deployment: Deployment, kubectl: Kubectl) -> None:
    """An object of that name that is somebody else's."""
    service = f"{NAME}-router"
    place = ("-n", deployment.namespace)
    kubectl("create", "service", "clusterip", service, "--tcp=80", *place)
    (said,) = only(asked(deployment), "object-of-another-owner")
    assert f"Service {service}" in said


@contextmanager
def changed(kubectl: Kubectl, change: tuple[str, ...], back: tuple[str, ...]) -> Iterator[None]:
    """Change nodes for a while: they are everybody's."""
    kubectl(*change)
    try:
        yield
    finally:
        kubectl(*back)


H200 = tuple(f"h200-{index}" for index in range(8))


def test_taints_and_what_is_left(deployment: Deployment, kubectl: Kubectl) -> None:
    """The reasons are counted; one of two prefill groups fits beside decode."""
    kept = H200[:5]
    taint = ("taint", "nodes", *kept, GPU_TAINT)
    with changed(kubectl, taint, (*taint[:-1], f"{GPU_TAINT}-")):
        (said,) = only(asked(deployment), "groups-do-not-fit")
    assert said.startswith("pool prefill: 1 of 2 groups fit at all; of 12 nodes ")
    assert "5 tainted example.com/kept=yes:NoSchedule, not tolerated" in said
    assert "2 tainted nvidia.com/gpu=present:NoSchedule, not tolerated" in said
    assert "2 with less than 8 nvidia.com/gpu in all" in said
    assert "3 with fewer than 8 nvidia.com/gpu free" in said


def test_others_hold_the_gpus(deployment: Deployment, kubectl: Kubectl) -> None:
    """Groups that fit once others are gone are a warning."""
    others = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "others", "namespace": deployment.namespace},
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": {"app": "others"}},
            "template": {
                "metadata": {"labels": {"app": "others"}},
                "spec": {
                    "containers": [
                        {
                            "name": "a",
                            "image": "a",
                            "resources": {"limits": {"nvidia.com/gpu": "5"}},
                        }
                    ]
                },
            },
        },
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(others))
    place = ("-n", deployment.namespace)
    kubectl("rollout", "status", "deployment/others", *place, "--timeout=60s")
    report = asked(deployment)
    (said,) = only(report, "groups-wait-for-others")
    assert "1 of 2 groups fit beside the others" in said
    assert report["code"] == 0


def test_another_gpu_in_reach(deployment: Deployment, kubectl: Kubectl) -> None:
    """Nodes that nothing keeps the pods off, with the selector that would."""
    taint = ("taint", "nodes", "h100-0", "nvidia.com/gpu=present:NoSchedule")
    with changed(kubectl, (*taint[:-1], "nvidia.com/gpu-"), taint):
        report = asked(deployment)
        said = only(report, "other-gpus-in-reach")
        assert "1 nodes with NVIDIA-H100-80GB-HBM3, e.g. h100-0" in said[0]
        deployment.change(
            "\npools:", "\npod: {node_selector: {nvidia.com/gpu.product: NVIDIA-H200}}\n\npools:"
        )
        assert asked(deployment)["diagnostics"] == []


def test_an_rdma_resource_that_no_node_has(deployment: Deployment) -> None:
    """The name that a cluster's device plugin gives it is the usual mistake."""
    deployment.change("gpus_per_node: 8", "gpus_per_node: 8\n  rdma_resource: rdma/ib")
    said = only(asked(deployment), "groups-do-not-fit")
    assert all("with less than 1 rdma/ib in all" in one for one in said)


def test_a_topology_that_no_node_knows(deployment: Deployment) -> None:
    """A required affinity over a label that the nodes do not carry; an anti-affinity stops nobody."""
    term = "{labelSelector: {}, topologyKey: example.com/rack}"
    rule = f"requiredDuringSchedulingIgnoredDuringExecution: [{term}]"
    deployment.change("\npools:", f"\npod: {{affinity: {{podAntiAffinity: {{{rule}}}}}}}\n\npools:")
    assert asked(deployment)["diagnostics"] == []
    deployment.change("podAntiAffinity", "podAffinity")
    said = only(asked(deployment), "topology-label-missing")
    assert said == [
        f"pool {pool} is placed by example.com/rack, which none of 8 nodes has"
        for pool in ("prefill", "decode")
    ]


def test_a_queue_that_is_not_there(deployment: Deployment) -> None:
    """Kueue's label without Kueue, and a scheduler by name."""
    deployment.change("\npools:", "\npod: {labels: {kueue.x-k8s.io/queue-name: gpus}}\n\npools:")
    said = only(asked(deployment), "scheduling-missing")
    assert said[0] == (
        "pool prefill: kueue.x-k8s.io/queue-name=gpus needs kueue.x-k8s.io, "
        "which the cluster does not serve"
    )


def test_a_queue_of_another_name(deployment: Deployment, kubectl: Kubectl) -> None:
    """With the kind served, the object has to be there; then nothing is found."""
    names_of = {"plural": "localqueues", "singular": "localqueue", "kind": "LocalQueue"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1beta1", "served": True, "storage": True, "schema": schema}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "localqueues.kueue.x-k8s.io",
            # The API server wants it for groups of the Kubernetes project; this one is made up.
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": "kueue.x-k8s.io",
            "names": {**names_of, "listKind": "LocalQueueList"},
            "scope": "Namespaced",
            "versions": [version],
        },
    }
    deployment.change("\npools:", "\npod: {labels: {kueue.x-k8s.io/queue-name: gpus}}\n\npools:")
    name = "customresourcedefinition/localqueues.kueue.x-k8s.io"
    with changed(kubectl, ("version",), ("delete", name)):
        kubectl("apply", "-f", "-", stdin=json.dumps(crd))
        kubectl("wait", name, "--for=condition=Established", "--timeout=30s")
        (said, _) = only(asked(deployment), "scheduling-missing")
        assert "names LocalQueue gpus, which is not there in namespace" in said
        queue = {"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "LocalQueue"}
        about = {"name": "gpus", "namespace": deployment.namespace}
        kubectl("apply", "-f", "-", stdin=json.dumps({**queue, "metadata": about}))
        assert asked(deployment)["diagnostics"] == []


def test_a_service_on_the_engines_port(deployment: Deployment, kubectl: Kubectl) -> None:
    """A node port of 30000 is told where engines are on the host's network, and only there."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "door", "namespace": deployment.namespace},
        "spec": {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30000}]},
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(service))
    assert asked(deployment)["diagnostics"] == []
    deployment.change("fabric: infiniband", "fabric: roce")
    found = [one for one in asked(deployment)["diagnostics"] if one["name"] == "node-port-taken"]
    assert 2 == len(found)
    said = f"Service door in namespace {deployment.namespace} has node port 30000, on which engines"
    assert all(one["message"].startswith(said) for one in found)
    kubectl("delete", "-n", deployment.namespace, "service", "door")
    assert "node-port-taken" not in names(asked(deployment))


def test_an_old_controller(deployment: Deployment, kubectl: Kubectl) -> None:
    """The image of its Deployment says the release; here one that is made up."""
    place = ("-n", deployment.namespace)
    image = "registry.k8s.io/lws/lws:v0.6.1"
    kubectl("create", "deployment", "lws-controller-manager", f"--image={image}", *place)
    label = ("deployment/lws-controller-manager", "app.kubernetes.io/name=lws")
    kubectl("label", *place, "--overwrite", *label)
    (said,) = only(asked(deployment), "workload-controller-old")
    assert said == f"LeaderWorkerSet's controller is 0.6.1 ({image})"


def test_a_webhook_whose_service_is_gone(deployment: Deployment, kubectl: Kubectl) -> None:
    """It fails closed, so every LeaderWorkerSet would be refused; told with the Service."""
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": deployment.namespace},
        "webhooks": [
            {
                "name": "gone.example.com",
                "clientConfig": {"service": {"namespace": "default", "name": "gone"}},
                "rules": [
                    {
                        "apiGroups": ["leaderworkerset.x-k8s.io"],
                        "apiVersions": ["v1"],
                        "operations": ["DELETE"],
                        "resources": ["leaderworkersets"],
                    }
                ],
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "failurePolicy": "Fail",
            }
        ],
    }
    kind = "validatingwebhookconfiguration"
    with changed(kubectl, ("version",), ("delete", kind, deployment.namespace)):
        kubectl("apply", "-f", "-", stdin=json.dumps(hook))
        (said,) = only(asked(deployment), "workload-webhook-missing")
    assert "cannot answer: there is no Service gone in namespace default" in said


def test_what_may_not_be_looked_at_is_skipped(deployment: Deployment, tmp_path: Path) -> None:
    """An account with the documented rights sees no nodes, Secrets or claims: said, never passed."""
    report = asked(deployment, kubeconfig=member(deployment, tmp_path))
    skipped = {one["name"]: one["reason"] for one in report["skipped"]}
    assert {"groups-do-not-fit", "claim-unusable", "quota-exceeded"} <= skipped.keys()
    assert "may not list pods in the whole cluster" in skipped["groups-do-not-fit"]
    assert "may not get persistentvolumeclaims" in skipped["claim-unusable"]


def test_a_right_that_applying_needs(deployment: Deployment, tmp_path: Path) -> None:
    """Without `patch` on LeaderWorkerSets the apply would stop in the middle."""
    report = asked(deployment, kubeconfig=member(deployment, tmp_path, "patch"))
    said = [one["message"] for one in report["diagnostics"] if one["name"] == "missing-permission"]
    place = f"in namespace {deployment.namespace}"
    assert f"you may not patch leaderworkersets {place}" in said
    # What could not be asked is no refusal of the object.
    assert "object-refused" not in names(report)
    assert "object-refused" in {one["name"] for one in report["skipped"]}


def test_a_cluster_without_leader_worker_sets(tmp_path: Path, mortal: ControlPlane) -> None:
    """The kind is missing, and with its controller gone nobody answers for the rest."""
    kubectl = kubectl_on(mortal)
    kubectl("create", "namespace", "mine")
    deployment = prepare(tmp_path, "mine", mortal, kubectl)
    kubectl("delete", "mutatingwebhookconfigurations", "--all")
    kubectl("delete", "validatingwebhookconfigurations", "--all")
    assert names(asked(deployment)) == ["workload-webhook-missing"]
    kubectl("delete", "crd", "leaderworkersets.leaderworkerset.x-k8s.io")
    assert "workload-api-missing" in names(asked(deployment))


@pytest.mark.parametrize("form", ["full", "concise"])
def test_forms(deployment: Deployment, form: str) -> None:
    """Findings of the cluster stand at the user's line in every form."""
    deployment.change("gpus_per_node: 8", "gpus_per_node: 8\n  rdma_resource: rdma/ib")
    said = deployment.deploy("validate", "--cluster", "--format", form).stdout
    assert "groups-do-not-fit" in said or "CLU1212" in said
    assert "cluster.yaml:" in said
