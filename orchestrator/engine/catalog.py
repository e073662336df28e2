"""The engine's and the router's own command lines as data: flags of a release, choices and arity.

Reads `sglang-<version>.json` and `router-<version>.json` (sglang-router), dumped from the release's own
parser: of the releases we reviewed in `catalogs/`, of engines that the user let us learn in the user's
cache. Nothing there is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from packaging.version import Version

from orchestrator.engine.cache import cache_folder
from orchestrator.versions import parse

FOLDER = Path(__file__).parent / "catalogs"

Program: TypeAlias = Literal["sglang", "router"]
"""Whose releases are meant: the engine's, or sglang-router's, which count for themselves."""


class UnreadableCatalogueError(Exception):
    """A learned catalogue is none; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option as the release's parser declares it; `dest` is the argument it sets.

    `type` is argparse's converter by name (`None`: text), `nargs` its arity, `choices` what it takes.
    """

    flag: str
    aliases: tuple[str, ...]
    dest: str
    kind: str
    type: str | None
    nargs: str | int | None
    choices: tuple[object, ...] | None
    default: object
    deprecated: str | None

    @property
    def bare(self) -> bool:
        """Whether the option takes no value."""
        return self.nargs == 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All options of one release, by every spelling."""

    program: Program
    version: str
    by_spelling: Mapping[str, Mapping[str, Any]]

    @property
    def spellings(self) -> Iterable[str]:
        """Every spelling that the parser knows in full."""
        return self.by_spelling.keys()

    def option(self, spelling: str) -> Option | None:
        """Return the option of a full spelling; abbreviations, which argparse takes, are not known."""
        row = self.by_spelling.get(spelling)
        if row is None:
            return None
        choices = row.get("choices")
        return Option(
            flag=row["flag"],
            aliases=tuple(row.get("aliases", ())),
            dest=row["dest"],
            kind=row["kind"],
            type=row.get("type"),
            nargs=row.get("nargs"),
            choices=None if choices is None else tuple(choices),
            default=row.get("default"),
            deprecated=row.get("deprecated"),
        )


@cache
def versions(program: Program = "sglang") -> tuple[str, ...]:
    """Return the reviewed releases, which intents and behaviours speak of, oldest first."""
    return _listed(FOLDER, program)


def learned() -> tuple[str, ...]:
    """Return the releases whose catalogue the user let us dump and which are not reviewed."""
    return tuple(
        version for version in _listed(learned_folder(), "sglang") if version not in versions()
    )


def learned_folder() -> Path:
    """Return the folder of learned catalogues, whether it is there or not."""
    return cache_folder() / "catalogs"


def catalogue_file(folder: Path, version: str, program: Program = "sglang") -> Path:
    """Return the file of a release's catalogue in a folder of them."""
    return folder / f"{program}-{version}.json"


def catalogue(version: str, program: Program = "sglang") -> Catalogue | None:
    """Return the options of a release, or `None` where it is neither reviewed nor learned.

    Raises UnreadableCatalogueError for a learned one that is damaged.
    """
    if version in versions(program):
        return _read(catalogue_file(FOLDER, version, program), program, version)
    learnt = program == "sglang" and is_learned(version)
    return _read(_learned_file(version), program, version) if learnt else None


def is_learned(version: str) -> bool:
    """Return whether a release is not reviewed and has a learned catalogue."""
    if version in versions() or parse(version) is None:  # what is no version is no file's name
        return False
    try:
        return _learned_file(version).is_file()
    except OSError:  # e.g. longer than a file's name can be
        return False


def reviewed_as(version: str) -> str:
    """Return the release whose rows of our tables judge `version`.

    A learned release is judged as the newest reviewed one that is not newer: a release keeps what
    its predecessor did unless it says otherwise, and a row of a later one may be what it changed.
    One older than all is judged as the oldest. Every other version is judged as itself, so that a
    release which is not known at all falls into no range by accident.
    """
    if not is_learned(version):
        return version
    older = [name for name in versions() if Version(name) <= Version(version)]
    return older[-1] if older else versions()[0]


def _learned_file(version: str) -> Path:
    return catalogue_file(learned_folder(), version)


def _listed(folder: Path, program: Program) -> tuple[str, ...]:
    names = (path.stem.removeprefix(f"{program}-") for path in folder.glob(f"{program}-*.json"))
    known = [(version, name) for name in names if (version := parse(name))]
    return tuple(name for _, name in sorted(known))


@cache
def _read(path: Path, program: Program, version: str) -> Catalogue:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        options = {
            spelling: row
            for row in data["options"]
            for spelling in (row["flag"], *row.get("aliases", ()))
            if row["dest"] and row["kind"]
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableCatalogueError(f"{path} is no catalogue: {error!r}") from None
    return Catalogue(program, version, options)
