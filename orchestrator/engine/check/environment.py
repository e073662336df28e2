"""Installs an isolated Python that can import a given SGLang release, outside the checkout.

One virtual environment with torch serves every release; a folder per transformers line and one per
release come before it on the path. Nothing is imported from them here, and no release is special.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.engine.check.folder import build_once
from orchestrator.tables import read_table

PACKAGES = Path(__file__).parent / "packages"
LOCK = PACKAGES / "base.txt"
# Variables that would send packages elsewhere, or ask for others than the lock names.
FOREIGN = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_REQUIREMENT",
    "PIP_CONSTRAINT",
)

Say = Callable[[str], None]


class EnvironmentUnavailableError(Exception):
    """An environment could not be made; the message says which and why."""


@dataclass(frozen=True, slots=True)
class EngineEnvironment:
    """A SGLang release that can be imported: run `python` with `env` set.

    `base` is the virtual environment with torch; `release` and `transformers` come before it.
    """

    version: str
    base: Path
    transformers: Path
    release: Path

    @property
    def python(self) -> Path:
        """The interpreter; by itself it can import torch, and SGLang only with `env`."""
        return self.base / "bin" / "python"

    @property
    def env(self) -> Mapping[str, str]:
        """The variables that make the release importable and keep it off the network."""
        return {
            "PYTHONPATH": f"{self.release}{os.pathsep}{self.transformers}",
            "PYTHONHASHSEED": "0",
            "HF_HUB_OFFLINE": "1",
        }


def cache_folder() -> Path:
    """Return the folder of all environments: `$DSV4_DEPLOY_CACHE`, else under the user's cache."""
    named = os.environ.get("DSV4_DEPLOY_CACHE")
    if named:
        return Path(named).absolute()
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches).absolute() / "dsv4-deploy"


def known_versions() -> tuple[str, ...]:
    """Return the releases of SGLang that an environment is described for, oldest first."""
    return tuple(read_table(PACKAGES / "releases.yaml")["releases"])


def base_folder() -> Path:
    """Return where the virtual environment of this lock belongs, whether it is there or not."""
    return place("base", LOCK.read_text(encoding="utf-8"))


def ensure_base(*, say: Say) -> Path:
    """Return a Python that imports torch on a CPU, made if it is not there yet (2.7 GB to fetch).

    Raises EnvironmentUnavailableError.
    """
    words = "installing torch and what SGLang imports beside it: 2.7 GB to fetch, some minutes"
    return ensure_venv(base_folder(), ["--requirement", str(LOCK)], words, say=say)


def ensure_venv(target: Path, arguments: Sequence[str], words: str, *, say: Say) -> Path:
    """Return the Python of the virtual environment `target`, made if it is not there yet.

    pip installs what its `arguments` name; `words` say so. Raises EnvironmentUnavailableError.
    """

    def build(part: Path) -> None:
        say(words)
        _call([sys.executable, "-m", "venv", str(part)], "making a virtual environment")
        _install(part / "bin" / "python", arguments)

    build_once(target, build)
    return target / "bin" / "python"


def ensure(version: str, *, say: Say) -> EngineEnvironment:
    """Return the environment of SGLang `version`, made if it is not there yet.

    `say` is told before each installation. Raises EnvironmentUnavailableError for a release that
    releases.yaml does not describe and for an installation that fails.
    """
    table = read_table(PACKAGES / "releases.yaml")
    if version not in table["releases"]:
        known = ", ".join(table["releases"])
        raise EnvironmentUnavailableError(
            f"no environment is described for SGLang {version}; described are {known}"
        )
    python = ensure_base(say=say)
    line = table["releases"][version]
    return EngineEnvironment(
        version=version,
        base=python.parent.parent,
        transformers=_ensure_target(
            python, f"transformers-{line}", table["transformers"][line], say=say
        ),
        release=_ensure_target(python, f"sglang-{version}", [f"sglang=={version}"], say=say),
    )


def _ensure_target(python: Path, name: str, requirements: Sequence[str], *, say: Say) -> Path:
    """Return a folder to put on the path that holds exactly `requirements`."""
    target = place(name, "\n".join(requirements))

    def build(part: Path) -> None:
        say(f"installing {', '.join(requirements)}")
        _install(python, ["--target", str(part), *requirements])

    build_once(target, build)
    return target


def place(name: str, contents: str) -> Path:
    """Return the folder for `contents` installed for this interpreter and machine."""
    digest = hashlib.sha256(contents.encode()).hexdigest()[:12]
    interpreter = f"{sys.implementation.cache_tag}-{platform.machine()}"
    return cache_folder() / "engines" / interpreter / f"{name}-{digest}"


def _install(python: Path, arguments: Sequence[str]) -> None:
    """Install exactly what is named: no dependency of it, and nothing built from source."""
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", *arguments]
    _call(command, "installing packages")


def _call(command: Sequence[str], purpose: str) -> None:
    """Run `command`; its last lines become the error when it fails."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    done = subprocess.run(  # noqa: S603 - our own interpreter with our own arguments
        command, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise EnvironmentUnavailableError(
            f"{purpose} failed with exit status {done.returncode}: {' '.join(command)}\n{last}"
        )
