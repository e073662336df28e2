"""Finds a Python that can import a given SGLang release, or installs one outside the user's own.

One virtual environment with torch serves every release; a folder per transformers line and one per
release come before it on the path. Nothing is imported from them here, and no release is special.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from orchestrator.engine.cache import cache_folder
from orchestrator.engine.check.base import (
    FETCHED,
    base_folder,
    engines_folder,
    ensure_base,
    python_of,
)
from orchestrator.engine.check.folder import build_once, locked
from orchestrator.engine.check.install import (
    EnvironmentUnavailableError,
    NotOfferedError,
    Say,
    install,
    quiet,
    resolve,
)
from orchestrator.engine.check.releases import (
    Line,
    declared_line,
    described_line,
    installed_line,
    known_versions,
    release_folder,
)
from orchestrator.versions import parse

__all__ = [
    "EngineEnvironment",
    "EnvironmentUnavailableError",
    "base_folder",
    "cache_folder",
    "ensure",
    "ensure_base",
    "find",
    "installed_here",
    "isolated",
    "known_versions",
    "missing",
    "version_here",
]

IN_USE = "installations.lock"
"""Held by every installation together, and by a removal alone."""


@dataclass(frozen=True, slots=True)
class EngineEnvironment:
    """A SGLang release that can be imported: run `python` with `env` set.

    `package` is the folder of the `sglang` package; `folders` come first on the path.
    """

    version: str
    python: Path
    package: Path
    folders: tuple[Path, ...]

    @property
    def env(self) -> Mapping[str, str]:
        """The variables that make the release importable and keep it off the network."""
        return {
            "PYTHONPATH": os.pathsep.join(map(str, self.folders)),
            "PYTHONHASHSEED": "0",
            "HF_HUB_OFFLINE": "1",
        }


def find(version: str) -> EngineEnvironment | None:
    """Return an environment of `version` that is there already: an isolated one, else the user's own."""
    return isolated(version) or installed_here(version)


def isolated(version: str) -> EngineEnvironment | None:
    """Return the isolated environment of `version`, or `None` where a part of it is missing."""
    release, base = release_folder(version), base_folder()
    if not (release.is_dir() and base.is_dir()):
        return None
    line = installed_line(version).folder
    return _environment(version, python_of(base), line) if line.is_dir() else None


def installed_here(version: str) -> EngineEnvironment | None:
    """Return the running interpreter with its own SGLang, where that is exactly `version`."""
    from importlib.util import find_spec

    if version_here() != version:
        return None
    spec = find_spec("sglang")  # finds the package without importing it
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    return EngineEnvironment(version, Path(sys.executable), package, tuple(_own_folders()))


def version_here() -> str | None:
    """Return the version of the running interpreter's own SGLang, without importing it."""
    try:
        return metadata.version("sglang")
    except metadata.PackageNotFoundError:
        return None


def _own_folders() -> Iterator[Path]:
    """Yield what the user's shell and home add to the path; an engine's process sees neither."""
    import site

    for folder in filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        yield Path(folder).absolute()
    if site.ENABLE_USER_SITE:
        yield Path(site.getusersitepackages())


def missing(version: str) -> tuple[str, ...]:
    """Return what `ensure` would fetch for `version`, with sizes, in words; nothing where it is there."""
    if isolated(version):
        return ()
    parts = [f"SGLang {version}, 8 to 40 MB"]
    line = described_line(version)
    if line is None or not line.folder.is_dir():
        parts.append("the transformers it is declared with, about 15 MB")
    if not base_folder().is_dir():
        parts.append(f"torch and what SGLang imports beside it, {FETCHED}")
    return tuple(parts)


def ensure(
    version: str, *, say: Say, detail: Say = quiet, torch_index: str | None = None
) -> EngineEnvironment:
    """Return the isolated environment of SGLang `version`, made if it is not there yet.

    `say` is told before each step and `detail` what it has come to; `torch_index` is `ensure_base`'s.
    Raises EnvironmentUnavailableError: no index has the release, or an installation fails.
    """
    if found := isolated(version):
        return found
    if parse(version) is None:
        raise EnvironmentUnavailableError(f"{version!r} is no version of SGLang; write e.g. 0.5.23")
    try:
        lock = engines_folder() / IN_USE
        with locked(lock, shared=True, busy=lambda: say("waiting for a removal to end")):
            return _install(version, say, detail, torch_index)
    except OSError as error:
        raise EnvironmentUnavailableError(
            f"cannot install into {engines_folder()}: {error.strerror}; "
            "name a folder that can be written in $DSV4_DEPLOY_CACHE"
        ) from None


def _install(version: str, say: Say, detail: Say, torch_index: str | None) -> EngineEnvironment:
    """Install what is missing; the release's own folder comes last, so that it never lacks a part."""
    python = ensure_base(
        say=say,
        detail=detail,
        torch_index=torch_index,
        first=lambda python: _line_of_index(python, version),
    )
    line = described_line(version) or _line_of_index(python, version)
    for folder, wanted in (
        (line.folder, lambda: line.pins or _with_needs(python, line.requirement)),
        (release_folder(version), lambda: (f"sglang=={version}",)),
    ):
        _fill(folder, python, wanted, say=say, detail=detail)
    return _environment(version, python, line.folder)


def _environment(version: str, python: Path, line: Path) -> EngineEnvironment:
    release = release_folder(version)
    return EngineEnvironment(version, python, release / "sglang", (release, line))


def _line_of_index(python: Path, version: str) -> Line:
    """Return the transformers that a release on the package index declares; nothing is installed."""
    try:
        (package,) = resolve(python, ["--no-deps", "--ignore-installed", f"sglang=={version}"])
    except NotOfferedError as error:
        newest = ", ".join(error.versions[-3:])
        also = f"; its newest are {newest}" if newest else ""
        raise EnvironmentUnavailableError(
            f"the package index has no SGLang {version} for this Python{also}"
        ) from None
    return declared_line(version, package["metadata"].get("requires_dist"))


def _with_needs(python: Path, requirement: str) -> tuple[str, ...]:
    """Return a requirement as a pin, with the pins of what it needs at another version than the base."""
    found = (package["metadata"] for package in resolve(python, [requirement]))
    return tuple(f"{package['name']}=={package['version']}" for package in found)


def _fill(
    target: Path, python: Path, wanted: Callable[[], Sequence[str]], *, say: Say, detail: Say
) -> None:
    """Make `target` a folder to put on the path that holds exactly what is wanted."""

    def build(part: Path) -> None:
        requirements = wanted()
        say(f"installing {', '.join(requirements)}")
        install(python, ["--target", str(part), *requirements], detail=detail)

    build_once(target, build, busy=lambda: say(f"waiting for another deploy: {target.name}"))
