"""The virtual environment that serves every release: torch, and what SGLang imports beside it.

A CPU build of torch is taken where an index offers one; which build is inside changes no answer.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from orchestrator.engine.cache import cache_folder
from orchestrator.engine.check.folder import build_once
from orchestrator.engine.check.install import (
    EnvironmentUnavailableError,
    NotOfferedError,
    Say,
    install,
    quiet,
    resolve,
    run,
)

PACKAGES = Path(__file__).parent / "packages"
LOCK = PACKAGES / "base.txt"
CUDA = PACKAGES / "cuda.txt"
FETCHED = "2.7 GB to fetch (0.5 GB where an index offers a CPU build of torch)"
"""Measured with torch 2.13.0 on Linux x86-64; 4.7 GB on disk. CPU: 0.2 GB of torch, 0.3 GB beside it."""


def engines_folder() -> Path:
    """Return the folder of all that is installed for this interpreter and machine."""
    interpreter = f"{sys.implementation.cache_tag}-{platform.machine()}"
    return cache_folder() / "engines" / interpreter


def place(name: str, contents: str) -> Path:
    """Return the folder that holds `contents`, whether it is there or not."""
    digest = hashlib.sha256(contents.encode()).hexdigest()[:12]
    return engines_folder() / f"{name}-{digest}"


def base_folder() -> Path:
    """Return where the virtual environment of this lock belongs, whether it is there or not."""
    return place("base", LOCK.read_text(encoding="utf-8"))


def python_of(base: Path) -> Path:
    """Return the interpreter of a base."""
    return base / "bin" / "python"


def ensure_venv(target: Path, arguments: Sequence[str], words: str, *, say: Say) -> Path:
    """Return the Python of the virtual environment `target`, made if it is not there yet.

    pip installs what its `arguments` name; `words` say so. Raises EnvironmentUnavailableError.
    """

    def build(part: Path) -> None:
        say(words)
        run([sys.executable, "-m", "venv", str(part)], "making a virtual environment")
        install(python_of(part), arguments)

    build_once(target, build, busy=lambda: say(f"waiting for another deploy: {target.name}"))
    return python_of(target)


def ensure_base(
    *,
    say: Say,
    detail: Say = quiet,
    torch_index: str | None = None,
    first: Callable[[Path], object] = lambda _: None,
) -> Path:
    """Return a Python that imports torch on a CPU, made if it is not there yet.

    `torch_index` is asked for torch alone and must offer a CPU build. `first` is called with the new
    Python before anything large is fetched; it may raise. Raises EnvironmentUnavailableError.
    """
    target = base_folder()

    def build(part: Path) -> None:
        say("making a virtual environment")
        run([sys.executable, "-m", "venv", str(part)], "making a virtual environment")
        python = python_of(part)
        first(python)
        where = ("--index-url", torch_index) if torch_index else ()
        wanted = cpu_torch()
        if offers(python, wanted, where):
            say(f"installing {' and '.join(wanted)}, built for CPUs")
            install(python, [*where, *wanted], detail=detail)
            say("installing what SGLang imports beside torch")
            install(python, without_cuda(), detail=detail)
        elif torch_index:
            raise EnvironmentUnavailableError(
                f"{torch_index} does not offer {' and '.join(wanted)}"
            )
        else:
            say(f"installing torch and what SGLang imports beside it: {FETCHED.partition(' (')[0]}")
            install(python, ["--requirement", str(LOCK)], detail=detail)

    build_once(target, build, busy=lambda: say("waiting for another deploy that installs torch"))
    return python_of(target)


def cpu_torch() -> tuple[str, ...]:
    """Return the CPU builds of the lock's torch and of torchvision, which only loads beside its own."""
    return tuple(f"{pin}+cpu" for pin in _pins() if _name(pin) in ("torch", "torchvision"))


def without_cuda() -> list[str]:
    """Return the lock without torch and without what only a CUDA build of torch asks for."""
    left = {*_lines(CUDA), "torch", "torchvision"}
    return [pin for pin in _pins() if _name(pin) not in left]


def offers(python: Path, wanted: tuple[str, ...], where: tuple[str, ...]) -> bool:
    """Return whether the indexes that pip asks, or those of `where`, have all of `wanted`.

    Raises EnvironmentUnavailableError where they cannot be reached.
    """
    try:
        resolve(python, ["--no-deps", *where, *wanted])
    except NotOfferedError:
        return False
    return True


def _pins() -> list[str]:
    return _lines(LOCK)


def _lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def _name(pin: str) -> str:
    return pin.partition("==")[0].lower().replace("_", "-")
