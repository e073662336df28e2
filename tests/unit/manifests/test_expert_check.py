"""The init container's script, run for real: a pod starts only on the file the plan was made for."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from orchestrator.templates import template


def run(file: Path, digest: str) -> subprocess.CompletedProcess[str]:
    script = template("check-expert-file.sh").replace("/dev/termination-log", f"{file}.log")
    command = ["sh", "-ec", script, "check-expert-file", str(file), digest]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "experts.pt"
    path.write_bytes(b"counts")
    return path


def test_planned_file_passes(file: Path) -> None:
    """The right digest lets the pod go on; so does an unknown one, if there is something to read."""
    digest = hashlib.sha256(b"counts").hexdigest()
    assert [0, 0] == [run(file, digest).returncode, run(file, "").returncode]


def test_other_file_stops_the_pod_and_says_so(file: Path) -> None:
    """Both digests are in the termination message."""
    wanted = "0" * 64
    result = run(file, wanted)
    said = Path(f"{file}.log").read_text()
    assert result.returncode == 1
    assert wanted in said
    assert hashlib.sha256(b"counts").hexdigest() in said


def test_missing_and_empty_files_stop_the_pod(file: Path) -> None:
    """A file that is not published, or published empty, is told before any GPU work."""
    missing = run(file.with_name("other.pt"), "")
    file.write_bytes(b"")
    empty = run(file, "")
    assert [1, 1] == [missing.returncode, empty.returncode]
    assert "is not on the volume" in missing.stderr
    assert "is empty" in empty.stderr
