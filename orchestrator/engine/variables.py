"""Which environment variables a reviewed SGLang release knows, by `variables.json`.

The file is written by `scripts/snapshot_variables.py` from the releases themselves: every name that
begins with `SGLANG_` or `SGL_` in any of their files, whether or not `srt/environ.py` declares it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("variables.json")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable in one release: what it takes (`bool`, `int`, `float`, or anything).

    `dropped` is the engine's note where it warns about the variable and reads it no more.
    """

    kind: str
    dropped: str | None


@cache
def variables(version: str) -> Mapping[str, Variable] | None:
    """Return every variable of a release, or `None` where nobody looked at that release."""
    releases = _table()["releases"]
    if version not in releases:
        return None
    at = releases.index(version)
    found: dict[str, Variable] = {}
    for name, rows in _table()["variables"].items():
        for first, last, kind, *note in rows:
            if releases.index(first) <= at <= releases.index(last):
                found[name] = Variable(kind, note[0] if note else None)
    return found


def releases_with(name: str) -> Iterable[tuple[str, str]]:
    """Return the stretches of releases that know a variable, first and last of each."""
    return tuple((first, last) for first, last, *_ in _table()["variables"].get(name, ()))


@cache
def _table() -> Any:
    return json.loads(FILE.read_text(encoding="utf-8"))
