"""Starts programs that cannot outlive us, waits until they are ready, and ends them.

Which programs, and what ready means, lives elsewhere.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_TAIL = 12
_POLL_S = 0.05


class StartError(Exception):
    """A control plane did not come up; says which part, what it said, and where its log is."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is run under which name."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A started program and the file with what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def start(program: Program, logs: Path) -> Running:
    """Start a program that the kernel kills when we end, however we end."""
    log = logs / f"{program.name}.log"
    us = os.getpid()
    with log.open("wb") as said:
        try:
            process = subprocess.Popen(
                program.argv,
                env={**os.environ, **program.environment},
                cwd=logs,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: end_with_parent(us, signal.SIGKILL),  # noqa: PLW1509 - one thread
            )
        except OSError as error:
            raise StartError(f"{program.name}: cannot run {program.argv[0]}: {error}") from error
    return Running(program.name, process, log)


def end_with_parent(parent: int, by: signal.Signals) -> None:
    """Let the kernel send this process a signal when its parent ends, however that ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:  # it ended before the kernel knew
        os._exit(1)


def wait_until(
    ready: Callable[[], bool], what: str, running: Iterable[Running], seconds: float
) -> None:
    """Return once something is so; raises StartError if a program ends before, or time is up."""
    watched = tuple(running)
    deadline = time.monotonic() + seconds
    while not ready():
        for one in watched:
            if one.process.poll() is not None:
                raise StartError(ended(one))
        if time.monotonic() > deadline:
            last = watched[-1]
            raise StartError(
                f"{what}: not so after {seconds:.0f} s; {last.log} ends:\n{tail(last)}"
            )
        time.sleep(_POLL_S)


def ended(one: Running) -> str:
    """Say how a program ended that should not have."""
    how = one.process.returncode
    return f"{one.name} ended by itself (exit status {how}); {one.log} ends:\n{tail(one)}"


def tail(one: Running) -> str:
    """Return the last lines that a program said."""
    lines = one.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-_TAIL:])


def kill(running: Iterable[Running]) -> None:
    """End programs at once and wait for their end.

    Nothing of a control plane is kept, so none is asked to finish: an API server would take ten
    seconds for it.
    """
    all_of_them = tuple(running)
    for one in all_of_them:
        one.process.kill()
    for one in all_of_them:
        one.process.wait()
