"""Requests are repeated while that can help, and what the server says becomes a message with a way out."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.cluster.api import Api
from orchestrator.cluster.connect import connect
from orchestrator.cluster.errors import (
    ClusterError,
    ConflictError,
    Contested,
    ExistsError,
    ForbiddenError,
    KindMissingError,
    LoginError,
    NoClusterError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from orchestrator.cluster.transport import Patience
from tests.scripted_api_server import Play, Script, kubeconfig, scripted_api_server, status

CORE = Play(
    body={
        "resources": [
            {"name": "configmaps", "kind": "ConfigMap", "namespaced": True},
            {"name": "nodes", "kind": "Node", "namespaced": False},
            {"name": "nodes/status", "kind": "Node", "namespaced": False},
        ]
    }
)
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "mine"}}
BUSY = status(429, "TooManyRequests", "try later")
FAILING = status(500, "InternalError", 'failed calling webhook "mlws.kb.io": connection refused')

Serve = Callable[..., tuple[Api, Script]]


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.slept.append(seconds)
        self.now += seconds

    def patience(self, seconds: float = 60.0) -> Patience:
        """Return patience on this clock."""
        return Patience(seconds, clock=lambda: self.now, sleep=self.sleep)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve(tmp_path: Path, clock: Clock) -> Iterator[Serve]:
    """A function that connects to a server which plays these answers."""
    running = []

    def started(*plays: Play, **more: object) -> tuple[Api, Script]:
        server = scripted_api_server(*plays)
        script = server.__enter__()
        running.append(server)
        path = kubeconfig(tmp_path, script.url)
        return connect(path, patience=clock.patience(), **more), script

    yield started
    for server in running:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("passing", [BUSY, FAILING, status(503, "x", "starting"), Play(502, "bad")])
def test_passing_failures_are_waited_out(serve: Serve, clock: Clock, passing: Play) -> None:
    """Too many requests, a restart and a webhook that is not there yet are asked again, ever later."""
    api, script = serve(passing, passing, passing, Play(body={"there": True}))
    assert {"there": True} == api.get("/x")
    assert [0.5, 1.0, 2.0] == clock.slept
    assert 4 == len(script.asked)


def test_server_says_when_to_come_again(serve: Serve, clock: Clock) -> None:
    """`Retry-After` is followed where it is longer than our own pause."""
    api, _ = serve(Play(429, {}, {"Retry-After": "7"}), Play(body={}))
    api.get("/x")
    assert [7.0] == clock.slept


def test_patience_ends(serve: Serve, clock: Clock) -> None:
    """A server that keeps failing is given up within a minute, in its own words."""
    api, _ = serve(FAILING)
    with pytest.raises(UnavailableError, match=r"500: failed calling webhook .* after \d\d s"):
        api.get("/x")
    assert 50 < clock.now <= 60


def test_impatient_requests_are_asked_once(serve: Serve, clock: Clock) -> None:
    """What may well be absent is not waited for."""
    api, script = serve(status(503, "ServiceUnavailable", "no endpoints available"))
    with pytest.raises(UnavailableError, match="no endpoints available"):
        api.get("/x", patient=False)
    assert (1, []) == (len(script.asked), clock.slept)


def test_dropped_connection_is_asked_again(serve: Serve, clock: Clock) -> None:
    """A connection that ends without an answer, after others had one, is no answer."""
    api, script = serve(CORE, Play(0), Play(body=MAP))
    assert MAP == api.apply(MAP)
    assert ["GET", "PATCH", "PATCH"] == [method for method, _, _ in script.asked]
    assert [0.5] == clock.slept


def test_server_that_dies_is_told(tmp_path: Path, clock: Clock) -> None:
    """A server that answered and is gone is waited for, then told as such."""
    with scripted_api_server(Play(body={})) as script:
        api = connect(kubeconfig(tmp_path, script.url), patience=clock.patience())
        api.get("/x")
        script.plays[:] = [Play(0)]
        with pytest.raises(UnavailableError, match=r"cannot read /x: http://.* stopped answering"):
            api.get("/x")
    assert clock.now > 50


def test_nobody_there_is_told_at_once(tmp_path: Path, clock: Clock) -> None:
    """Where nobody ever answered there is no cluster, and nothing is waited for."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    api = connect(kubeconfig(tmp_path, f"http://127.0.0.1:{port}"), patience=clock.patience())
    with pytest.raises(NoClusterError, match=rf"^no cluster answers at http://127.0.0.1:{port}: "):
        api.get("/x")
    assert [] == clock.slept


RBAC = (
    'leaderworkersets.leaderworkerset.x-k8s.io "a" is forbidden: User "bob" cannot patch resource '
    '"leaderworkersets" in API group "leaderworkerset.x-k8s.io" in the namespace "mine"'
)


@pytest.mark.parametrize(
    ("play", "error", "says"),
    [
        (status(401, "Unauthorized", "Unauthorized"), LoginError, "log in again"),
        (status(403, "Forbidden", RBAC), ForbiddenError, "bob may not patch leaderworkersets."),
        (status(403, "Forbidden", RBAC), ForbiddenError, 'apiGroups ["leaderworkerset.x-k8s.io"]'),
        (
            status(403, "Forbidden", 'pods "a" is forbidden: exceeded quota: gpus, used: 8'),
            RefusedError,
            "exceeded quota: gpus, used: 8; raise the ResourceQuota",
        ),
        (
            status(403, "Forbidden", 'pods "a" is forbidden: violates PodSecurity "restricted"'),
            RefusedError,
            "pod-security.kubernetes.io/enforce",
        ),
        (
            status(404, "NotFound", 'namespaces "mine" not found'),
            NotFoundError,
            "kubectl create namespace mine",
        ),
        (status(409, "AlreadyExists", 'configmaps "a" already exists'), ExistsError, "already"),
        (status(409, "Conflict", "object was modified"), RefusedError, "run the command again"),
        (status(422, "Invalid", "spec.replicas: must be >= 0"), RefusedError, "must be >= 0"),
        (
            status(500, "InternalError", "failed to create typed patch object: .x: not declared"),
            RefusedError,
            "not declared",
        ),
        (Play(403, "<html>a proxy's page</html>"), RefusedError, "a proxy's page"),
    ],
)
def test_refusals_say_what_to_do(
    serve: Serve, clock: Clock, play: Play, error: type[ClusterError], says: str
) -> None:
    """A refusal is told at once, with the object, the reason and the way out."""
    api, _ = serve(CORE, play)
    with pytest.raises(error) as caught:
        api.apply(MAP)
    assert type(caught.value) is error
    assert says in str(caught.value)
    assert "apply ConfigMap a in namespace mine" in str(caught.value)
    assert [] == clock.slept


def test_conflict_names_fields_and_managers(serve: Serve) -> None:
    """Another manager's fields are named one by one."""
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "kubectl" using apps/v1',
            "field": ".spec.replicas",
        }
    ]
    api, _ = serve(CORE, status(409, "Conflict", "Apply failed", causes=causes))
    with pytest.raises(ConflictError, match=r"\.spec\.replicas \(by kubectl\)") as caught:
        api.apply(MAP)
    assert (Contested(".spec.replicas", "kubectl"),) == caught.value.contested


def test_apply_is_strict_and_never_forced(serve: Serve) -> None:
    """What is applied is checked strictly, as our manager, and forced only where that is asked for."""
    api, script = serve(CORE, Play(body=MAP))
    api.apply(MAP)
    api.apply(MAP, dry_run=True, take_over=True)
    path = "/api/v1/namespaces/mine/configmaps/a?fieldManager=deploy&fieldValidation=Strict"
    assert [("PATCH", path, MAP), ("PATCH", f"{path}&dryRun=All&force=true", MAP)] == script.asked[
        1:
    ]
    assert "application/apply-patch+yaml" == script.headers[1]["Content-Type"]
    assert "Bearer secret" == script.headers[1]["Authorization"]


def test_lists_come_page_by_page(serve: Serve) -> None:
    """A long list is asked for in pages, and goes on where the server forgot its beginning."""
    forgotten = {"kind": "Status", "metadata": {"continue": "later"}}
    api, script = serve(
        CORE,
        Play(body={"metadata": {"continue": "next"}, "items": [{"n": 1}]}),
        Play(410, forgotten),
        Play(body={"metadata": {}, "items": [{"n": 2}]}),
    )
    assert [{"n": 1}, {"n": 2}] == list(api.list("v1", "Node", selector="a=b"))
    base = "/api/v1/nodes?limit=500&labelSelector=a%3Db"
    expected = [base, f"{base}&continue=next", f"{base}&continue=later"]
    assert expected == [path for _, path, _ in script.asked[1:]]


def test_missing_kind_is_its_own_error(serve: Serve) -> None:
    """A cluster without a controller's kinds is told which controller to install."""
    api, _ = serve(status(404, "NotFound", "the server could not find the requested resource"))
    with pytest.raises(KindMissingError, match="install the LeaderWorkerSet controller"):
        api.resource("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")


def test_deleting_twice_is_fine(serve: Serve) -> None:
    """An object that is gone counts as deleted, and one of another uid is never touched."""
    api, script = serve(CORE, status(404, "NotFound", 'configmaps "a" not found'))
    about = {**MAP, "metadata": {**MAP["metadata"], "uid": "7"}}
    assert not api.delete(about)
    assert {"uid": "7"} == script.asked[1][2]["preconditions"]


def test_warnings_of_the_server_are_passed_on(serve: Serve) -> None:
    """What the server warns of in a header reaches whoever listens."""
    heard: list[str] = []
    api, _ = serve(
        Play(body={}, headers={"Warning": '299 - "would violate \\"restricted\\""'}),
        warn=heard.append,
    )
    api.get("/x")
    assert ['would violate "restricted"'] == heard


def test_context_and_namespace_are_the_kubeconfigs(serve: Serve) -> None:
    """A connection says where it leads."""
    api, script = serve(Play())
    assert ("scripted", "mine", script.url) == (api.context, api.namespace, api.server)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "file is empty"),
        ("a: [", "while parsing"),
        (json.dumps({"clusters": [], "contexts": [], "users": []}), "current-context"),
    ],
)
def test_unusable_kubeconfig_is_told(tmp_path: Path, text: str, says: str) -> None:
    """A kubeconfig that cannot be used is named, with the reason."""
    path = tmp_path / "kubeconfig"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NoClusterError, match=rf"kubeconfig {path}: .*{says}"):
        connect(path)


def test_no_kubeconfig_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any kubeconfig, and outside a pod, there is no cluster."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(NoClusterError, match="there is no kubeconfig at"):
        connect()


def test_unknown_context_is_told(tmp_path: Path) -> None:
    """A context that the kubeconfig lacks is named."""
    with pytest.raises(NoClusterError, match="name elsewhere"):
        connect(kubeconfig(tmp_path, "http://127.0.0.1:1"), "elsewhere")


@pytest.mark.parametrize(("script", "fails"), [("exit 3", True), ("echo token", False)])
def test_login_plugins_are_run(tmp_path: Path, script: str, fails: bool) -> None:
    """A login plug-in gives the token; one that fails is told, not passed over."""
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": "from-plugin"},
    }
    plugin = tmp_path / "plugin"
    said = f"cat <<'E'\n{json.dumps(answer)}\nE" if not fails else script
    plugin.write_text(f"#!/bin/sh\n{said}\n", encoding="utf-8")
    plugin.chmod(0o755)
    user = {"apiVersion": answer["apiVersion"], "command": str(plugin), "interactiveMode": "Never"}
    with scripted_api_server(Play()) as server:
        path = kubeconfig(tmp_path, server.url, exec=user)
        if fails:
            with pytest.raises(LoginError, match="login failed: exec: process returned 3"):
                connect(path)
            return
        connect(path).get("/x")
        assert "Bearer from-plugin" == server.headers[0]["Authorization"]
