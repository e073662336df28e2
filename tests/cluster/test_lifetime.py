"""A control plane ends with whom it was started for, stands beside others, and says why it cannot."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts.control_plane import background, state
from scripts.control_plane.processes import StartError
from scripts.control_plane.state import ControlPlane

ROOT = Path(__file__).parents[2]
STARTER = """
import sys, time
from pathlib import Path
from scripts.control_plane.background import started
from scripts.control_plane.state import to_line
with started(Path(sys.argv[1])) as plane:
    print(to_line(plane), flush=True)
    time.sleep(600)
"""
PROGRAMS = {
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "lws-controller",
}


def children(supervisor: int) -> dict[int, str]:
    """Return the programs of a supervisor by process id."""
    ids = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text(encoding="utf-8").split()
    return {int(one): Path(f"/proc/{one}/exe").resolve().name for one in ids}


def gone(process: int) -> bool:
    """Return whether a process has ended; one that nobody has waited for yet counts as ended."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] in {"Z", "X"}


def listening(plane: ControlPlane) -> bool:
    """Return whether anybody answers where the API server was."""
    place = urlsplit(plane.url)
    with socket.socket() as probe:
        return probe.connect_ex((place.hostname, place.port)) == 0


def wait_for_end(plane: ControlPlane, programs: dict[int, str]) -> None:
    """Return once nothing of a control plane is left: process, port, claim on the folder."""
    deadline = time.monotonic() + 20
    while left := [
        *(name for process, name in programs.items() if not gone(process)),
        *(["supervisor"] if not gone(plane.supervisor) or state.holder(plane.folder) else []),
        *(["port"] if listening(plane) else []),
    ]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    assert state.running(plane.folder) is None


@pytest.mark.parametrize("killed", ["test run", "supervisor"])
def test_nothing_outlives_a_kill(control_plane: ControlPlane, tmp_path: Path, killed: str) -> None:
    """SIGKILL of the process it was started for, or of its own, ends it all; one beside it runs on."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout
        plane = state.from_line(starter.stdout.readline())
        programs = children(plane.supervisor)
        assert set(programs.values()) == PROGRAMS
        assert plane.url != control_plane.url
        assert plane.pods != control_plane.pods
        victim = starter.pid if killed == "test run" else plane.supervisor
        os.kill(victim, signal.SIGKILL)
        try:
            wait_for_end(plane, programs)
        finally:
            starter.kill()
    assert listening(control_plane)


def test_up_runs_until_down(tmp_path: Path) -> None:
    """The commands: a second `up` starts nothing, `down` ends all and may be repeated."""

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        whole = [sys.executable, "-m", "scripts.control_plane", *words, "--folder", str(tmp_path)]
        return subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=False)

    assert command("status").returncode == 1
    first = command("up", "--nodes", "3")
    plane = state.running(tmp_path)
    assert plane, first.stderr
    try:
        assert first.stdout.startswith("# Ready after ")
        programs = children(plane.supervisor)
        second = command("up")
        assert "It runs already" in second.stdout
        assert f"export KUBECONFIG={plane.kubeconfig}" in second.stdout
        assert state.running(tmp_path) == plane
        assert command("status").stdout in second.stdout
        assert plane.nodes == 3
    finally:
        stopped = command("down")
    assert stopped.stdout == "Stopped.\n"
    wait_for_end(plane, programs)
    assert not (tmp_path / "etcd").exists()
    assert command("down").stdout == f"No control plane runs in {tmp_path}.\n"


def test_a_program_that_ends_takes_the_rest_along(tmp_path: Path) -> None:
    """A control plane is whole or not there: when one of its programs dies, the log says which."""
    with background.started(tmp_path, 1) as plane:
        programs = children(plane.supervisor)
        (store,) = (process for process, name in programs.items() if name == "etcd")
        os.kill(store, signal.SIGKILL)
        wait_for_end(plane, programs)
    (log,) = tmp_path.glob("supervisor-*.log")
    assert "etcd ended by itself (exit status -9)" in log.read_text(encoding="utf-8")


def test_a_failed_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    """Where a program cannot run, its own words are the error, and those started before are gone."""
    (tmp_path / "etcd").write_text("in the way of etcd's data\n", encoding="utf-8")
    with pytest.raises(StartError, match=r"etcd ended by itself .*\n(.*\n)*.*not a directory"):
        background.launch(tmp_path)
    ours = json.dumps(str(tmp_path))[1:-1].encode()
    assert [one for one in Path("/proc").glob("[0-9]*/cmdline") if ours in _read(one)] == []
    assert state.holder(tmp_path) is None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
