"""Which packages a SGLang release needs, by releases.yaml or by its own word, and their folders.

Nothing is installed or asked of an index here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator.engine.check.base import PACKAGES, place
from orchestrator.engine.check.install import EnvironmentUnavailableError
from orchestrator.tables import read_table


@dataclass(frozen=True, slots=True)
class Line:
    """One transformers with what it needs beside the base; `pins` are empty where nobody described it."""

    requirement: str
    pins: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it belongs, whether it is there or not."""
        name = self.requirement.removeprefix("transformers").lstrip("=<>~! ")
        name = "".join(letter if letter.isalnum() or letter == "." else "-" for letter in name)
        return place(f"transformers-{name or 'any'}", "\n".join(self.pins or (self.requirement,)))


def known_versions() -> tuple[str, ...]:
    """Return the releases of SGLang that releases.yaml describes, oldest first."""
    return tuple(_table()["releases"])


def described_line(version: str) -> Line | None:
    """Return the transformers of a release, or `None` where releases.yaml does not describe it."""
    line = _table()["releases"].get(version)
    return line and _line(f"transformers=={line}")


def declared_line(version: str, requirements: Iterable[str] | None) -> Line:
    """Return the transformers that the METADATA of a release asks for (`Requires-Dist`).

    Raises EnvironmentUnavailableError where it asks for none.
    """
    for text in requirements or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.name == "transformers" and "extra" not in str(requirement.marker):
            return _line(f"transformers{requirement.specifier}")
    raise EnvironmentUnavailableError(
        f"SGLang {version} does not declare its transformers, so it cannot be installed"
    )


def installed_line(version: str) -> Line:
    """Return the transformers of a release whose own folder is there."""
    if line := described_line(version):
        return line
    path = [str(release_folder(version))]
    found = next(iter(metadata.distributions(name="sglang", path=path)), None)
    return declared_line(version, found.requires if found else None)


def release_folder(version: str) -> Path:
    """Return where SGLang `version` by itself belongs, whether it is there or not."""
    return place(f"sglang-{version}", f"sglang=={version}")


def _line(requirement: str) -> Line:
    pins = _table()["transformers"].get(requirement.removeprefix("transformers=="), ())
    return Line(requirement, tuple(pins))


def _table() -> Any:
    return read_table(PACKAGES / "releases.yaml")
