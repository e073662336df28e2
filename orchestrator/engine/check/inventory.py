"""What is installed in isolation for this interpreter, what it takes on disk, and its removal.

Folders that serve several releases go with the last release that needs them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from orchestrator.engine.check.base import base_folder, engines_folder
from orchestrator.engine.check.environment import IN_USE
from orchestrator.engine.check.folder import disk_mib, locked, remove
from orchestrator.engine.check.install import EnvironmentUnavailableError
from orchestrator.engine.check.releases import installed_line, release_folder
from orchestrator.versions import parse


@dataclass(frozen=True, slots=True)
class Part:
    """A folder that is there and what it takes on disk, in MiB."""

    folder: Path
    mib: float

    @property
    def name(self) -> str:
        """What is in it, e.g. `transformers-5.19.0`: the folder's name without its digest."""
        return self.folder.name.rpartition("-")[0]


def releases() -> tuple[str, ...]:
    """Return the releases that have a folder of their own, oldest first."""
    found: list[tuple[Version, str]] = []
    for folder in engines_folder().glob("sglang-*-*"):
        version = folder.name.removeprefix("sglang-").rpartition("-")[0]
        if (parsed := parse(version)) and folder.is_dir() and folder == release_folder(version):
            found.append((parsed, version))
    return tuple(version for _, version in sorted(found))


def shared() -> tuple[Path, ...]:
    """Return the folders that serve several releases: bases and transformers lines."""
    folders = (*engines_folder().glob("base-*"), *engines_folder().glob("transformers-*"))
    return tuple(sorted(path for path in folders if path.is_dir() and path.suffix != ".part"))


def measure(folders: Iterable[Path]) -> list[Part]:
    """Return the folders with their sizes."""
    return [Part(folder, disk_mib(folder)) for folder in folders]


def remove_releases(versions: Sequence[str]) -> list[Part]:
    """Remove the folders of these releases and what none of the others needs; return what went.

    Raises EnvironmentUnavailableError: one is not installed (then none is removed), an installation
    is under way, or a folder cannot be removed.
    """
    there = releases()
    if absent := [version for version in versions if version not in there]:
        known = f"installed are {', '.join(there)}" if there else "nothing is installed"
        text = f"SGLang {', '.join(absent)} is not installed by `deploy engine install`; {known}"
        raise EnvironmentUnavailableError(text)
    try:
        with locked(engines_folder() / IN_USE, busy=_busy):
            kept = [version for version in there if version not in versions]
            needed = {installed_line(version).folder for version in kept}
            needed |= {base_folder()} if kept else set()
            freed = measure(
                (
                    *(release_folder(version) for version in dict.fromkeys(versions)),
                    *(folder for folder in shared() if folder not in needed),
                )
            )
            for part in freed:
                remove(part.folder)
    except OSError as error:
        text = f"cannot remove from {engines_folder()}: {error.strerror}"
        raise EnvironmentUnavailableError(text) from None
    return freed


def _busy() -> None:
    raise EnvironmentUnavailableError("an installation is under way; try again when it has ended")
