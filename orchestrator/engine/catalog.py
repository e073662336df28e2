"""The engine's and the router's own command lines as data: flags of a release, choices and arity.

Reads `catalogs/sglang-<version>.json` and `catalogs/router-<version>.json` (sglang-router), which
`scripts/snapshot_catalog.py` dumps from the release's own parser; nothing there is written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from orchestrator.versions import parse

FOLDER = Path(__file__).parent / "catalogs"

Program: TypeAlias = Literal["sglang", "router"]
"""Whose releases are meant: the engine's, or sglang-router's, which count for themselves."""


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
    """Return the releases that have a catalogue, oldest first."""
    names = (path.stem.removeprefix(f"{program}-") for path in FOLDER.glob(f"{program}-*.json"))
    known = [(version, name) for name in names if (version := parse(name))]
    return tuple(name for _, name in sorted(known))


@cache
def catalogue(version: str, program: Program = "sglang") -> Catalogue | None:
    """Return the options of a release, or `None` where it has no catalogue."""
    if version not in versions(program):
        return None
    data = json.loads((FOLDER / f"{program}-{version}.json").read_text(encoding="utf-8"))
    return Catalogue(
        version,
        {
            spelling: row
            for row in data["options"]
            for spelling in (row["flag"], *row.get("aliases", ()))
        },
    )
