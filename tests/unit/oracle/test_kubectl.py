"""kubectl is driven as a user would, and each of its failures is one line.

No cluster is here: a small FAKE `kubectl` answers from files. It knows nothing of Kubernetes, so
what these tests show is our side alone.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.oracle.kubectl import ClusterError, run_job
from tests.unit.cli.test_cli import deploy
from tests.unit.oracle.test_job import asked_of, check_objects

FAKE = """#!/bin/sh
# A FAKE: notes what it is asked, and answers from the files of one folder.
echo "$*" >> "$FAKE_KUBECTL/asked"
shift 3
case "$1" in
  apply) cat > "$FAKE_KUBECTL/applied"; name=apply ;;
  get) name="get-${2%%/*}" ;;
  logs) name="logs-$4" ;;
  *) name="$1" ;;
esac
if [ -e "$FAKE_KUBECTL/$name.err" ]; then cat "$FAKE_KUBECTL/$name.err" >&2; exit 1; fi
[ ! -e "$FAKE_KUBECTL/$name" ] || cat "$FAKE_KUBECTL/$name"
"""

NOT_YET = "error: timed out waiting for the condition on jobs/x\n"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the FAKE's answers; without any, it does everything in silence."""
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(FAKE, encoding="utf-8")
    program.chmod(0o755)
    folder = tmp_path / "fake"
    folder.mkdir()
    monkeypatch.setenv("FAKE_KUBECTL", str(folder))
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return folder


def answer(fake: Path, **texts: Any) -> None:
    for name, text in texts.items():
        said = text if isinstance(text, str) else json.dumps(text)
        (fake / name.replace("__", ".").replace("_", "-")).write_text(said, encoding="utf-8")


def pod(**status: Any) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": "pod-1"}, "status": status}]}


def running(reason: str, message: str) -> dict[str, Any]:
    why = {"waiting": {"reason": reason, "message": message}}
    return pod(containerStatuses=[{"name": "decode", "state": why}])


def job(reason: str = "") -> dict[str, Any]:
    conditions = [{"type": "Failed", "status": "True", "reason": reason}] if reason else []
    return {"metadata": {"name": "x"}, "status": {"conditions": conditions}}


def verbs(fake: Path) -> list[str]:
    asked = (fake / "asked").read_text(encoding="utf-8").splitlines()
    return [line.split()[3] for line in asked]


def checked(*, seconds: float = 10.0, told: list[str] | None = None) -> dict[str, str]:
    said = [] if told is None else told
    return run_job(check_objects(*asked_of()), seconds=seconds, say=said.append)


def test_logs_of_a_finished_job_come_back(fake: Path) -> None:
    """Objects are applied as they are, logs are read by container, and everything is deleted."""
    answer(fake, logs_decode="d\n", logs_prefill="p\n")
    assert {"prefill": "p\n", "decode": "d\n"} == checked()
    assert check_objects(*asked_of()) == json.loads((fake / "applied").read_text())["items"]
    assert ["apply", "wait", "logs", "logs", "delete"] == verbs(fake)


def test_logs_of_a_failed_job_come_back(fake: Path) -> None:
    """A container that failed has said why: its log is read, too."""
    answer(fake, wait__err=NOT_YET, get_job=job("BackoffLimitExceeded"), logs_decode="Killed\n")
    assert "Killed\n" == checked()["decode"]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {
                "apply__err": 'Error from server (Forbidden): jobs.batch is forbidden: User "a" cannot'
            },
            r"not allowed to apply job/\S+ in namespace \S+: .*jobs\.batch is forbidden",
        ),
        (
            {
                "apply__err": "E1124 22:03:45 memcache.go: x\nThe connection to the server a was refused"
            },
            r"cannot apply job/\S+ in namespace \S+: no cluster answers kubectl: The connection",
        ),
        (
            {"apply__err": 'Error from server (NotFound): namespaces "a" not found'},
            r'cannot apply job/\S+ in namespace \S+: Error from server \(NotFound\): namespaces "a"',
        ),
        (
            {
                "wait__err": NOT_YET,
                "get_job": job(),
                "get_pods": running("ErrImagePull", "manifest\nunknown"),
            },
            r"pod pod-1 in namespace \S+ cannot start container decode: ErrImagePull: manifest unknown",
        ),
        (
            {"wait__err": NOT_YET, "get_job": job("DeadlineExceeded"), "get_pods": {"items": []}},
            r"job/\S+ in namespace \S+ did not end in time: no pod of it is there yet",
        ),
        (
            {"wait__err": 'Error from server (NotFound): jobs "x" not found'},
            r"cannot wait for job/\S+ in namespace \S+: .*not found",
        ),
    ],
)
def test_failure_is_one_line_and_nothing_stays(
    answers: dict[str, Any], said: str, fake: Path
) -> None:
    """What kubectl or the pod says is told with the object's name, and the objects are deleted."""
    answer(fake, **answers)
    with pytest.raises(ClusterError, match=said) as failure:
        checked()
    assert "\n" not in str(failure.value)
    assert "delete" == verbs(fake)[-1]


def test_waiting_ends(fake: Path) -> None:
    """A Job that the cluster neither runs nor ends is given up, with the scheduler's reason."""
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes: no claim"}
    answer(fake, wait__err=NOT_YET, get_job=job(), get_pods=pod(conditions=[unscheduled]))
    with pytest.raises(ClusterError, match="in time: pod pod-1 is not scheduled: 0/3 nodes"):
        checked(seconds=-1)


def test_interrupted_check_is_deleted(fake: Path) -> None:
    """Ctrl-C while waiting deletes the objects first."""
    answer(fake, wait__err=NOT_YET, get_job=job(), get_pods=pod(phase="Running"))

    def interrupt(state: str) -> None:
        assert "pod pod-1 is Running" in state
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(check_objects(*asked_of()), seconds=60, say=interrupt)
    assert "delete" == verbs(fake)[-1]


def test_objects_that_stay_are_told(fake: Path) -> None:
    """A deletion that fails takes nothing from the answers, but is said."""
    answer(fake, delete__err="Error from server (Forbidden): no", logs_decode="d\n")
    told: list[str] = []
    assert "d\n" == checked(told=told)["decode"]
    assert "not allowed to delete configmap/" in told[0]


def test_missing_kubectl_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without kubectl nothing is tried."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="needs kubectl, and there is none on PATH"):
        checked()


CONFIG = Path(__file__).parents[3] / "configs" / "flash-pd-h200.yaml"


def test_report_of_the_image_is_the_users(fake: Path) -> None:
    """The verb reports the image's word, and warns where the image holds another release."""
    start = json.dumps({"error": "", "sglang": "0.5.22", "import_env": []})
    refused = json.dumps({"verdict": "refused", "error": "no --page-size", "import_env": []})
    answer(fake, logs_decode=f"{start}\n{refused}\n", logs_prefill=f"{start}\n")
    done = deploy("validate", CONFIG, "--engine=cluster")
    assert 1 == done.returncode, done.stderr
    for said in (
        "engine: SGLang 0.5.22, asked in lmsysorg/sglang:v0.5.23 in the cluster, no GPU",
        "SGLang 0.5.22 refuses to start: no --page-size",
        "warning[ENG824]",
        "the image holds SGLang 0.5.22, not the 0.5.23 that engine.sglang names",
        "warning[ENG823]",
        "the check ended before it came to this",
    ):
        assert said in done.stdout
    assert "run `deploy validate SPEC --engine=cluster`" not in done.stdout


def test_failed_check_is_one_line_of_the_verb(fake: Path) -> None:
    """The verb ends with exit code 2 and the reason, without a report."""
    answer(fake, apply__err="The connection to the server a was refused")
    done = deploy("validate", CONFIG, "--engine=cluster")
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.splitlines()[-1].startswith(
        "deploy: cannot apply job/dsv4-flash-engine-check-"
    )


def test_spec_behind_a_bare_flag_is_not_taken_for_a_place() -> None:
    """`--engine SPEC` says what to write instead."""
    done = deploy("validate", "--engine", CONFIG)
    assert 2 == done.returncode
    assert "is neither local nor cluster; write SPEC first, or --engine=local" in done.stderr
