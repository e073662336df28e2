"""Builds the Go programs that the tests run, once per state of their sources, into a cache.

How they are built and cached lives here, which programs there are in `go_programs`; what a program
does lives in its Go module, and nothing here is imported by the package.

Run as a script it builds the modules of the named programs, or all, and prints their paths.
"""

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.go_programs import CLUSTER, FILES, MODULES, GoModule
from scripts.go_toolchain import GoToolError, cache_dir, locked, run_go, toolchain

_ROOT = Path(__file__).resolve().parent.parent
_BUILD_FLAGS = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
_GO_LINE = re.compile(r"^go (\d+(?:\.\d+)+)$", re.MULTILINE)
_REQUIREMENT = re.compile(r"^(?:require)?\s+(\S+) (v\d+\.\d+\.\S+)", re.MULTILINE)


def ensure(tool: str) -> Path:
    """Return the built program of that name, building its module first if need be.

    A build is keyed by the module's sources, go.mod, go.sum and how it is built, locked against
    other processes, and put in place by a rename. Which Go compiled it is no part of the key: any
    that go.mod admits will do, and what is built needs none. A first build downloads the module's
    requirements. Raises GoToolError.
    """
    (module,) = (module for module in MODULES if tool in module.programs)
    folder = _ROOT / module.folder
    flags = (*_BUILD_FLAGS, f"-ldflags=-s -w {_stamped(module)}".rstrip())
    home = cache_dir() / "go-tools" / _digest(folder, flags, module.programs)
    if not home.is_dir():
        with locked(home.with_suffix(".lock")):
            if not home.is_dir():
                _build(module, flags, home)
    return home / tool


def files(requirement: str) -> Path:
    """Return a folder with the files that FILES names of a requirement of the cluster's module.

    They are taken once for each version, as `ensure` builds. Raises GoToolError.
    """
    folder = _ROOT / CLUSTER
    sums = [line for line in _read(folder / "go.sum") if line.startswith(f"{requirement} ")]
    key = hashlib.sha256("\n".join([*sums, FILES[requirement]]).encode()).hexdigest()[:32]
    home = cache_dir() / "go-files" / key
    if not home.is_dir():
        with locked(home.with_suffix(".lock")), _own_caches(key) as environment:
            if not home.is_dir():
                _copy_files(requirement, environment, home)
    return home


def versions(folder: str) -> dict[str, str]:
    """Return the version of each requirement that the go.mod there names."""
    return dict(_REQUIREMENT.findall((_ROOT / folder / "go.mod").read_text(encoding="utf-8")))


def _build(module: GoModule, flags: tuple[str, ...], home: Path) -> None:
    folder = _ROOT / module.folder
    go = toolchain(_needed_version(folder))
    if module.large:
        print(f"{module.folder}: building {', '.join(module.programs)}", file=sys.stderr)
    with _scratch(home) as scratch, _caches_of(module) as environment:
        for name, package in module.programs.items():
            run_go(go, ["build", *flags, "-o", str(scratch / name), package], folder, environment)
        scratch.rename(home)


def _copy_files(requirement: str, environment: Mapping[str, str], home: Path) -> None:
    folder = _ROOT / CLUSTER
    go = toolchain(_needed_version(folder))
    said = run_go(go, ["mod", "download", "-json", requirement], folder, environment)
    root = Path(json.loads(said)["Dir"])
    with _scratch(home) as scratch:
        for path in root.glob(FILES[requirement]):
            target = scratch / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
        scratch.rename(home)


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=home.parent) as parent:
        scratch = Path(parent) / home.name
        scratch.mkdir()
        yield scratch


@contextmanager
def _caches_of(module: GoModule) -> Iterator[Mapping[str, str]]:
    if not module.large:
        yield {}
        return
    with _own_caches(Path(module.folder).name) as environment:
        yield environment


@contextmanager
def _own_caches(name: str) -> Iterator[Mapping[str, str]]:
    """Yield settings for caches that are gone afterwards, but stay for the next try if it fails."""
    home = cache_dir() / "go-work" / name
    yield {
        "GOCACHE": str(home / "build"),
        "GOMODCACHE": str(home / "modules"),
        "GOFLAGS": "-mod=readonly -modcacherw",
        # A third less time for twice the memory of each compiler, at most 2.4 GB.
        "GOGC": "400",
    }
    shutil.rmtree(home)


def _stamped(module: GoModule) -> str:
    """Return the linker's flags that set the versions."""
    known = versions(module.folder)
    words = []
    for variable, stamp in module.stamps.items():
        requirement, form = stamp.split(" ")
        numbers = known[requirement].removeprefix("v").split(".", maxsplit=2)
        words.append(f"-X {variable}={form.format(*numbers)}")
    return " ".join(words)


def _digest(folder: Path, flags: tuple[str, ...], programs: Mapping[str, str]) -> str:
    digest = hashlib.sha256(f"{sorted(programs.items())}\0{flags}".encode())
    for path in (folder / "go.mod", folder / "go.sum", *sorted(folder.rglob("*.go"))):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _needed_version(folder: Path) -> tuple[int, ...]:
    line = _GO_LINE.search((folder / "go.mod").read_text(encoding="utf-8"))
    if line is None:
        raise GoToolError(f"{folder / 'go.mod'} has no `go` line")
    return tuple(int(part) for part in line[1].split("."))


def _read(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def main() -> int:
    """Build the named programs and print their paths."""
    known = [name for module in MODULES for name in module.programs]
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("tool", nargs="*", default=known, help=f"of {', '.join(known)}")
    tools = parser.parse_args().tool
    unknown = [tool for tool in tools if tool not in known]
    if unknown:
        parser.error(f"no such tool: {', '.join(unknown)}")
    started = time.monotonic()
    try:
        for tool in tools:
            print(ensure(tool))
        if tools is known:
            for requirement in FILES:
                print(files(requirement))
    except GoToolError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
