"""The strict validator accepts correct objects and refuses each kind of mistake by its path.

Objects here are small and made by hand; whether our own rendered ones pass is tested elsewhere.
"""

import json
from types import MappingProxyType
from typing import Any

import pytest

from tests.schema import strict

Object = dict[str, Any]

LABELS = {"app.kubernetes.io/name": "deepseek", "role": "prefill"}
POD_TEMPLATE: Object = {
    "metadata": {"labels": LABELS, "annotations": {"prometheus.io/port": "30000"}},
    "spec": {
        "serviceAccountName": "engine",
        "restartPolicy": "Always",
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "terminationGracePeriodSeconds": 120,
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "containers": [
            {
                "name": "engine",
                "image": "registry.example/sglang:1",
                "command": ["python3", "-m", "sglang.launch_server"],
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                ],
                "ports": [{"name": "http", "containerPort": 30000}],
                "resources": {"limits": {"nvidia.com/gpu": 8, "memory": "1.5Ti", "cpu": "500m"}},
                "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}},
                "securityContext": {"capabilities": {"add": ["IPC_LOCK"]}},
                "volumeMounts": [{"name": "shm", "mountPath": "/shared"}],
            }
        ],
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "32Gi"}}],
    },
}


def _object(api_version: str, kind: str, **fields: object) -> Object:
    metadata = {"name": "x", "namespace": "n", "labels": LABELS}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


SELECTOR = {"matchLabels": LABELS}
LWS = _object(
    "leaderworkerset.x-k8s.io/v1",
    "LeaderWorkerSet",
    spec={
        "replicas": 2,
        "startupPolicy": "LeaderCreated",
        "rolloutStrategy": {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {"maxUnavailable": 1, "maxSurge": "50%"},
        },
        "leaderWorkerTemplate": {
            "size": 2,
            "restartPolicy": "RecreateGroupOnPodRestart",
            "leaderTemplate": POD_TEMPLATE,
            "workerTemplate": POD_TEMPLATE,
        },
    },
)
DEPLOYMENT = _object(
    "apps/v1",
    "Deployment",
    spec={
        "replicas": 1,
        "selector": SELECTOR,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
        "template": POD_TEMPLATE,
    },
)
SERVICE = _object(
    "v1",
    "Service",
    spec={
        "type": "ClusterIP",
        "clusterIP": "None",
        "selector": LABELS,
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    },
)
POD_MONITOR = _object(
    "monitoring.coreos.com/v1",
    "PodMonitor",
    spec={
        "selector": SELECTOR,
        "podMetricsEndpoints": [{"port": "http", "path": "/metrics", "interval": "15s"}],
    },
)
CORRECT = [
    LWS,
    DEPLOYMENT,
    SERVICE,
    POD_MONITOR,
    _object("v1", "ServiceAccount", automountServiceAccountToken=True),
    _object("v1", "ConfigMap", data={"run.sh": "exec x\n"}),
    _object(
        "rbac.authorization.k8s.io/v1",
        "Role",
        rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}],
    ),
    _object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"},
        subjects=[{"kind": "ServiceAccount", "name": "x", "namespace": "n"}],
    ),
    _object("policy/v1", "PodDisruptionBudget", spec={"maxUnavailable": 1, "selector": SELECTOR}),
    _object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        spec={
            "podSelector": SELECTOR,
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": SELECTOR}], "ports": [{"port": "http"}]}],
        },
    ),
    _object(
        "v1",
        "PersistentVolumeClaim",
        spec={
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "2Ti"}},
            "storageClassName": "",
        },
    ),
]


@pytest.mark.parametrize("obj", CORRECT, ids=lambda obj: str(obj["kind"]))
@pytest.mark.parametrize("minor", ["1.33", "1.37"])
def test_correct_objects_pass(obj: Object, minor: str) -> None:
    """Every kind a deployment needs passes, on the newest and on an older Kubernetes release."""
    assert not strict.validate(obj, minor)


def test_read_only_mappings_and_tuples_pass() -> None:
    """The container types do not matter, only what they hold."""
    obj = MappingProxyType({**SERVICE, "spec": MappingProxyType({"ports": ({"port": 80},)})})
    assert not strict.validate(obj)


WORKER = "spec.leaderWorkerTemplate.workerTemplate"
ENGINE = f"{WORKER}.spec.containers[0]"
MISTAKES = [
    (LWS, f"{ENGINE}.livenesProbe", {}, ENGINE, "'livenesProbe' was unexpected"),
    (LWS, f"{ENGINE}.readinessProbe.httpget", {}, f"{ENGINE}.readinessProbe", "'httpget' was"),
    (LWS, f"{WORKER}.spec.hostnetwork", True, f"{WORKER}.spec", "'hostnetwork' was unexpected"),
    (LWS, f"{WORKER}.metadata.label", {}, f"{WORKER}.metadata", "'label' was unexpected"),
    (LWS, "spec.size", 2, "spec", "'size' was unexpected"),
    (LWS, "metadata.label", {}, "metadata", "'label' was unexpected"),
    (LWS, "data", {}, "the object", "'data' was unexpected"),
    (LWS, f"{ENGINE}.env[0].value", 1, f"{ENGINE}.env[0].value", "1 is not of type 'string'"),
    (LWS, f"{ENGINE}.command", "a b", f"{ENGINE}.command", "is not of type 'array'"),
    (LWS, "spec.replicas", "2", "spec.replicas", "'2' is not of type 'integer'"),
    (LWS, "spec.replicas", 2.0, "spec.replicas", "2.0 is not of type 'integer'"),
    (LWS, "spec.replicas", True, "spec.replicas", "True is not of type 'integer'"),
    (LWS, "spec.replicas", None, "spec.replicas", "None is not of type 'integer'"),
    (LWS, "spec.replicas", 2**31, "spec.replicas", "greater than the maximum of 2147483647"),
    (LWS, f"{ENGINE}.name", ..., ENGINE, "'name' is a required property"),
    (LWS, WORKER, ..., "spec.leaderWorkerTemplate", "'workerTemplate' is a required property"),
    (
        LWS,
        "spec.leaderWorkerTemplate.restartPolicy",
        "Always",
        "spec.leaderWorkerTemplate.restartPolicy",
        "'Always' is not one of",
    ),
    (LWS, f"{WORKER}.spec.restartPolicy", "always", f"{WORKER}.spec.restartPolicy", "not one of"),
    (LWS, f"{ENGINE}.env[1].name", "A", f"{ENGINE}.env", 'two items with name = ["A"]'),
    (
        LWS,
        f"{ENGINE}.ports",
        [{"containerPort": 1}, {"containerPort": 1, "protocol": "TCP"}],
        f"{ENGINE}.ports",
        'two items with containerPort, protocol = [1, "TCP"]',
    ),
    (LWS, "metadata.finalizers", ["a/b", "a/b"], "metadata.finalizers", '"a/b" is in a set twice'),
    (
        LWS,
        f"{ENGINE}.resources.limits.memory",
        "1.5 Ti",
        f"{ENGINE}.resources.limits.memory",
        "'1.5 Ti' does not match",
    ),
    (DEPLOYMENT, "spec.selector", ..., "spec", "'selector' is a required property"),
    (DEPLOYMENT, "spec.strategy.type", "Rolling", "spec.strategy.type", "'Rolling' is not one of"),
    (
        DEPLOYMENT,
        "spec.template.spec.restartPolicy",
        "RecreateGroupOnPodRestart",
        "spec.template.spec.restartPolicy",
        "is not one of ['Always', 'Never', 'OnFailure']",
    ),
    (
        DEPLOYMENT,
        "spec.template.spec.volumes[0].emptyDir",
        None,
        "spec.template.spec.volumes[0].emptyDir",
        "None is not of type 'object'",
    ),
    (
        DEPLOYMENT,
        "spec.template.spec.containers[0].resources.limits.cpu",
        "1Gi\n",
        "spec.template.spec.containers[0].resources.limits.cpu",
        "does not match",
    ),
    (SERVICE, "spec.selectors", {}, "spec", "'selectors' was unexpected"),
    (SERVICE, "spec.ports[0].port", "80", "spec.ports[0].port", "'80' is not of type 'integer'"),
    (SERVICE, "spec.type", "Headless", "spec.type", "'Headless' is not one of"),
    (SERVICE, "metadata.labels.n", 1, "metadata.labels.n", "1 is not of type 'string'"),
    (SERVICE, "metadata.name", ..., "metadata.name", "an object needs a name"),
    (POD_MONITOR, "spec.selector", ..., "spec", "'selector' is a required property"),
    (
        POD_MONITOR,
        "spec.podMetricsEndpoints[0].interval",
        "15 s",
        "spec.podMetricsEndpoints[0].interval",
        "'15 s' does not match",
    ),
    (SERVICE, "kind", "Servce", "no schema knows kind 'Servce' of 'v1' (Kubernetes 1.37)", ""),
    (SERVICE, "kind", "service", "no schema knows kind 'service' of 'v1' (Kubernetes 1.37)", ""),
    (SERVICE, "apiVersion", "v2", "no schema knows kind 'Service' of 'v2' (Kubernetes 1.37)", ""),
    (
        DEPLOYMENT,
        "apiVersion",
        "apps.example/v1",
        "no schema knows kind 'Deployment' of 'apps.example/v1' (Kubernetes 1.37)",
        "",
    ),
    (SERVICE, "kind", ..., "apiVersion and kind must both be strings", ""),
]


def _changed(obj: Object, path: str, value: object) -> Object:
    # Labels and templates are shared by reference; by way of JSON each place has its own.
    changed: Object = json.loads(json.dumps(obj))
    *parents, last = path.replace("[", ".[").split(".")
    parent: Any = changed
    for step in parents:
        parent = parent[int(step.strip("[]"))] if step.startswith("[") else parent[step]
    if value is ...:
        del parent[last]
    else:
        parent[last] = value
    return changed


@pytest.mark.parametrize(("obj", "path", "value", "where", "what"), MISTAKES)
def test_one_mistake_is_one_error(
    obj: Object, path: str, value: object, where: str, what: str
) -> None:
    """One wrong, missing, unknown or duplicate value gives one error, at its path."""
    (found,) = strict.validate(_changed(obj, path, value))
    assert found.startswith(where)
    assert what in found


def test_every_mistake_is_reported() -> None:
    """Several mistakes in one object give several errors, sorted by path."""
    wrong = _object("v1", "Service", spec={"port": 1, "type": "x"}, stats={})
    found = strict.validate(wrong)
    paths = ["spec", "spec.type", "the object"]
    assert paths == [error.split(": ")[0] for error in found]


@pytest.mark.parametrize("obj", [None, [], "v1", 3])
def test_something_that_is_no_object_is_an_error(obj: object) -> None:
    """A value that is not a mapping is refused in words."""
    assert [f"a {type(obj).__name__} is not an object"] == strict.validate(obj)


def test_no_vendored_rule_goes_unchecked() -> None:
    """The one CEL rule of the vendored CRDs forbids changing a ComputeDomain, which no new object breaks."""
    expected: dict[str, list[str]] = {
        "leaderworkersets.json": [],
        "podmonitors.json": [],
        "computedomains.json": [".spec: self == oldSelf"],
    }
    assert expected == strict.unevaluated_rules()
