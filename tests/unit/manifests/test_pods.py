"""Engine pods: volumes, probes, ending, rights, devices, network, and the user's patch over them."""

from typing import Any

import pytest

from tests.unit.manifests.test_objects import (
    POOL,
    Object,
    Pod,
    argument,
    engines,
    of_pool,
    planned,
    pods,
    rendered,
    routers,
)

DIGEST = "5f" * 32
EXPERTS_ANNOTATION = "deploy.dsv4/expert-file-sha256"
ENGINE_HEALTH_SECONDS = 20
"""The engine's `/health` generates a token and gives up after this (srt/entrypoints/http_server.py)."""

OLD = {"engine": {"sglang": "0.5.15.post1", "image": "lmsysorg/sglang:v0.5.15.post1"}}
IPC_LOCK = ["IPC_LOCK"]


def mount_of(container: Object, volume: str) -> Object:
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == volume]
    return dict(mount)


def volume_of(pod: Pod, name: str) -> Object:
    (volume,) = [volume for volume in pod.spec["volumes"] if volume["name"] == name]
    return {key: value for key, value in volume.items() if key != "name"}


def names(found: list[Pod]) -> list[str]:
    return [pod.name for pod in found]


def test_every_pod_reads_the_same_experts_at_the_same_place() -> None:
    """One claim is mounted read-only at one path, in the check as in the engine, on every rank."""
    fragment = {"experts": {"distribution": {"claim": "maps", "mount": "/maps"}}}
    found = engines(rendered(fragment))
    assert ["example-prefill-0", "example-decode-0", "example-decode-0-1"] == names(found)
    for pod in found:
        assert {"persistentVolumeClaim": {"claimName": "maps", "readOnly": True}} == (
            volume_of(pod, "experts")
        )
        for container in (pod.spec["initContainers"][0], pod.main):
            assert {"name": "experts", "mountPath": "/maps", "readOnly": True} == (
                mount_of(container, "experts")
            )


def test_a_config_map_is_mounted_as_a_claim_is() -> None:
    """The file's key is its name in the same folder, read-only, in the check as in the engine."""
    home = {"claim": None, "access": None, "config_map": "flash-0123", "path": "flash-0123.json"}
    for pod in engines(rendered({"experts": {"distribution": home}})):
        assert {"configMap": {"name": "flash-0123"}} == volume_of(pod, "experts")
        (check,) = pod.spec["initContainers"]
        for container in (check, pod.main):
            assert {"name": "experts", "mountPath": "/expert-distribution", "readOnly": True} == (
                mount_of(container, "experts")
            )
        replayed = argument(pod.main["command"], "--init-expert-location")
        assert "/expert-distribution/flash-0123.json" == replayed == check["command"][-2]


def test_expert_file_is_checked_before_the_engine_replays_it() -> None:
    """The init container gets the very file that the engine is started with, and its digest."""
    experts = {"path": "flash/1763.pt", "sha256": DIGEST}
    for pod in engines(rendered({"experts": {"distribution": experts}})):
        (check,) = pod.spec["initContainers"]
        replayed = argument(pod.main["command"], "--init-expert-location")
        assert ["/expert-distribution/flash/1763.pt", DIGEST] == check["command"][-2:]
        assert replayed == check["command"][-2]


def test_without_experts_there_is_nothing_to_check() -> None:
    """No distribution means no volume, no init container and no annotation."""
    for pod in engines(rendered({}, "recording")):
        assert "initContainers" not in pod.spec
        assert "experts" not in [volume["name"] for volume in pod.spec["volumes"]]
        assert EXPERTS_ANNOTATION not in pod.template["metadata"].get("annotations", {})


def test_another_expert_file_rolls_every_pool() -> None:
    """The digest is on the pod template of leaders and workers of both roles."""
    found = engines(rendered({"experts": {"distribution": {"sha256": DIGEST}}}))
    assert [DIGEST] * 3 == [
        pod.template["metadata"]["annotations"].get(EXPERTS_ANNOTATION) for pod in found
    ]


def test_a_checkpoint_in_a_folder_is_only_read() -> None:
    """The model's claim is read-only as a volume and as a mount, at the spec's path."""
    fragment = {"model": {"path": "/weights/flash", "cache": {"mount": "/weights"}}}
    for pod in engines(rendered(fragment)):
        assert {"persistentVolumeClaim": {"claimName": "models", "readOnly": True}} == (
            volume_of(pod, "model")
        )
        assert {"name": "model", "mountPath": "/weights", "readOnly": True} == (
            mount_of(pod.main, "model")
        )


@pytest.mark.parametrize(
    ("asked", "volume"),
    [
        ({}, {"emptyDir": {"sizeLimit": "50Gi"}}),
        ({"claim": "kernels"}, {"persistentVolumeClaim": {"claimName": "kernels"}}),
        (
            {"host_path": "/var/kernels"},
            {"hostPath": {"path": "/var/kernels", "type": "DirectoryOrCreate"}},
        ),
    ],
    ids=["scratch", "claim", "host"],
)
def test_compiled_kernels_are_kept_where_asked(asked: dict[str, str], volume: Object) -> None:
    """The cache is a bounded scratch volume by default, and writable whatever backs it."""
    for pod in engines(rendered({"engine": {"jit_cache": asked}})):
        assert volume == volume_of(pod, "jit-cache")
        assert {"name": "jit-cache", "mountPath": "/var/cache/sglang"} == (
            mount_of(pod.main, "jit-cache")
        )


def test_shared_memory_is_memory_with_a_limit() -> None:
    """Shared memory is as large as the spec says: a runtime's own 64 MiB are too few for NCCL."""
    fragment = {"pools": [{"name": "decode", "pod": {"resources": {"shared_memory": "128Gi"}}}]}
    sizes = {"prefill": "64Gi", "decode": "128Gi"}
    for pod in engines(rendered(fragment)):
        expected = {"emptyDir": {"medium": "Memory", "sizeLimit": sizes[pod.labels[POOL]]}}
        assert expected == volume_of(pod, "shm")
        assert mount_of(pod.main, "shm")["mountPath"] == "/dev/shm"  # noqa: S108 - a mount point


@pytest.mark.parametrize("read_gb_per_s", [1.0, 0.07])
def test_startup_probe_gives_the_planned_time(read_gb_per_s: float) -> None:
    """An engine that is still loading is not killed, and one that hangs is, within a period."""
    fragment = {"model": {"cache": {"read_gb_per_s": read_gb_per_s}}}
    budgets = {pool.name: pool.budgets.startup for pool in planned(fragment).pools}
    for pod in engines(rendered(fragment)):
        probe = pod.main["startupProbe"]
        given = probe["failureThreshold"] * probe["periodSeconds"]
        planned_seconds = budgets[pod.labels[POOL]]
        assert planned_seconds <= given < planned_seconds + probe["periodSeconds"]


@pytest.mark.parametrize(("engine", "path"), [({}, "/ready"), (OLD, "/health")])
def test_leaders_are_ready_when_their_release_says_so(engine: dict[str, Any], path: str) -> None:
    """0.5.23 has an endpoint for readiness; 0.5.15.post1 has only its health."""
    leaders = [pod for pod in engines(rendered(engine)) if pod.leads]
    assert ["example-prefill-0", "example-decode-0"] == names(leaders)
    for pod in leaders:
        assert {"path": path, "port": "http"} == pod.main["readinessProbe"]["httpGet"]
        assert {"path": path, "port": "http"} == pod.main["startupProbe"]["httpGet"]


@pytest.mark.parametrize("engine", [{}, OLD])
def test_followers_are_asked_only_whether_they_run(engine: dict[str, Any]) -> None:
    """Ranks above 0 serve nothing but health, and that only to be waited for."""
    (follower,) = [pod for pod in engines(rendered(engine)) if not pod.leads]
    assert {"path": "/health", "port": "http"} == follower.main["startupProbe"]["httpGet"]
    assert {"startupProbe"} == {field for field in follower.main if field.endswith("Probe")}


def test_a_busy_engine_is_never_killed_by_a_probe() -> None:
    """No engine has a liveness probe, and every probe waits longer than health may take."""
    for pod in engines(rendered({})):
        fields = {field for field in pod.main if field.endswith("Probe")}
        assert "livenessProbe" not in fields
        assert ENGINE_HEALTH_SECONDS < min(pod.main[field]["timeoutSeconds"] for field in fields)


def test_a_stopping_pod_has_the_planned_time() -> None:
    """It sleeps while routers drop it, then has its pool's longest request's time to end."""
    fragment = {"pools": [{"name": "decode", "longest_request_seconds": 1800}]}
    found = planned(fragment)
    for pod in engines(rendered(fragment)):
        limits = of_pool(found, pod.labels[POOL]).budgets
        longest = 1800 if pod.labels[POOL] == "decode" else 600
        assert limits.grace == pod.spec["terminationGracePeriodSeconds"]
        command, seconds = pod.main["lifecycle"]["preStop"]["exec"]["command"]
        assert ("sleep", str(limits.deregister)) == (command, seconds)
        assert longest < limits.grace - int(seconds)


@pytest.mark.parametrize(
    ("fabric", "added"), [("infiniband", IPC_LOCK), ("roce", IPC_LOCK), ("tcp", None)]
)
def test_engines_may_lock_memory_only_for_rdma(fabric: str, added: list[str] | None) -> None:
    """RDMA registers memory; without it no capability is added."""
    objects = rendered({"hardware": {"fabric": fabric}}, "aggregated")
    (pod,) = engines(objects)
    assert added == pod.main["securityContext"]["capabilities"].get("add")


def test_containers_have_no_rights_beyond_that() -> None:
    """No container of any pod is privileged or may become so, and only engines add anything."""
    found = pods(rendered({}))
    containers = [
        (pod, container)
        for pod in found
        for container in [*pod.spec.get("initContainers", []), *pod.spec["containers"]]
    ]
    assert {"engine", "check-expert-file", "router"} == {one["name"] for _, one in containers}
    for _, container in containers:
        context = container["securityContext"]
        assert not context.get("privileged", False)
        assert context["allowPrivilegeEscalation"] is False
        assert ["ALL"] == context["capabilities"]["drop"]
        assert (container["name"] == "engine") == ("add" in context["capabilities"])
    for pod in found:
        assert {"type": "RuntimeDefault"} == pod.spec["securityContext"]["seccompProfile"]
        assert not {"hostPID", "hostIPC"} & set(pod.spec)


def test_engines_cannot_talk_to_the_kubernetes_api() -> None:
    """No engine mounts a token, not even of an account that the user names."""
    found = engines(rendered({"pod": {"service_account": "engines"}}))
    assert {("engines", False)} == {
        (pod.spec["serviceAccountName"], pod.spec["automountServiceAccountToken"]) for pod in found
    }


@pytest.mark.parametrize(
    ("hardware", "devices"),
    [
        ({"fabric": "infiniband"}, {"rdma/rdma_shared_device_ib": "1"}),
        ({"fabric": "roce"}, {"rdma/rdma_shared_device_eth": "1"}),
        ({"fabric": "roce", "rdma_resource": "example.com/nic"}, {"example.com/nic": "1"}),
        ({"fabric": "coreweave"}, {"rdma/ib": "1"}),
        ({"fabric": "eks-efa-p5"}, {"vpc.amazonaws.com/efa": "16"}),
        ({"fabric": "eks-efa-p5en", "rdma_resource": "a.b/efa"}, {"a.b/efa": "8"}),
        ({"fabric": "gke"}, {}),
        ({"fabric": "tcp"}, {}),
        ({"fabric": "tcp", "rdma_resource": "example.com/nic"}, {}),
    ],
    ids=[
        "infiniband",
        "roce",
        "own",
        "coreweave",
        "per-gpu",
        "own-per-gpu",
        "gke",
        "tcp",
        "none-to-name",
    ],
)
def test_pods_ask_for_their_devices(hardware: dict[str, str], devices: dict[str, str]) -> None:
    """GPUs of one node and the fabric's RDMA device are requested and limited alike."""
    (pod,) = engines(rendered({"hardware": hardware}, "aggregated"))
    expected = {"nvidia.com/gpu": "4", **devices}
    assert [expected, expected] == [pod.main["resources"][side] for side in ("requests", "limits")]


def test_a_network_is_attached_by_annotation_beside_the_users() -> None:
    """The fabric's annotations are on leader and worker; the user's and the plan's stand beside or over them."""
    given = {"networking.gke.io/default-interface": "eth1", "note": "a"}
    found = engines(rendered({"hardware": {"fabric": "gke"}, "pod": {"annotations": given}}))
    for pod in found:
        annotations = pod.template["metadata"]["annotations"]
        assert given.items() <= annotations.items()
        assert "rdma-7" in annotations["networking.gke.io/interfaces"]
        assert "deploy.dsv4/expert-file-sha256" in annotations


def test_an_engine_is_privileged_where_its_nic_takes_it_and_nothing_else_is() -> None:
    """`privileged` replaces all of the context, since an API server refuses it beside a forbidden escalation."""
    contexts = {
        container["name"]: container["securityContext"]
        for pod in pods(rendered({"hardware": {"fabric": "gke"}}))
        for container in [*pod.spec.get("initContainers", []), *pod.spec["containers"]]
    }
    assert {"privileged": True} == contexts.pop("engine")
    assert not any("privileged" in context for context in contexts.values())
    assert {"check-expert-file", "router"} == set(contexts)


def test_every_pod_of_a_group_has_its_nodes_gpus() -> None:
    """Sixteen ranks on two nodes are eight GPUs in each pod, the leader's and the worker's."""
    assert {"example-prefill-0": "8", "example-decode-0": "8", "example-decode-0-1": "8"} == {
        pod.name: pod.main["resources"]["limits"]["nvidia.com/gpu"] for pod in engines(rendered({}))
    }


@pytest.mark.parametrize(
    ("fabric", "network"),
    [
        ("infiniband", {}),
        ("tcp", {}),
        ("roce", {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}),
    ],
)
def test_only_roce_needs_the_nodes_network(fabric: str, network: dict[str, object]) -> None:
    """RoCE addresses follow the node's interfaces; names of the cluster still resolve there."""
    (pod,) = engines(rendered({"hardware": {"fabric": fabric}}, "aggregated"))
    fields = ("hostNetwork", "dnsPolicy")
    assert network == {field: pod.spec[field] for field in fields if field in pod.spec}


def test_the_router_stays_off_the_nodes_network() -> None:
    """On RoCE the engines move to the node's network, and the router does not."""
    found = routers(rendered({"hardware": {"fabric": "roce"}}))
    assert [False, False] == ["hostNetwork" in pod.spec for pod in found]


def test_a_patch_reaches_leader_and_worker() -> None:
    """The user's container is merged by name into both templates of the pool, and no other's."""
    patch = {"spec": {"containers": [{"name": "engine", "tty": True}, {"name": "sidecar"}]}}
    objects = rendered({"pools": [{"name": "decode", "pod": {"patch": patch}}]})
    assert {
        "example-prefill-0": (["engine"], False),
        "example-decode-0": (["engine", "sidecar"], True),
        "example-decode-0-1": (["engine", "sidecar"], True),
    } == {
        pod.name: (
            [container["name"] for container in pod.spec["containers"]],
            pod.main.get("tty", False),
        )
        for pod in engines(objects)
    }
    assert all("--model-path" in pod.main["command"] for pod in engines(objects))


def test_a_pools_patch_goes_over_the_clusters() -> None:
    """Both apply, merged strategically; where they meet the pool's wins."""
    cluster = {
        "spec": {
            "schedulerName": "cluster",
            "runtimeClassName": "nvidia",
            "containers": [{"name": "engine", "tty": True}],
        }
    }
    own = {"spec": {"schedulerName": "pool", "containers": [{"name": "engine", "stdin": True}]}}
    fragment = {"pod": {"patch": cluster}, "pools": [{"name": "decode", "pod": {"patch": own}}]}
    assert {
        "example-prefill-0": ("cluster", "nvidia", True, None),
        "example-decode-0": ("pool", "nvidia", True, True),
        "example-decode-0-1": ("pool", "nvidia", True, True),
    } == {
        pod.name: (
            pod.spec.get("schedulerName"),
            pod.spec.get("runtimeClassName"),
            pod.main.get("tty"),
            pod.main.get("stdin"),
        )
        for pod in engines(rendered(fragment))
    }
