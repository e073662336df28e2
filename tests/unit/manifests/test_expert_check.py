"""The init container's script, run for real: a pod starts only on the file the plan was made for."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.templates import template

DIGEST = hashlib.sha256(b"counts").hexdigest()
SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]


def run(file: Path, digest: str, shell: str = "sh") -> tuple[int, str]:
    """Return the exit code and the termination message, which is what stands on stderr too."""
    log = file.with_name("termination-log")
    log.unlink(missing_ok=True)
    script = template("check-expert-file.sh").replace("/dev/termination-log", str(log))
    command = [shell, "-ec", script, "check-expert-file", str(file), digest]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = log.read_text() if log.exists() else ""
    assert said in done.stderr
    return done.returncode, said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "experts.pt"
    path.write_bytes(b"counts")
    return path


@pytest.mark.parametrize("shell", SHELLS)
def test_planned_file_passes(file: Path, shell: str) -> None:
    """The right digest lets the pod go on; so does an unknown one, if there is something to read."""
    assert [(0, ""), (0, "")] == [run(file, DIGEST, shell), run(file, "", shell)]


def test_a_file_behind_links_passes(file: Path) -> None:
    """A ConfigMap's keys are links into a folder that is itself a link."""
    data = file.with_name("..2026")
    data.mkdir()
    file.rename(data / file.name)
    file.with_name("..data").symlink_to(data.name)
    file.symlink_to(f"..data/{file.name}")
    assert (0, "") == run(file, DIGEST)


@pytest.mark.parametrize("shell", SHELLS)
def test_other_file_stops_the_pod_and_says_so(file: Path, shell: str) -> None:
    """Both digests are in the termination message."""
    wanted = "0" * 64
    code, said = run(file, wanted, shell)
    assert 1 == code
    assert f"{file} has SHA-256 {DIGEST}, planned for {wanted}: another file was" in said


def nothing(file: Path) -> None:
    """Nobody published it."""
    file.unlink()


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("..data/experts.pt")


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def empty(file: Path) -> None:
    file.write_bytes(b"")


WRONG = {
    "is not on the volume: publish it": nothing,
    "is a link to what is not there": dangling,
    "is a directory: correct experts.distribution.path": folder,
    "is empty: publish it again": empty,
}


@pytest.mark.parametrize("digest", [DIGEST, ""])
@pytest.mark.parametrize("said", WRONG)
def test_what_is_no_file_stops_the_pod(file: Path, said: str, digest: str) -> None:
    """Each is told as what it is, whether a digest is planned or not."""
    WRONG[said](file)
    code, message = run(file, digest)
    assert (1, True) == (code, message.startswith(f"expert-distribution file {file} {said}"))
    assert 1 == len(message.splitlines())


def test_a_file_of_somebody_else_stops_the_pod(file: Path) -> None:
    """Who may not read it is told so; root reads anything here, so another user looks."""
    file.chmod(0)
    if os.geteuid():
        code, said = run(file, DIGEST)
    else:
        for above in file.parents:
            if above.stat().st_mode & 0o005 != 0o005:  # pytest's own are for one user
                above.chmod(above.stat().st_mode | 0o055)
        log = file.with_name("termination-log")
        log.touch()
        log.chmod(0o666)
        script = template("check-expert-file.sh").replace("/dev/termination-log", str(log))
        done = subprocess.run(
            ["sh", "-ec", script, "check-expert-file", str(file), DIGEST],
            capture_output=True,
            check=False,
            user=65534,
            group=65534,
            extra_groups=[],
        )
        code, said = done.returncode, log.read_text()
    assert (1, True) == (code, "cannot be read: check its owner and mode" in said)


def test_a_file_that_cannot_be_summed_stops_the_pod(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the middle of reading is no other file."""
    broken = file.with_name("bin") / "sha256sum"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'sha256sum: Input/output error' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    code, said = run(file, DIGEST)
    assert (1, True) == (code, "cannot be read to its end" in said)
