"""The whole life of every reference spec on a real control plane, by `deploy` alone and with helm."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import go_tools
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import TIMEOUT, Kubectl
from tests.cluster.deployments import RUNNABLE, Deployment, prepare
from tests.cluster.groups import items

KINDS = (
    "leaderworkersets,deployments,services,poddisruptionbudgets,networkpolicies,roles,rolebindings"
)
DIGEST = "deploy.dsv4/expert-file-sha256"
OTHER = "ab" * 32
"""The digest of an expert file that was published since."""


@pytest.fixture(params=RUNNABLE, ids=lambda path: path.stem)
def life(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    namespace: str,
    control_plane: ControlPlane,
    kubectl: Kubectl,
) -> Deployment:
    """One reference spec that can run here, in a namespace of its own, its claims made, nothing of it applied."""
    return prepare(tmp_path, namespace, control_plane, kubectl, request.param)


def test_a_spec_lives_from_apply_to_delete(life: Deployment) -> None:
    """Applied, ready, no difference; upgraded, the same; rolled back to what it was; deleted."""
    life.applied()
    first = groups(life)
    _runs(life, first, 1)
    life.spec.write_text(_upgraded(life.spec), encoding="utf-8")
    assert 1 == life.deploy("diff").returncode
    life.applied()
    second = groups(life)
    _runs(life, second, 2)
    assert {image + "-cu130" for image in images(first)} == images(second)
    assert sum(one["replicas"] for one in second) == 1 + sum(one["replicas"] for one in first)
    replays = "distribution" in life.spec.read_text(encoding="utf-8")
    assert {OTHER if replays else None} == digests(second)
    done = life.deploy("rollback", "--yes", "--wait", "--timeout", 60)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert first == groups(life)
    said = json.loads(life.deploy("status", "--format", "json").stdout)
    assert (True, 3) == (said["ready"], said["revision"]["number"])
    done = life.deploy("delete", "--yes")
    assert 0 == done.returncode, done.stdout + done.stderr
    _nothing_but_claims(life)


def test_a_spec_lives_as_a_helm_release(life: Deployment) -> None:
    """Installed, upgraded, rolled back to what it was, its tests admitted, and uninstalled by helm."""
    helm = go_tools.ensure("helm4")
    place = ("--helm", helm, "--wait", "--timeout", 60)
    (name,) = {yaml.safe_load(life.spec.read_text(encoding="utf-8"))["name"]}

    def release(action: str) -> None:
        done = life.named("release", action, life.spec, *place)
        assert 0 == done.returncode, done.stdout + done.stderr

    def by_helm(*words: str) -> str:
        return subprocess.run(
            [helm, *words, "--namespace", life.namespace],
            check=True,
            capture_output=True,
            text=True,
            env=life.environment(),
        ).stdout

    release("install")
    first = groups(life)
    hooks = by_helm("get", "hooks", name)
    admitted = ("--dry-run=server", "--validate=strict", "-f", "-")
    assert "pod/" in life.kubectl("apply", "-n", life.namespace, *admitted, stdin=hooks)
    life.spec.write_text(_upgraded(life.spec), encoding="utf-8")
    release("upgrade")
    assert {image + "-cu130" for image in images(first)} == images(groups(life))
    release("rollback")
    assert first == groups(life)
    by_helm("uninstall", name, "--wait", TIMEOUT)
    _nothing_but_claims(life)


def groups(life: Deployment) -> list[dict[str, Any]]:
    """Return the specs of all LeaderWorkerSets, by name."""
    found = items(life.kubectl("get", "lws", "-n", life.namespace, "-o", "json"))
    return [one["spec"] for one in sorted(found, key=lambda one: str(one["metadata"]["name"]))]


def templates(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pod templates of leaders and workers."""
    both = [one["leaderWorkerTemplate"] for one in found]
    return [
        one[part] for one in both for part in ("leaderTemplate", "workerTemplate") if part in one
    ]


def images(found: list[dict[str, Any]]) -> set[str]:
    """Return the images that run."""
    return {pod["spec"]["containers"][0]["image"] for pod in templates(found)}


def digests(found: list[dict[str, Any]]) -> set[str | None]:
    """Return the digests that pods are held to."""
    return {pod["metadata"].get("annotations", {}).get(DIGEST) for pod in templates(found)}


def _runs(life: Deployment, found: list[dict[str, Any]], revision: int) -> None:
    """Every rank is ready on a GPU node, the claims are bound, and nothing differs from the spec."""
    said = json.loads(life.deploy("status", "--format", "json").stdout)
    assert (True, revision, "applied") == (
        said["ready"],
        said["revision"]["number"],
        said["revision"]["state"],
    )
    ranks = [rank for pool in said["pools"] for group in pool["groups"] for rank in group["ranks"]]
    wanted = sum(one["replicas"] * one["leaderWorkerTemplate"]["size"] for one in found)
    assert wanted == len(ranks)
    assert all(rank["ready"] and rank["node"].startswith("h200-") for rank in ranks)
    claims = items(life.kubectl("get", "pvc", "-n", life.namespace, "-o", "json"))
    assert {"Bound"} == {claim["status"]["phase"] for claim in claims}
    done = life.deploy("diff")
    assert (0, "") == (done.returncode, done.stderr), done.stdout


def _upgraded(spec: Path) -> str:
    """Return the spec with another image, one more group of the first pool, and another expert file."""
    data = yaml.safe_load(spec.read_text(encoding="utf-8"))
    data["engine"]["image"] += "-cu130"
    first = data["pools"][0]
    first["replicas"] = first.get("replicas", 1) + 1
    distribution = data.get("experts", {}).get("distribution")
    if distribution:
        distribution |= {"path": "published/other.json", "sha256": OTHER}
        distribution.pop("local")
    return str(yaml.safe_dump(data, sort_keys=False))


def _nothing_but_claims(life: Deployment) -> None:
    life.kubectl("wait", "-n", life.namespace, "pods", "--all", "--for=delete", TIMEOUT)
    assert "" == life.kubectl("get", KINDS, "-n", life.namespace, "-o", "name")
    assert items(life.kubectl("get", "pvc", "-n", life.namespace, "-o", "json"))
