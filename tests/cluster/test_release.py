"""Charts as releases on the real control plane: by helm itself, and by `deploy release`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import go_tools
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import Kubectl

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "configs" / "tiny-tcp-trial.yaml"


@pytest.fixture
def spec(namespace: str, kubectl: Kubectl, tmp_path: Path) -> Path:
    """The smallest reference spec, in the test's own namespace, with the claim that it names."""
    path = tmp_path / "spec.yaml"
    data = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**data, "namespace": namespace}), encoding="utf-8")
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": data["model"]["cache"]["claim"], "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(claim))
    return path


@pytest.fixture(params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Path:
    """Each helm in turn."""
    return go_tools.ensure(request.param)


class Deploy:
    """Runs `deploy release` against the control plane with one helm."""

    def __init__(self, spec: Path, helm: Path, plane: ControlPlane) -> None:
        self._spec = spec
        self._connection = ["--helm", str(helm), "--kubeconfig", str(plane.kubeconfig)]

    def __call__(self, action: str, *more: str) -> tuple[int, str]:
        """Return the exit code, and all that was printed."""
        words = ["release", action, str(self._spec), *self._connection, *more]
        done = subprocess.run(
            [Path(sys.executable).with_name("deploy"), *words],
            check=False,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def deploy(spec: Path, helm: Path, control_plane: ControlPlane) -> Deploy:
    """The command, for the test's spec."""
    return Deploy(spec, helm, control_plane)


def groups(kubectl: Kubectl, namespace: str) -> dict[str, Any]:
    found = json.loads(kubectl("-n", namespace, "get", "leaderworkersets", "-o", "json"))["items"]
    return {one["metadata"]["name"]: one for one in found}


def test_a_release_lives_from_install_to_rollback(
    deploy: Deploy, kubectl: Kubectl, namespace: str, spec: Path, tmp_path: Path
) -> None:
    """Installed, running, upgraded to another spec, values kept, and rolled back to the first one."""
    code, said = deploy("install", "--wait", "--timeout", "60")
    assert (code, "ready: prefill 1/1 groups ready" in said) == (0, True), said
    values = tmp_path / "values.yaml"
    values.write_text("pools: {decode: {podLabels: {example.com/team: a}}}\n", encoding="utf-8")
    assert deploy("upgrade", "-f", str(values))[0] == 0
    data = yaml.safe_load(spec.read_text(encoding="utf-8"))
    data["pools"][1]["extra_args"] = {"--log-level": "debug"}
    spec.write_text(yaml.safe_dump(data), encoding="utf-8")
    said = deploy("status")[1]
    assert "from another spec than this file" in said
    assert "set by operators: pools.decode.podLabels.example.com/team" in said
    assert "group 0   rank 0  ready  dsv4-trial-prefill-0" in said
    code, said = deploy("upgrade")
    assert code == 0, said
    assert "values kept from before: pools.decode.podLabels.example.com/team" in said
    decode = groups(kubectl, namespace)["dsv4-trial-decode"]["spec"]["leaderWorkerTemplate"]
    template = decode["workerTemplate"]
    assert template["metadata"]["labels"]["example.com/team"] == "a"
    assert "debug" in template["spec"]["containers"][0]["command"]
    assert "from this spec" in deploy("status")[1]
    code, said = deploy("rollback", "--to", "1")
    assert (code, "back to revision 1" in said) == (0, True), said
    decode = groups(kubectl, namespace)["dsv4-trial-decode"]["spec"]["leaderWorkerTemplate"]
    assert "debug" not in decode["workerTemplate"]["spec"]["containers"][0]["command"]
    code, said = deploy("history")
    rows = [line.split() for line in said.splitlines()[1:]]
    assert ["superseded", "superseded", "superseded", "deployed"] == [row[2] for row in rows]
    assert rows[0][4] == rows[1][4] == rows[3][4] != rows[2][4]


def test_what_is_not_there_is_said(deploy: Deploy) -> None:
    """Each action names what to do instead, with exit code 1."""
    for action in ("upgrade", "status", "history", "rollback"):
        code, said = deploy(action)
        assert code == 1
        assert "there is no release dsv4-trial in namespace" in said
        assert "`deploy release install` makes one" in said
    assert deploy("install")[0] == 0
    code, said = deploy("install")
    assert (code, "`deploy release upgrade` changes it" in said) == (1, True), said
    code, said = deploy("rollback")
    assert (code, "has no revision to go back to" in said) == (1, True), said
    code, said = deploy("rollback", "--to", "7")
    assert (code, "has no revision 7; it has 1" in said) == (1, True), said


def test_values_are_held_against_the_schema(deploy: Deploy, tmp_path: Path) -> None:
    """Helm refuses them, and the message says that the spec is the place."""
    values = tmp_path / "values.yaml"
    values.write_text("pools: {decode: {deepepMode: normal}}\n", encoding="utf-8")
    code, said = deploy("install", "-f", str(values))
    assert code == 1
    assert "/pools/decode/deepepMode" in said
    assert "change the spec and run `deploy chart` again" in said


def test_a_chart_of_somebody_else_is_left_alone(
    deploy: Deploy, helm: Path, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """Its objects were never checked, so neither upgrade nor rollback touches it."""
    chart = tmp_path / "other"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: other, version: 1.0.0}\n")
    map_ = "{apiVersion: v1, kind: ConfigMap, metadata: {name: other}}\n"
    (chart / "templates" / "map.yaml").write_text(map_)
    place = ["--namespace", namespace, "--kubeconfig", str(control_plane.kubeconfig)]
    for action in (["install"], ["upgrade"]):
        subprocess.run(
            [helm, *action, "dsv4-trial", chart, *place], check=True, capture_output=True
        )
    for action in ("upgrade", "rollback"):
        code, said = deploy(action)
        assert code == 1
        assert "is chart other-1.0.0, which `deploy chart` did not write" in said


def test_helm_upgrades_and_uninstalls_the_chart_by_itself(
    spec: Path, helm: Path, control_plane: ControlPlane, kubectl: Kubectl, namespace: str
) -> None:
    """As a user without `deploy` would: install, more groups, roll back, uninstall, nothing left."""
    chart = spec.with_name("chart")
    subprocess.run(
        [Path(sys.executable).with_name("deploy"), "chart", spec, "-o", chart],
        check=True,
        capture_output=True,
    )
    place = ["--namespace", namespace, "--kubeconfig", str(control_plane.kubeconfig)]

    def run(*words: str | Path) -> str:
        done = subprocess.run([helm, *words, *place], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    notes = run("install", "r", chart, "--wait", "--timeout", "60s")
    assert "helm test r --namespace" in notes
    run("upgrade", "r", chart, "--set", "pools.decode.replicas=2", "--wait", "--timeout", "60s")
    assert groups(kubectl, namespace)["dsv4-trial-decode"]["spec"]["replicas"] == 2
    run("rollback", "r", "1", "--wait", "--timeout", "60s")
    assert groups(kubectl, namespace)["dsv4-trial-decode"]["spec"]["replicas"] == 1
    hooks = run("template", "r", chart, "--show-only", "templates/tests/*.yaml")
    kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=hooks)
    run("uninstall", "r", "--wait", "--timeout", "60s")
    kinds = "leaderworkersets,deployments,services,poddisruptionbudgets,roles,rolebindings"
    assert kubectl("-n", namespace, "get", kinds, "-o", "name") == ""
