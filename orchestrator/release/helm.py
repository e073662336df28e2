"""Runs helm: finds the program, and turns its failures into one message. What to run is the caller's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


class HelmError(Exception):
    """Helm is not there or refused; the message is for the user and ends in what helm itself said."""


class NoClusterError(HelmError):
    """Helm could not reach a cluster."""


def find(named: Path | None) -> Path:
    """Return the helm to run: the named one, or the one on PATH. Raises HelmError."""
    found = shutil.which(str(named or "helm"))
    if found:
        return Path(found)
    if named:
        raise HelmError(f"{named}: no program that can be run; name helm itself")
    raise HelmError("helm is not on PATH: install helm 3 or 4, or name it with --helm")


def run(helm: Path, *arguments: str) -> str:
    """Return what helm printed.

    Raises HelmError with its last words where it refused, NoClusterError where it found no cluster.
    """
    try:
        done = subprocess.run(  # noqa: S603 - a program the user chose, without a shell
            [helm, *arguments], check=False, capture_output=True, text=True
        )
    except OSError as error:
        raise HelmError(f"cannot run {helm}: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        # Helm 4 tells it twice, as a line of its log first.
        reason = said.rpartition("Error: ")[2]
        kind = NoClusterError if "cluster unreachable" in reason else HelmError
        raise kind(f"helm {arguments[0]} failed: {reason}")
    return done.stdout
