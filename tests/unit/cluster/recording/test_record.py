"""`deploy experts record` from start to stop, and what it refuses before anything is started."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from orchestrator.cli.terminal import UserError
from orchestrator.cluster.recording import load
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.written import Metadata, read_metadata
from orchestrator.names import LEADER_LABEL
from tests.recorded_deployments import PROMPTS, Deployed, counted

Deploy = Callable[..., AbstractContextManager[Deployed]]


def read(path: Path) -> tuple[list[list[int]], Metadata]:
    found = read_expert_file(path)
    about = read_metadata(path, found.sha256)
    assert about
    return [list(map(int, row)) for row in found.totals], about


def test_every_token_comes_home_once(deployed: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    """Each role's file is the sum over its leaders; nothing records, and no Job is left."""
    with deployed() as here:
        assert 0 == here.record()
        prefill, about = read(here.output / "dsv4-trial-prefill.json")
        decode, other = read(here.output / "dsv4-trial-decode.json")
        assert counted([*PROMPTS.split(), *PROMPTS.split()]) == prefill == decode
        assert ([], {}) == (here.cluster.recording, here.cluster.jobs)
        assert all(one.got[0] == ("GET", "/server_info") for one in here.cluster.leaders.values())
    assert ([2, 2], 4) == ([one.steps for one in about.sources], about.steps)
    assert (1, "decode", "decode") == (
        len(other.sources),
        other.origin.role,
        other.origin.pools[0].name,
    )
    origin, pool = about.origin, about.origin.pools[0]
    assert ("/models/tiny", None, "0.5.23") == (origin.model, origin.revision, origin.sglang)
    assert (2, 2, 2, "normal", "stat") == (
        pool.replicas,
        pool.tp,
        pool.attention_dp,
        pool.deepep_mode,
        pool.recorder_mode,
    )
    said = capsys.readouterr()
    assert (
        "dsv4-trial-prefill.json: 4 layers × 64 experts, 240 choices counted in 4 forward"
        in said.out
    )
    assert said.err.endswith(
        "dsv4-trial-decode-0 wrote what it counted\nnothing records any more\n"
    )


def test_a_role_is_recorded_alone(deployed: Deploy) -> None:
    """The other pool's recorder is not even asked."""
    with deployed() as here:
        assert 0 == here.record(role="decode")
        assert ["dsv4-trial-decode.json"] == sorted(
            one.name for one in here.output.iterdir() if not one.name.endswith(".meta.json")
        )
        asked = {path for one in here.cluster.of("prefill") for _, path in one.got}
        assert {"/generate"} == asked


def test_older_dumps_are_not_taken(deployed: Deploy) -> None:
    """What was in the folder before, whoever dumped it, is no part of the recording."""
    with deployed() as here:
        (leader,) = here.cluster.of("decode")
        leader.start()
        leader.forward([1, 2, 3])
        leader.dump()
        assert 0 == here.record(role="decode")
        assert counted([*PROMPTS.split()] * 2) == read(here.output / "dsv4-trial-decode.json")[0]


def test_a_dump_that_is_missing_is_missed(
    deployed: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a leader's file is not on the claim, the others' sum is no recording."""
    with deployed() as here:
        here.cluster.of("prefill")[1].folder = here.folder / "elsewhere"
        assert 1 == here.record(role="prefill")
        assert [] == [*here.output.iterdir(), *here.cluster.recording, *here.cluster.jobs]
    assert "/prefill: 1 new dumps, expected 2\n" in capsys.readouterr().err


def test_a_job_needs_no_gpu_and_stays_near(deployed: Deploy) -> None:
    """It mounts the recordings alone, without a GPU, best on the leader's node, and is no engine."""
    with deployed() as here:
        assert 0 == here.record(role="decode")
        listed, read_ = here.cluster.made
        spec = read_["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
        assert [{"name": "v", "mountPath": "/recordings", "readOnly": True}] == container[
            "volumeMounts"
        ]
        assert "recordings" == spec["volumes"][0]["persistentVolumeClaim"]["claimName"]
        near = spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        assert ["node-of-dsv4-trial-decode-0"] == near[0]["preference"]["matchFields"][0]["values"]
        labels = read_["spec"]["template"]["metadata"]["labels"]
        assert not {"deploy.dsv4/pool", "deploy.dsv4/role", LEADER_LABEL} & set(labels)
        assert listed["metadata"]["name"] != read_["metadata"]["name"]


def test_an_engine_that_does_not_record_is_not_asked_to(
    deployed: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its scheduler would die of it: the field to set is named, and it is alive afterwards."""
    with deployed() as here:
        here.cluster.of("prefill")[1].mode = None
        assert 1 == here.record()
        paths = [path for one in here.cluster.leaders.values() for _, path in one.got]
        assert {"/server_info"} == set(paths)
        assert not any(one.dead for one in here.cluster.leaders.values())
    assert (
        "dsv4-trial-prefill-1 was not started to record: set `pools[0].recorder` (mode and claim) in "
        "the spec and `deploy apply` it, which restarts pool prefill\n"
    ) in capsys.readouterr().err


@pytest.mark.parametrize(
    "info",
    [
        {"enable_eplb": True},
        {"expert_balancedness_report_mode": "both"},
        {"enable_expert_distribution_metrics": True},
    ],
)
def test_counts_of_others_are_not_taken(
    deployed: Deploy, capsys: pytest.CaptureFixture[str], info: dict[str, object]
) -> None:
    """Online EPLB and the balancedness report count with the same recorder: it is left alone."""
    with deployed() as here:
        here.cluster.of("decode")[0].info |= info
        assert 1 == here.record()
        assert [] == [path for one in here.cluster.leaders.values() for _, path in one.got[1:]]
    assert "which counts with the same recorder all the time" in capsys.readouterr().err


def test_leaders_must_be_there_ready_and_as_the_spec_says(
    deployed: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing leader, one that is not ready, and one that writes elsewhere are each told by name."""
    with deployed() as here:
        pod = here.cluster.pods[1]
        here.cluster.pods.remove(pod)
        assert 1 == here.record()
        here.cluster.pods.insert(1, pod)
        (env,) = (
            one
            for one in pod["spec"]["containers"][0]["env"]
            if one["value"] == "/recordings/prefill"
        )
        env["value"] = "/tmp"  # noqa: S108 - where the engine writes where nothing is said
        assert 1 == here.record()
        pod["status"]["conditions"][0]["status"] = "False"
        pod["status"]["phase"] = "Running"
        assert 1 == here.record()
        assert [] == here.cluster.recording
    missing, elsewhere, waits = capsys.readouterr().err.splitlines()
    assert "pool prefill has 1 leaders in namespace default, the spec says 2" in missing
    assert (
        "dsv4-trial-prefill-1 does not run as the spec says: SGLANG_EXPERT_DISTRIBUTION_"
        in elsewhere
    )
    assert "is /tmp, the spec makes it /recordings/prefill" in elsewhere
    assert "dsv4-trial-prefill-1 is not ready: started, not ready yet" in waits


KEYS = r"""
  admin_api_key: {secret: keys, key: admin}
  api_key: {secret: keys, key: api}"""


def test_an_engine_with_keys_is_asked_from_a_pod(
    deployed: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API server passes no key on, so a pod has it from the Secret; ours never sees it."""
    with deployed(**{r"sglang: \"0.5.23\"": 'sglang: "0.5.23"' + KEYS}) as here:
        cluster = here.cluster
        cluster.secrets = {("keys", "admin"): "sesame", ("keys", "api"): "client"}
        for leader in cluster.leaders.values():
            leader.keys = {"admin": "sesame", "api": "client"}
        monkeypatch.setattr(load, "wait", lambda *_: cluster.of("decode")[0].forward(b"abc"))
        assert 0 == here.record("--duration", "5", role="decode")
        assert counted(["abc"]) == read(here.output / "dsv4-trial-decode.json")[0]
        assert ([], {}) == (cluster.recording, cluster.jobs)
        assert "sesame" not in str(cluster.made)
        with pytest.raises(UserError, match=r"engine.api_key is set"):
            here.record("--duration", "5", "--synthetic", "10,1")


def test_a_wrong_key_is_told(deployed: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    """What the engine says is told with the pod and the endpoint, and the way to stop it by hand."""
    admin = "\n  admin_api_key: {secret: keys, key: admin}"
    with deployed(**{r"sglang: \"0.5.23\"": f'sglang: "0.5.23"{admin}'}) as here:
        here.cluster.secrets = {("keys", "admin"): "old"}
        here.cluster.of("decode")[0].keys = {"admin": "new", "api": None}
        assert 1 == here.record(role="decode")
        assert [] == here.cluster.recording
    said = capsys.readouterr().err
    assert (
        "dsv4-trial-decode-0 answered 401 POST /start_expert_distribution_record: "
        '{"error": "Unauthorized"}'
    ) in said
    assert "kubectl exec -n default dsv4-trial-decode-0 -c engine -- sh -c 'curl" in said


def test_behind_a_network_policy_a_pod_asks(deployed: Deploy) -> None:
    """Only pods of the deployment are let near the engines, so one of them asks."""
    change = {r"router: \{": "objects: {network_policy: true}\nrouter: {"}
    with deployed(**change) as here:
        assert 0 == here.record(role="decode")
        scripts = [one["spec"]["template"]["spec"]["containers"][0] for one in here.cluster.made]
        asked = [
            one["command"][5].rpartition("/")[2] for one in scripts if len(one["command"]) == 6
        ]
        verbs = [f"{verb}_expert_distribution_record" for verb in ("start", "dump", "stop")]
        assert ["server_info", *verbs] == [word for word in asked if word != "decode"]
        assert (
            here.cluster.made[0]["metadata"]["labels"]["app.kubernetes.io/instance"] == "dsv4-trial"
        )


def test_nothing_counted_is_nothing_written(
    deployed: Deploy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without traffic the recording is refused, also where only one role of two had none."""
    with deployed() as here:
        monkeypatch.setattr(load, "wait", lambda *_: here.cluster.of("prefill")[0].forward([1]))
        assert 1 == here.record("--duration", "5")
        assert [] == list(here.output.iterdir())
    assert "pool decode counted nothing: no request reached it" in capsys.readouterr().err


def test_an_order_to_end_is_an_interrupt(deployed: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM and SIGHUP stop the recorders like Ctrl-C; afterwards they mean what they meant."""
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)]
    with deployed() as here:
        for number in (signal.SIGTERM, signal.SIGHUP):
            monkeypatch.setattr(load, "wait", lambda *_, n=number: os.kill(os.getpid(), n))
            with pytest.raises(KeyboardInterrupt):
                here.record("--duration", "5")
            assert [] == here.cluster.recording
            assert all("/stop" in one.got[-1][1] for one in here.cluster.leaders.values())
    assert before == [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)]


@pytest.mark.parametrize(
    ("words", "role", "said"),
    [
        (("--requests", "3"), "both", "--requests needs --prompts or --synthetic"),
        (("--duration", "3", "--prompts", "none.txt"), "both", "none.txt: No such file"),
        (("--duration", "3"), "both", r"dsv4-trial-decode.json is there already"),
    ],
)
def test_what_cannot_be_done_is_said_before(
    deployed: Deploy, words: tuple[str, ...], role: str, said: str
) -> None:
    """Wrong input is found before the cluster is asked for anything."""
    with deployed() as here:
        here.output.mkdir()
        (here.output / "dsv4-trial-decode.json").write_text("mine", encoding="utf-8")
        with pytest.raises(UserError, match=said):
            here.record(*words, role=role)
        assert all(not one.got for one in here.cluster.leaders.values())


def test_a_pool_without_a_recorder_is_told_by_the_spec(deployed: Deploy) -> None:
    """No cluster is needed to see it."""
    change = {r"max_running_requests": "max_running_requests"}
    with deployed(**change) as here:
        text = here.spec.read_text(encoding="utf-8")
        line = "    recorder: {mode: stat, claim: recordings}\n"
        before, _, after = text.rpartition(line)
        here.spec.write_text(before + after, encoding="utf-8")
        with pytest.raises(
            UserError, match=r"pool decode does not record: set `pools\[1\].recorder`"
        ):
            here.record()
        assert 0 == here.record(role="prefill")
