"""Starts a control plane beside us and stops it: for a user until told so, for tests until they end.

What runs there lives in `supervisor`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.control_plane import nodes, state
from scripts.control_plane.processes import StartError

_ROOT = Path(__file__).resolve().parents[2]
_STOP_S = 20.0


@contextmanager
def started(folder: Path, number: int | None = None) -> Iterator[state.ControlPlane]:
    """Yield a control plane that ends with the block, or with the thread that entered it.

    The latter however it ends: with a killed process everything is gone. Raises StartError.
    """
    plane, supervisor = _launch(folder, number, ["--parent", str(os.getpid())])
    try:
        yield plane
    finally:
        stop(folder)
        supervisor.wait()


def launch(folder: Path, number: int | None = None) -> state.ControlPlane:
    """Start a control plane that runs until `stop`, and return once it is ready.

    Raises StartError.
    """
    return _launch(folder, number, [])[0]


def _launch(
    folder: Path, number: int | None, more: list[str]
) -> tuple[state.ControlPlane, subprocess.Popen[str]]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = ["supervise", "--folder", str(folder.resolve()), *more]
    words += ["--nodes", str(nodes.default_number() if number is None else number)]
    log = folder / f"supervisor-{os.getpid()}.log"
    with log.open("wb") as said:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "scripts.control_plane", *words],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        )
    assert supervisor.stdout is not None  # noqa: S101 - it is a pipe
    try:
        with supervisor.stdout as answer:
            line = answer.readline()
    except BaseException:
        supervisor.terminate()
        supervisor.wait()
        raise
    if not line:
        supervisor.wait()
        why = log.read_text(encoding="utf-8", errors="replace").strip()
        raise StartError(why or f"{folder}: its control plane was told to stop while it started")
    return state.from_line(line), supervisor


def stop(folder: Path) -> bool:
    """End the control plane that runs or starts there, and return whether there was one.

    Raises StartError if it does not end.
    """
    supervisor = state.holder(folder)
    if supervisor is None:
        return False
    os.kill(supervisor, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    while state.holder(folder) is not None:
        if time.monotonic() > deadline:
            raise StartError(
                f"{folder}: its control plane has not ended after {_STOP_S:.0f} s;"
                f" end process {supervisor} yourself (`kill -9` ends its programs too)"
            )
        time.sleep(0.02)
    return True
