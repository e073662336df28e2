"""The router's objects: its pods, how long it waits, and what it may ask of the Kubernetes API."""

import pytest

from tests.unit.manifests.test_objects import argument, of_kind, rendered, routers

ENGINE_HEALTH_SECONDS = 20
"""The engine's `/health` generates a token and gives up after this (srt/entrypoints/http_server.py)."""

ACCESS = {"ServiceAccount", "Role", "RoleBinding"}


def test_router_runs_as_often_as_asked() -> None:
    """The Deployment has the spec's replicas; an aggregated engine has no router at all."""
    deployments = of_kind("Deployment", rendered({"router": {"replicas": 3}}))
    assert [("example-router", 3)] == [
        (name, obj["spec"]["replicas"]) for name, obj in deployments.items()
    ]
    assert of_kind("Deployment", rendered({}, "aggregated")) == {}


def test_router_may_only_watch_pods() -> None:
    """With discovery by label it has an account, and this one reads pods and nothing else."""
    objects = rendered({"namespace": "serving"})
    (role,) = of_kind("Role", objects).values()
    (binding,) = of_kind("RoleBinding", objects).values()
    (account,) = of_kind("ServiceAccount", objects)
    (rule,) = role["rules"]
    assert ([""], ["pods"], {"get", "list", "watch"}) == (
        rule["apiGroups"],
        rule["resources"],
        set(rule["verbs"]),
    )
    assert {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": role["metadata"]["name"],
    } == binding["roleRef"]
    assert [{"kind": "ServiceAccount", "name": account, "namespace": "serving"}] == (
        binding["subjects"]
    )
    assert {account} == {pod.spec["serviceAccountName"] for pod in routers(objects)}


@pytest.mark.parametrize(
    ("discovery", "access", "token"), [("kubernetes", ACCESS, True), ("static", set(), False)]
)
def test_router_has_access_only_where_it_watches(
    discovery: str, access: set[str], token: bool
) -> None:
    """Addresses on the command line need no account, no role and no token in the pod."""
    objects = rendered({"router": {"discovery": discovery}})
    assert access == ACCESS & {obj["kind"] for obj in objects}
    assert {token} == {pod.spec["automountServiceAccountToken"] for pod in routers(objects)}


def test_router_is_ready_when_both_roles_are() -> None:
    """Readiness asks whether there are workers; liveness asks only whether the router answers."""
    for pod in routers(rendered({})):
        assert ("/readiness", "/liveness") == (
            pod.main["readinessProbe"]["httpGet"]["path"],
            pod.main["livenessProbe"]["httpGet"]["path"],
        )
        assert {"http"} == {
            pod.main[probe]["httpGet"]["port"] for probe in ("readinessProbe", "livenessProbe")
        }


def test_probes_and_service_use_the_routers_own_port() -> None:
    """The port named http is the one that the router is told to listen on."""
    objects = rendered({"router": {"port": 8080}})
    (port,) = of_kind("Service", objects)["example-router"]["spec"]["ports"]
    assert ("http", 8080) == (port["targetPort"], port["port"])
    for pod in routers(objects):
        named = {port["name"]: port["containerPort"] for port in pod.main["ports"]}
        assert (8080, "8080") == (named["http"], argument(pod.main["command"], "--port"))


def test_router_waits_longer_than_an_engine_takes_to_answer() -> None:
    """A health check that gives up before the engine does takes a busy engine for a dead one."""
    (timeout,) = {
        argument(pod.main["command"], "--health-check-timeout-secs")
        for pod in routers(rendered({}))
    }
    assert timeout == "30"
    assert int(timeout) > ENGINE_HEALTH_SECONDS


def test_several_routers_are_evicted_one_at_a_time() -> None:
    """A budget for a single router would block every drain of its node, so it has none."""
    budgets = [
        of_kind("PodDisruptionBudget", rendered({"router": {"replicas": replicas}}))
        for replicas in (1, 2)
    ]
    assert [False, True] == ["example-router" in found for found in budgets]
    assert budgets[1]["example-router"]["spec"]["maxUnavailable"] == 1
