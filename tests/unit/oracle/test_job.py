"""What the check's ConfigMap and Job hold, and that the script in them says how it ended."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.oracle.job import LIMIT, check_objects
from orchestrator.oracle.prepared import read_log
from orchestrator.oracle.requests import NotAskableError, RankRequest, askable
from orchestrator.rules.examples import bases, merge
from orchestrator.spec.cluster import ClusterSpec
from tests.oracle import kubelet
from tests.unit.engine.check.conftest import MINIATURE, environment_of

Asked = dict[str, tuple[RankRequest, ...]]


def asked_of(**changes: Any) -> tuple[ClusterSpec, Asked]:
    text = yaml.safe_dump(merge(copy.deepcopy(bases()["pd"]), changes), sort_keys=False)
    loaded = load_text(text, file="spec.yaml", folder=Path())
    assert loaded.spec, loaded.diagnostics
    return loaded.spec, askable(loaded.spec, gather(loaded.spec, Path()), Path())


def pod_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    pod: dict[str, Any] = objects[1]["spec"]["template"]["spec"]
    return pod


def test_job_asks_for_no_gpu_and_no_token() -> None:
    """A container a pool from the spec's own image, with nothing that binds it to GPUs or the API."""
    spec, asked = asked_of(engine={"pull_secrets": ["registry"]})
    objects = check_objects(spec, asked)
    pod = pod_of(objects)
    assert list(asked) == [one["name"] for one in pod["containers"]]
    for container in pod["containers"]:
        assert spec.engine.image == container["image"]
        assert {"requests"} == container["resources"].keys()
        assert {"cpu", "memory"} == container["resources"]["requests"].keys()
        env = {one["name"]: one["value"] for one in container["env"]}
        assert ("", "void") == (env["CUDA_VISIBLE_DEVICES"], env["NVIDIA_VISIBLE_DEVICES"])
    assert [{"name": "registry"}] == pod["imagePullSecrets"]
    assert (False, "Never") == (pod["automountServiceAccountToken"], pod["restartPolicy"])
    assert 0 == objects[1]["spec"]["backoffLimit"]
    assert objects[0]["metadata"] == objects[1]["metadata"]


def test_secrets_are_not_handed_to_the_check() -> None:
    """Only plain variables of the pods are the check's; texts with `$(` stay as they are."""
    secret = {"PASS": {"secret": "s", "key": "k"}, "PRICE": "$(HOME)"}
    objects = check_objects(*asked_of(pod={"env": secret}))
    for container in pod_of(objects)["containers"]:
        env = {one["name"]: one for one in container["env"]}
        assert "PASS" not in env
        assert "$$(HOME)" == env["PRICE"]["value"]
        assert all(one.keys() == {"name", "value"} for one in container["env"])


def test_real_expert_file_is_judged() -> None:
    """The claim stands read-only where the pods have it, and the engine reads the file there."""
    file = {"claim": "recordings", "path": "flash/1.pt", "mount": "/maps"}
    objects = check_objects(*asked_of(experts={"distribution": file}))
    pod = pod_of(objects)
    claim = {"claimName": "recordings", "readOnly": True}
    assert {"name": "experts", "persistentVolumeClaim": claim} in pod["volumes"]
    mount = {"name": "experts", "mountPath": "/maps", "readOnly": True}
    assert all(mount in one["volumeMounts"] for one in pod["containers"])
    lines = objects[0]["data"]["requests-decode.jsonl"].splitlines()
    assert {"/maps/flash/1.pt": "/maps/flash/1.pt"} == json.loads(lines[0])["files"]


def test_a_config_map_is_judged_as_a_claim_is() -> None:
    """The engine reads the file where the pods have it."""
    home = {"claim": None, "access": None, "config_map": "flash-0123", "path": "flash-0123.json"}
    pod = pod_of(check_objects(*asked_of(experts={"distribution": home})))
    assert {"name": "experts", "configMap": {"name": "flash-0123"}} in pod["volumes"]


def test_names_stay_labels() -> None:
    """The longest name is cut to a label's 63; another spec's check has another name."""
    long = "a" * 60
    names = {
        check_objects(*asked_of(name=long, transfer={"bootstrap_port": port}))[1]["metadata"][
            "name"
        ]
        for port in (8998, 8999)
    }
    assert 2 == len(names)
    assert all(len(name) <= 63 and "-engine-check-" in name for name in names)


def test_more_than_a_config_map_holds_is_refused() -> None:
    """The API server would take no part of it; both sizes are told."""
    spec, asked = asked_of()
    asked["decode"] *= 200
    with pytest.raises(NotAskableError, match=rf"take \d+ bytes, and a ConfigMap holds {LIMIT}"):
        check_objects(spec, asked)


def ran(engine: EngineEnvironment, home: Path, env: dict[str, str]) -> str:
    spec, asked = asked_of()
    one = asked["decode"][0]
    objects = check_objects(
        spec, {"decode": (replace(one, request=replace(one.request, env=env)),)}
    )
    kubelet.lay_out(objects, home / "check")
    return kubelet.run(pod_of(objects)["containers"][0], home / "check", engine, home)


def test_script_answers_without_the_engines_noise(tmp_path: Path) -> None:
    """Laid out and run as a container would, it writes a start line and an answer, and nothing else."""
    engine = environment_of(MINIATURE, tmp_path / "base")
    quiet = engine.python.read_text(encoding="utf-8")
    engine.python.write_text(quiet.replace("exec", "echo noise >&2\nexec"), encoding="utf-8")
    said = ran(engine, tmp_path, {})
    log = read_log(said)
    assert log.start
    assert ("", "", 1) == (log.start["error"], log.last_words, len(log.answers))
    assert log.start.keys() >= {"sglang"}


def test_script_tells_why_it_failed(tmp_path: Path) -> None:
    """Where the script ends early, the last lines of its errors are in the log."""
    engine = environment_of(MINIATURE, tmp_path / "base")
    engine.python.write_text("#!/bin/sh\necho no such image >&2\nexit 3\n", encoding="utf-8")
    assert "no such image\n" == ran(engine, tmp_path, {})
