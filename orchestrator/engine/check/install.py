"""Runs the ordinary package client of an environment's Python, tells its progress, words its errors.

Which packages go where is not decided here.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

# Variables that would send packages elsewhere, or ask for others than are named here.
FOREIGN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_REQUIREMENT",
    "PIP_CONSTRAINT",
)
COMMAND = ("-m", "pip", "install", "--no-input", "--disable-pip-version-check")
SECONDS_BETWEEN_DETAILS = 1.0

Say = Callable[[str], None]

BROKEN = re.compile(r"connection broken by (['\"])(?P<said>.*)\1")
OFFERED = re.compile(r"\(from versions: (?P<versions>[^)]*)\)")


class EnvironmentUnavailableError(Exception):
    """An environment could not be made; the message says which and why, in one line."""


class NotOfferedError(EnvironmentUnavailableError):
    """No index that the client asks has such a package; `versions` are those it has, oldest first."""

    def __init__(self, message: str, versions: tuple[str, ...]) -> None:
        super().__init__(message)
        self.versions = versions


def quiet(_: str) -> None:
    """Tell nobody."""


def install(python: Path, arguments: Sequence[str], *, detail: Say = quiet) -> None:
    """Install exactly what is named: no dependency of it, and nothing built from source.

    `detail` is told every second what is going on, and how much was fetched and unpacked so far.
    Raises EnvironmentUnavailableError.
    """
    only = ("--no-deps", "--only-binary", ":all:", "--progress-bar", "off")
    run([str(python), *COMMAND, *only, *arguments], "installing packages", detail=detail)


def resolve(python: Path, arguments: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return what would be installed for `arguments`, as pip's report describes each package.

    Nothing is installed. Raises NotOfferedError, EnvironmentUnavailableError.
    """
    dry = ("--dry-run", "--quiet", "--report", "-", "--only-binary", ":all:")
    command = [str(python), *COMMAND, *dry, *arguments]
    done = subprocess.run(  # noqa: S603 - our own interpreter with our own arguments
        command, env=variables(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise _error("looking for packages", done.stdout + done.stderr)
    packages: list[Mapping[str, Any]] = json.loads(done.stdout)["install"]
    return packages


def run(command: Sequence[str], purpose: str, *, detail: Say = quiet) -> None:
    """Run `command` to its end; it never outlives this call. Raises EnvironmentUnavailableError."""
    with tempfile.TemporaryDirectory(prefix="deploy-install-") as fetched:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
            command,
            env={**variables(), "TMPDIR": fetched},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            said = _watched(cast("IO[bytes]", process.stdout), Path(fetched), detail)
            status = process.wait()
        finally:  # an interrupt must not leave it writing into a folder that is removed
            process.kill()
            process.communicate()
    if status:
        raise _error(purpose, said)


def variables() -> dict[str, str]:
    """Return the user's variables, those of the package client among them, without foreign ones."""
    return {name: value for name, value in os.environ.items() if name not in FOREIGN}


def _watched(output: IO[bytes], fetched: Path, detail: Say) -> str:
    """Return all that is said until the end of `output`; `detail` hears the state of things."""
    said, start = b"", time.monotonic()
    while True:
        if not select.select([output], [], [], SECONDS_BETWEEN_DETAILS)[0]:
            last = said.decode(errors="replace").strip().splitlines()[-1:] or ["starting"]
            seconds = time.monotonic() - start
            detail(f"{_short(last[0])}, {_mib(fetched):.0f} MiB so far, {seconds:.0f} s")
            continue
        more = os.read(output.fileno(), 65536)
        if not more:
            return said.decode(errors="replace")
        said += more


def _short(line: str) -> str:
    """Return a line of pip's without its list of a hundred packages."""
    return line.strip().partition(":")[0]


def _mib(folder: Path) -> float:
    """Return the size of what lies below a folder from which files vanish meanwhile."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total / 2**20


def _error(purpose: str, said: str) -> EnvironmentUnavailableError:
    """Return what pip's output means, in one line."""
    lines = [line.strip() for line in said.strip().splitlines()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    reason = errors[-1] if errors else (lines or ["it said nothing"])[-1]
    if reason.startswith("No matching distribution"):
        if broken := BROKEN.search(said):
            cause = broken["said"].rpartition(": ")[2].strip("'\")")
            text = f"{purpose} failed: the package index cannot be reached ({cause})"
            return EnvironmentUnavailableError(text)
        offered = OFFERED.search(said)
        versions = offered["versions"].split(", ") if offered else []
        known = tuple(version for version in versions if version != "none")
        return NotOfferedError(f"{purpose} failed: {reason}", known)
    return EnvironmentUnavailableError(f"{purpose} failed: {reason}")
