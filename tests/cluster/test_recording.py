"""A recording through a real API server: its pod proxy, its admission, its Jobs.

The leader is a pod on a fake node with this machine's own address, where a fake recorder listens;
a Job's script is run here, as fake nodes run no containers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.cli.checking import plan_file
from orchestrator.cli.parser import build_parser
from orchestrator.cluster import connect as connect_module
from orchestrator.cluster.connect import connect
from orchestrator.cluster.errors import RefusedError
from orchestrator.cluster.recording import load
from orchestrator.cluster.recording import pods as in_pods
from orchestrator.cluster.recording.leaders import Leader, find_leaders
from orchestrator.cluster.recording.pods import Script, script_job
from orchestrator.cluster.recording.recorder import place
from orchestrator.cluster.transport import Patience
from orchestrator.diagnostics.report import Report
from orchestrator.experts.read import read_expert_file
from orchestrator.manifests.pod import pod_template
from orchestrator.names import HTTP_PORT, LEADER_LABEL
from orchestrator.plan.model import ClusterPlan
from scripts.control_plane.state import ControlPlane
from tests.cluster.conftest import TIMEOUT, Kubectl
from tests.cluster.test_status import own_address
from tests.fake_recorder import FakeRecorder, serving
from tests.recorded_deployments import counted, written
from tests.recording_cluster import RecordingCluster
from tests.schema import strict

POD = "dsv4-trial-decode-0"


@dataclass(frozen=True)
class Running:
    """A spec, its plan, and the one leader that runs of it."""

    spec: Path
    plan: ClusterPlan
    fake: FakeRecorder
    kubeconfig: Path
    kubectl: Kubectl


@pytest.fixture
def running(
    tmp_path: Path, namespace: str, control_plane: ControlPlane, kubectl: Kubectl
) -> Iterator[Running]:
    """The decode leader of the tiny deployment."""
    address = own_address()
    spec = written(tmp_path, {"name: dsv4-trial": f"name: dsv4-trial\nnamespace: {namespace}"})
    plan = plan_file(spec)
    assert not isinstance(plan, Report)
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "recordings", "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(claim))
    template = pod_template(plan, plan.pools[1], leader=True)
    (engine,) = template["spec"]["containers"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": POD,
            "namespace": namespace,
            "labels": {**template["metadata"]["labels"], LEADER_LABEL: "0"},
        },
        "spec": {
            "nodeName": "cpu-0",
            "containers": [{"name": "engine", "image": plan.image, "env": engine["env"]}],
        },
    }
    kubectl("apply", "-f", "-", stdin=json.dumps(pod))
    words = ("-n", namespace, "pod", POD)
    kubectl("wait", *words, "--for=condition=Ready", TIMEOUT)
    there = json.dumps({"status": {"podIP": address, "podIPs": [{"ip": address}]}})
    kubectl("patch", *words, "--type=merge", "--subresource=status", "-p", there)
    fake = FakeRecorder(tmp_path / "volume/decode")
    with serving(fake, address, HTTP_PORT):
        yield Running(spec, plan, fake, Path(control_plane.kubeconfig), kubectl)


def record(running: Running, output: Path) -> int:
    words = ("--role", "decode", "--duration", "1", "-o", str(output))
    where = ("--kubeconfig", str(running.kubeconfig))
    options = build_parser().parse_args(["experts", "record", str(running.spec), *words, *where])
    code: int = options.run(options)
    return code


def leader(running: Running) -> Leader:
    (found,) = find_leaders(connect(running.kubeconfig, None), running.plan, running.plan.pools[1])
    return found


def test_a_recording_goes_through_the_api_server(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started, dumped and stopped by its pod proxy; Jobs are admitted and gone afterwards."""
    standing_in = RecordingCluster(running.plan, tmp_path / "volume")
    jobs: list[dict[str, Any]] = []

    def log(_: object, pod: Any, *, patient: bool) -> str:
        assert patient
        name = pod["metadata"]["labels"]["batch.kubernetes.io/job-name"]
        said = running.kubectl("-n", running.plan.namespace, "get", "job", name, "-o", "json")
        jobs.append(json.loads(said))
        return standing_in.run(jobs[-1])

    monkeypatch.setattr(in_pods, "log", log)
    # What others ask while it records.
    monkeypatch.setattr(load, "wait", lambda *_: running.fake.forward(b"abc"))
    assert 0 == record(running, tmp_path / "out")
    found = read_expert_file(tmp_path / "out/dsv4-trial-decode.json")
    assert counted(["abc"]) == [list(row) for row in found.totals]
    assert [
        ("GET", "/server_info"),
        *(("POST", f"/{verb}_expert_distribution_record") for verb in ("start", "dump", "stop")),
    ] == running.fake.got
    assert not running.fake.recording
    assert 2 == len(jobs)
    assert "" == running.kubectl("-n", running.plan.namespace, "get", "jobs", "-o", "name")


def test_what_cannot_be_read_is_not_even_started(
    running: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Fake nodes have no logs: the volume cannot be read, so nothing is asked to record."""
    monkeypatch.setattr(connect_module, "Patience", lambda: Patience(1.0))
    assert 1 == record(running, tmp_path / "out")
    assert [("GET", "/server_info")] == running.fake.got
    assert "/log: " in capsys.readouterr().err
    assert "" == running.kubectl("-n", running.plan.namespace, "get", "jobs", "-o", "name")


def test_the_api_server_passes_no_key_on(running: Running) -> None:
    """It is sent a key of ours and keeps it: why an engine that wants one is asked by a pod."""
    running.fake.keys = {"api": None, "admin": "sesame"}
    api, one = connect(running.kubeconfig, None), leader(running)
    there = place(running.plan.namespace, one)
    with pytest.raises(RefusedError, match=r'cannot ask it: it answered 401: {"error": "Unaut'):
        api.ask("POST", there, "/stop_expert_distribution_record", about="ask it", seconds=10)
    assert yaml.safe_load(running.kubeconfig.read_text("utf-8"))["users"][0]["user"]["token"]
    assert [None] == running.fake.authorizations


def test_jobs_pass_the_strict_schema_and_the_server(running: Running) -> None:
    """With and without a volume, a key, and arguments that Kubernetes would expand."""
    one = leader(running)
    mount = next(mount for mount in one.pool.mounts if mount.name == "recordings")
    scripts = (
        Script("read-recordings.py", ("list", "/recordings/$(x)"), one, 5, mount=mount),
        Script("ask-engine.py", ("GET", "5", one.url), one, 5, env={"ENGINE_KEY": "k"}),
    )
    for script in scripts:
        job = script_job(running.plan, script)
        assert [] == strict.validate(job)
        words = ("create", "--dry-run=server", "--validate=strict", "-f", "-")
        assert "created" in running.kubectl(*words, stdin=json.dumps(job))
        (container,) = job["spec"]["template"]["spec"]["containers"]
        assert "/recordings/$(x)" not in container["command"]
