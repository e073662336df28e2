"""The real router on the real control plane: it finds leaders by our labels, with our rights alone.

Pods have addresses on loopback, where fake engines listen in their place; the router runs beside them
with the command line and the ServiceAccount that the objects give it.
"""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import TIMEOUT, Kubectl
from tests.cluster.groups import items
from tests.fake_engines import MODEL, fake_engine
from tests.routers import ask, eventually, routing
from tests.schema.test_rendered import rendered

SPEC = Path(__file__).parents[2] / "configs" / "flash-pd-h200.yaml"
ROUTER = "dsv4-flash-router"


@dataclass(frozen=True, slots=True)
class Routed:
    """A running router: where it answers, and what it logs."""

    url: str
    log: Path

    def sees(self, workers: int) -> None:
        """Wait until it has so many workers, all of them healthy."""
        eventually(
            lambda: (
                ask(f"{self.url}/readiness")
                == {"status": "ready", "healthy_workers": workers, "total_workers": workers}
            ),
            self.log,
        )


@pytest.fixture
def objects(namespace: str, kubectl: Kubectl) -> list[dict[str, Any]]:
    """The reference spec's objects in the test's namespace, all pods of them running."""
    text = SPEC.read_text(encoding="utf-8").replace(
        "namespace: inference", f"namespace: {namespace}"
    )
    made = rendered(text, SPEC.parent)
    for claim in ("model-cache", "expert-distribution"):
        spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
        about = {"name": claim, "namespace": namespace}
        volume = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": about}
        kubectl("apply", "-f", "-", stdin=yaml.safe_dump({**volume, "spec": spec}))
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(made))
    kubectl("wait", "-n", namespace, "lws", "--all", "--for=condition=Available", TIMEOUT)
    return made


@pytest.fixture
def engines(
    objects: list[dict[str, Any]], namespace: str, kubectl: Kubectl
) -> Iterator[dict[str, ThreadingHTTPServer]]:
    """A fake engine at the address of every engine pod, by pod; followers answer as followers."""
    assert objects
    pods = items(kubectl("get", "pods", "-n", namespace, "-l", "deploy.dsv4/pool", "-o", "json"))
    with ExitStack() as stack:
        yield {
            pod["metadata"]["name"]: stack.enter_context(
                fake_engine(
                    pod["status"]["podIP"],
                    30000,
                    leader=pod["metadata"]["labels"]["leaderworkerset.sigs.k8s.io/worker-index"]
                    == "0",
                )
            )
            for pod in pods
        }


@pytest.fixture
def routed(
    objects: list[dict[str, Any]],
    control_plane: ControlPlane,
    kubectl: Kubectl,
    namespace: str,
    tmp_path: Path,
) -> Callable[[], AbstractContextManager[Routed]]:
    """Run the Deployment's own command line as its ServiceAccount, which has no other rights."""

    @contextmanager
    def start() -> Iterator[Routed]:
        config = yaml.safe_load(control_plane.kubeconfig.read_text(encoding="utf-8"))
        token = kubectl("create", "token", ROUTER, "-n", namespace).strip()
        config["users"][0]["user"] = {"token": token}
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config), encoding="utf-8")
        (deployment,) = (one for one in objects if one["kind"] == "Deployment")
        words = deployment["spec"]["template"]["spec"]["containers"][0]["command"]
        assert words[1:3] == ["-m", "sglang_router.launch_router"]
        log, variables = tmp_path / "router.log", {"KUBECONFIG": str(tmp_path / "kubeconfig")}
        with routing(words[3:], log, variables) as url:
            yield Routed(url, log)

    return start


def test_leaders_are_found_and_paired(
    engines: dict[str, ThreadingHTTPServer],
    routed: Callable[[], AbstractContextManager[Routed]],
    kubectl: Kubectl,
    namespace: str,
) -> None:
    """Each leader once, with its role and bootstrap port; a follower is never even asked."""
    with routed() as router:
        router.sees(3)
        found = {
            one["url"].removeprefix("http://"): (one["worker_type"], one.get("bootstrap_port"))
            for one in ask(f"{router.url}/workers")["workers"]
        }
        message = {"role": "user", "content": "hello"}
        body = {"model": MODEL, "messages": [message], "max_tokens": 4}
        ask(f"{router.url}/v1/chat/completions", body)
        # A leader that is gone is given up without a restart.
        kubectl("scale", "-n", namespace, "lws/dsv4-flash-prefill", "--replicas=1")
        router.sees(2)
    where = {name: "{}:{}".format(*engine.server_address[:2]) for name, engine in engines.items()}
    assert found == {
        where["dsv4-flash-prefill-0"]: ("prefill", 8998),
        where["dsv4-flash-prefill-1"]: ("prefill", 8998),
        where["dsv4-flash-decode-0"]: ("decode", None),
    }
    posted = {name: [body for _, body in one.posted] for name, one in engines.items()}  # type: ignore[attr-defined]
    (decoded,) = posted["dsv4-flash-decode-0"]
    (prefilled,) = posted["dsv4-flash-prefill-0"] + posted["dsv4-flash-prefill-1"]
    assert decoded["bootstrap_room"] == prefilled["bootstrap_room"]
    assert f"{decoded['bootstrap_host']}:30000" in found
    follower = engines["dsv4-flash-decode-0-1"]
    assert ([], []) == (follower.got, follower.posted)  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", ["list", "watch"])
def test_a_right_that_is_missing_leaves_it_blind(
    verb: str,
    routed: Callable[[], AbstractContextManager[Routed]],
    kubectl: Kubectl,
    namespace: str,
) -> None:
    """Every verb of the Role is needed: without it the router is refused, and is not ready."""
    verbs = [one for one in ("get", "list", "watch") if one != verb]
    rights = {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": verbs}]}
    kubectl("patch", "role", ROUTER, "-n", namespace, "--type=merge", "-p", json.dumps(rights))
    with routed() as router:
        said = f"cannot {verb} resource"
        eventually(lambda: said in router.log.read_text(encoding="utf-8"), router.log)
        with pytest.raises(urllib.error.HTTPError, match="503"):
            ask(f"{router.url}/readiness")
