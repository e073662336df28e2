"""`deploy experts publish` and `list` on a real API server; the kubelet's part of a Job is played here."""

import base64
import hashlib
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cluster.connect import connect
from orchestrator.cluster.errors import RefusedError
from orchestrator.cluster.published.publish import create, store
from orchestrator.cluster.published.record import LIMIT, Published, config_map
from orchestrator.cluster.wait import Clock
from orchestrator.experts.written import Origin, write
from tests.cluster.conftest import Kubectl
from tests.cluster.deployments import NAME, Deployment, Done, eventually
from tests.cluster.test_preflight import asked, only
from tests.cluster.test_refused import member, with_token
from tests.cluster.test_rollback import digest_of
from tests.helm.charts import planned

UNPLACED = "\npod:\n  node_selector: {example.com/nobody: has}\n"
"""No fake node takes the pods, so that none of them is said to have ended by itself."""


@pytest.fixture
def file(deployment: Deployment) -> Path:
    """A recording that nobody published yet."""
    counts = [[1 + (layer + expert) % 7 for expert in range(256)] for layer in range(43)]
    path = deployment.spec.parent / "merged.json"
    path.write_text(json.dumps({"logical_count": counts}), encoding="utf-8")
    return path


def publish(deployment: Deployment, file: Path, *words: object, **more: Any) -> Done:
    return deployment.named("experts", "publish", file, "--spec", deployment.spec, *words, **more)


def listed(deployment: Deployment) -> Any:
    """Return the listed files by their path."""
    done = deployment.named("experts", "list", "--spec", deployment.spec, "--format", "json")
    assert 0 == done.returncode, done.stderr
    return {one["path"]: one for one in json.loads(done.stdout)["files"]}


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def name_of(file: Path) -> str:
    return f"{NAME}-{digest(file)[:12]}"


def ended(deployment: Deployment, folder: Path) -> None:
    """Play the kubelet for the one pod of a Job: run its command on `folder`, and tell how it ended."""
    pods = json.loads(deployment.kubectl("get", "pods", "-n", deployment.namespace, "-o", "json"))[
        "items"
    ]
    for pod in pods:
        if pod["status"]["phase"] != "Pending":
            continue
        (container,) = pod["spec"]["containers"]
        source = folder / "published"
        source.mkdir(exist_ok=True)
        (volume,) = (one for one in pod["spec"]["volumes"] if one["name"] == "publish")
        held = deployment.get("configmap", volume["configMap"]["name"])["binaryData"]
        for key, packed in held.items():
            (source / key).write_bytes(base64.b64decode(packed))
        said = folder / "termination-log"
        words = [
            word.replace("$$(", "$(")
            .replace("/published/", f"{source}/")
            .replace("/claim/", f"{folder / 'claim'}/")
            .replace(container["terminationMessagePath"], str(said))
            for word in container["command"][3:]
        ]
        program = [sys.executable, "-I", "-c", container["command"][2].replace("$$(", "$("), *words]
        code = subprocess.run(program, capture_output=True, check=False).returncode
        state = {"terminated": {"exitCode": code, "message": said.read_text()}}
        about = {"name": container["name"], "image": "i", "imageID": "", "ready": False}
        status = {
            "phase": "Failed" if code else "Succeeded",
            "containerStatuses": [{**about, "restartCount": 0, "state": state}],
        }
        deployment.kubectl(
            "patch",
            "pod",
            pod["metadata"]["name"],
            *("-n", deployment.namespace, "--subresource=status", "--type=merge", "-p"),
            json.dumps({"status": status}),
        )


def test_a_config_map_holds_the_file_for_good(deployment: Deployment, file: Path) -> None:
    """Published once, it cannot be changed; again is fine; the preflight reads what it holds."""
    before = deployment.spec.read_text(encoding="utf-8")
    counts = json.loads(file.read_text(encoding="utf-8"))["logical_count"]
    write(file, counts, (), Origin(role="both"))
    done = publish(deployment, file, "--to", "config-map")
    assert 0 == done.returncode, done.stderr
    name = name_of(file)
    made = deployment.get("configmap", name)
    assert file.read_text(encoding="utf-8") == made["data"][f"{name}.json"]
    assert "both" == json.loads(made["data"][f"{name}.json.meta.json"])["origin"]["role"]
    notes = made["metadata"]["annotations"]
    assert (digest(file), str(file.stat().st_size)) == (
        notes["deploy.dsv4/expert-file-sha256"],
        notes["deploy.dsv4/expert-file-bytes"],
    )
    place = ("-n", deployment.namespace)
    with pytest.raises(AssertionError, match="field is immutable"):
        deployment.kubectl(
            "patch", "configmap", name, *place, "-p", json.dumps({"data": {f"{name}.json": "{}"}})
        )
    edited = deployment.spec.read_text(encoding="utf-8")
    deployment.spec.write_text(
        before, encoding="utf-8"
    )  # as if it had been stopped before the edit
    again = publish(deployment, file, "--to", "config-map")
    assert (0, True) == (again.returncode, "published already:" in again.stderr)
    assert edited == deployment.spec.read_text(encoding="utf-8")
    assert made["metadata"]["uid"] == deployment.get("configmap", name)["metadata"]["uid"]
    assert [] == asked(deployment)["diagnostics"]
    wrong = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}}
    for data, said in (
        ({}, "has no key"),
        ({f"{name}.json": "{}"}, "has SHA-256 44136fa355b3…, planned is"),
    ):
        deployment.kubectl("delete", "configmap", name, *place)
        deployment.kubectl("create", *place, "-f", "-", stdin=json.dumps({**wrong, "data": data}))
        assert said in only(asked(deployment), "expert-config-map-unusable")[0]
    deployment.kubectl("delete", "configmap", name, *place)
    assert "there is no ConfigMap" in only(asked(deployment), "expert-config-map-unusable")[0]


def test_what_somebody_else_made_stays(deployment: Deployment, file: Path) -> None:
    """Another ConfigMap under the name, or one that can still change, is refused; the spec stays."""
    before, place = deployment.spec.read_text(encoding="utf-8"), ("-n", deployment.namespace)
    name = name_of(file)
    deployment.kubectl("create", "configmap", name, *place, "--from-literal=a=b")
    done = publish(deployment, file, "--to", "config-map")
    assert 1 == done.returncode
    assert "was not made by `deploy experts publish`" in done.stderr
    assert {"a": "b"} == deployment.get("configmap", name)["data"]
    assert before == deployment.spec.read_text(encoding="utf-8")
    deployment.kubectl("delete", "configmap", name, *place)
    assert 0 == publish(deployment, file, "--to", "config-map").returncode
    made = deployment.get("configmap", name)
    del made["immutable"]
    deployment.kubectl("delete", "configmap", name, *place)
    del made["metadata"]["resourceVersion"], made["metadata"]["uid"]
    deployment.kubectl("create", "-f", "-", stdin=json.dumps(made))
    done = publish(deployment, file, "--to", "config-map")
    assert (1, True) == (done.returncode, "can be changed at any time" in done.stderr)


def test_who_may_not_is_told(deployment: Deployment, file: Path, tmp_path: Path) -> None:
    """A missing right is named with what grants it, and nothing is left behind or edited."""
    before = deployment.spec.read_text(encoding="utf-8")
    token = deployment.kubectl("create", "token", "-n", deployment.namespace, "default").strip()
    nobody = with_token(deployment, tmp_path, token)
    done = publish(deployment, file, "--to", "config-map", kubeconfig=nobody)
    assert 1 == done.returncode
    assert "may not create configmaps" in done.stderr
    done = publish(deployment, file, kubeconfig=member(deployment, tmp_path))
    assert 1 == done.returncode
    assert 'apiGroups ["batch"], resources [jobs], verbs [create]' in done.stderr
    assert ["kube-root-ca.crt"] == deployment.names("configmap")
    assert before == deployment.spec.read_text(encoding="utf-8")


def test_a_file_is_rolled_out_and_back(deployment: Deployment, file: Path) -> None:
    """A new file restarts both pools, a rollback brings its predecessor back, a delete keeps it."""
    assert 0 == deployment.deploy("apply", "--yes").returncode
    old = digest_of(deployment, "decode")
    assert 0 == publish(deployment, file, "--to", "config-map").returncode
    said = deployment.deploy("diff").stdout
    cause = f"    expert file: {old[:12]}… (dsv4-flash/synthetic-"
    assert 2 == said.count(cause)
    assert 2 == said.count(f" → {digest(file)[:12]}… (")
    assert "prefill\n  all 2 groups restart" in said
    assert "decode\n  the group restarts" in said
    assert 0 == deployment.deploy("apply", "--yes").returncode
    for pool in ("prefill", "decode"):
        group = deployment.get("lws", f"{NAME}-{pool}")["spec"]["leaderWorkerTemplate"]
        for part in {"leaderTemplate", "workerTemplate"} & group.keys():
            notes = group[part]["metadata"]["annotations"]
            assert digest(file) == notes["deploy.dsv4/expert-file-sha256"]
    path, first = f"{name_of(file)}.json", "dsv4-flash/synthetic-dsv4-flash.pt"
    files = listed(deployment)
    assert ({NAME: ["decode", "prefill"]}, {NAME: [2]}) == (
        {key: sorted(pools) for key, pools in files[path]["pools"].items()},
        files[path]["revisions"],
    )
    assert ({}, {NAME: [1]}, None) == (
        files[first]["pools"],
        files[first]["revisions"],
        files[first]["published"],
    )
    assert 0 == deployment.deploy("rollback", "--yes").returncode
    assert old == digest_of(deployment, "prefill") == digest_of(deployment, "decode")
    files = listed(deployment)
    assert ([], [2]) == (files[path]["pools"].get(NAME, []), files[path]["revisions"][NAME])
    assert [1, 3] == files[first]["revisions"][NAME]
    made = deployment.get("configmap", name_of(file))
    deployment.kubectl("delete", "configmap", "-n", deployment.namespace, name_of(file))
    done = deployment.deploy("rollback", "--yes", "--to", 2)
    assert (1, True) == (done.returncode, f"there is no ConfigMap {name_of(file)}" in done.stderr)
    assert old == digest_of(deployment, "prefill")
    del made["metadata"]["resourceVersion"], made["metadata"]["uid"]
    deployment.kubectl("create", "-f", "-", stdin=json.dumps(made))
    assert 0 == deployment.deploy("delete", "--yes").returncode
    assert name_of(file) in deployment.names("configmap")
    said = deployment.named("experts", "list", "-n", deployment.namespace).stdout
    assert f"{path} in ConfigMap {name_of(file)}\n" in said
    assert "\n  unused\n" in said


def test_a_job_writes_to_the_claim(deployment: Deployment, file: Path, tmp_path: Path) -> None:
    """A run that is killed leaves a Job that ends by itself; the next one makes all of it."""
    deployment.spec.write_text(deployment.spec.read_text(encoding="utf-8") + UNPLACED, "utf-8")
    before, path = deployment.spec.read_text(encoding="utf-8"), f"dsv4-flash/{name_of(file)}.json"
    running = started(deployment, file)
    eventually(lambda: " ".join(deployment.names("configmap")), f"{NAME}-publish-")
    running.kill()
    running.communicate()
    (left,) = deployment.names("job")
    assert 600 == deployment.get("job", left)["spec"]["ttlSecondsAfterFinished"]
    assert before == deployment.spec.read_text(encoding="utf-8")
    running, end = started(deployment, file), time.monotonic() + 30
    while running.poll() is None and time.monotonic() < end:
        ended(deployment, tmp_path)
    said = running.communicate()
    assert 0 == running.returncode, said
    written = tmp_path / "claim" / path
    assert file.read_bytes() == written.read_bytes()
    assert [written.name] == [one.name for one in written.parent.iterdir()]
    (one,) = listed(deployment).values()
    assert ("expert-distribution", path, digest(file), {}) == (
        one["claim"],
        one["path"],
        one["sha256"],
        one["pools"],
    )
    assert f"    path: {path}\n" in deployment.spec.read_text(encoding="utf-8")
    assert [left] == deployment.names("job")
    deployment.kubectl("delete", "job", left, "-n", deployment.namespace)
    eventually(lambda: f"{len(deployment.names('configmap'))} with the root's", "2 with the root's")


def started(deployment: Deployment, file: Path) -> subprocess.Popen[str]:
    """Start publishing onto the claim that the spec names."""
    deploy = deployment.command("experts")[0]
    return subprocess.Popen(
        [deploy, "experts", "publish", file, "--spec", deployment.spec],
        env=deployment.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_the_job_says_is_told(deployment: Deployment, tmp_path: Path) -> None:
    """Other bytes on the claim, a pod that finds no place, and one that ends without a word."""
    deployment.spec.write_text(deployment.spec.read_text(encoding="utf-8") + UNPLACED, "utf-8")
    plan = planned(deployment.spec.read_text(encoding="utf-8"), deployment.spec.parent)
    assert plan
    about = ("c", deployment.namespace, "expert-distribution", "flash/f.json")
    record = Published(*about, hashlib.sha256(b"{}").hexdigest(), 2, "m", "f.json", "1")
    api, quick = connect(deployment.kubeconfig), Clock(sleep=lambda _: time.sleep(0.05))

    def told(plan: Any, seconds: int) -> str:
        with pytest.raises(RefusedError) as raised:
            store(api, plan, record, b"{}", seconds=seconds, say=lambda _: played(), clock=quick)
        return str(raised.value)

    def played() -> None:
        if other.exists():
            ended(deployment, tmp_path)

    other = tmp_path / "claim" / "flash" / "f.json"
    assert "nodes are available" in told(plan, 1)
    other.parent.mkdir(parents=True)
    other.write_text("other")
    assert "f.json is there already with SHA-256" in told(plan, 20)
    assert "other" == other.read_text()
    placed = planned(
        deployment.spec.read_text(encoding="utf-8").removesuffix(UNPLACED), deployment.spec.parent
    )
    assert "ended without a word" in told(placed, 20)
    index = config_map(record, None, None)
    assert [True, False] == [create(api, index), create(api, index)]
    other_path = config_map(replace(record, path="flash/g.json"), None, None)
    with pytest.raises(RefusedError, match=r"tells of flash/f.json on claim expert-distribution"):
        create(api, other_path)
    assert [] == deployment.names("job")


def test_a_mebibyte_is_what_fits(deployment: Deployment, kubectl: Kubectl) -> None:
    """The server takes values of 1 MiB whatever their keys, and not one byte more."""
    api, about = connect(deployment.kubeconfig), {"name": "a", "namespace": deployment.namespace}
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about}
    half, rest = "a" * (LIMIT // 2), base64.b64encode(b"b" * (LIMIT // 2)).decode()
    api.create({**one, "data": {"k" * 200: half}, "binaryData": {"b": rest}}, dry_run=True)
    with pytest.raises(RefusedError, match=f"{LIMIT}"):
        api.create({**one, "data": {"k": f"{half}a"}, "binaryData": {"b": rest}}, dry_run=True)
    assert "a" not in kubectl("get", "configmap", "-n", deployment.namespace, "-o", "name").split(
        "/"
    )
