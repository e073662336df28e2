"""What `deploy render` writes for the reference specs, before a real API server, and running there."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.conftest import TIMEOUT, Kubectl
from tests.cluster.deployments import CONFIGS, DEPLOY, RACKS, RUNNABLE, claims_of
from tests.cluster.groups import items

VENDORED = CONFIGS.parent / "tests" / "schema" / "vendored"


@pytest.fixture(params=RUNNABLE, ids=lambda path: path.stem)
def rendered(request: pytest.FixtureRequest) -> str:
    """The objects of one reference spec, as a user pipes them to kubectl."""
    return _rendered(request.param)


def _rendered(path: Path) -> str:
    done = subprocess.run([DEPLOY, "render", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def prepared(rendered: str, kubectl: Kubectl) -> Iterator[str]:
    """The namespace that the spec names, with the claims it names, which are gone afterwards."""
    objects = list(yaml.safe_load_all(rendered))
    (name,) = {one["metadata"]["namespace"] for one in objects}
    kubectl("apply", "-f", "-", stdin=json.dumps(_namespace(name)))
    claims = json.dumps(claims_of(objects))
    kubectl("apply", "-n", name, "-f", "-", stdin=claims)
    yield name
    whole = ("--ignore-not-found", "--cascade=foreground", TIMEOUT)
    for things in (rendered, claims):
        kubectl("delete", "-n", name, "-f", "-", *whole, stdin=things)


def test_the_api_server_admits_every_object(rendered: str, prepared: str, kubectl: Kubectl) -> None:
    """A strict server-side dry run takes every object: no unknown field, no webhook refuses."""
    _admitted(rendered, prepared, kubectl)


@pytest.mark.parametrize("path", RACKS, ids=lambda path: path.stem)
def test_the_api_server_admits_an_nvlink_domain(path: Path, kubectl: Kubectl) -> None:
    """Where the DRA driver's kind is known, the domain and the groups with claims of it are admitted too."""
    text = _rendered(path)
    (name,) = {one["metadata"]["namespace"] for one in yaml.safe_load_all(text)}
    crd = json.dumps(json.loads((VENDORED / "computedomains.json").read_text())["content"])
    kubectl("apply", "-f", "-", stdin=json.dumps(_namespace(name)))
    kubectl("apply", "--validate=false", "-f", "-", stdin=crd)
    try:
        kubectl("wait", "--for=condition=Established", "-f", "-", TIMEOUT, stdin=crd)
        _admitted(text, name, kubectl)
    finally:
        kubectl("delete", "-f", "-", stdin=crd)


def _admitted(rendered: str, namespace: str, kubectl: Kubectl) -> None:
    said = kubectl(
        "apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", "-", stdin=rendered
    )
    lines = said.splitlines()
    assert len(lines) == len(list(yaml.safe_load_all(rendered)))
    assert all(line.endswith("created (server dry run)") for line in lines)


def test_every_pod_becomes_ready_where_its_gpus_are(
    rendered: str, prepared: str, kubectl: Kubectl
) -> None:
    """Groups of the planned size run on H200 nodes with the claims bound; deletion leaves no pod."""
    kubectl("apply", "-f", "-", stdin=rendered)
    kubectl("wait", "-n", prepared, "lws", "--all", "--for=condition=Available", TIMEOUT)
    objects = list(yaml.safe_load_all(rendered))
    if any(one["kind"] == "Deployment" for one in objects):
        kubectl("wait", "-n", prepared, "deploy", "--all", "--for=condition=Available", TIMEOUT)
    pods = items(kubectl("get", "pods", "-n", prepared, "-o", "json"))
    engines = [
        pod for pod in pods if "leaderworkerset.sigs.k8s.io/name" in pod["metadata"]["labels"]
    ]
    sets = [one["spec"] for one in objects if one["kind"] == "LeaderWorkerSet"]
    assert len(engines) == sum(
        one["replicas"] * one["leaderWorkerTemplate"]["size"] for one in sets
    )
    assert all(pod["spec"]["nodeName"].startswith("h200-") for pod in engines)
    assert all(pod["status"]["phase"] == "Running" for pod in pods)
    claims = items(kubectl("get", "pvc", "-n", prepared, "-o", "json"))
    assert {claim["status"]["phase"] for claim in claims} == {"Bound"}
    kubectl("delete", "-f", "-", TIMEOUT, stdin=rendered)
    kubectl("wait", "-n", prepared, "pods", "--all", "--for=delete", TIMEOUT)


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
