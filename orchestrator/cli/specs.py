"""Several specs named on a command line: files, folders of them, and `-` for standard input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestrator.cli.terminal import UserError, complain

_FIELD = re.compile(rb"^(?:\xef\xbb\xbf)?(engine|model|hardware|pools)\s*:", re.MULTILINE)
_FEWEST_FIELDS = 2
"""Every spec has these four fields; one that misses or misspells some is still told as a spec.
Manifests, values and compose files beside it have one of them at most."""

_READ = 1 << 20
"""Bytes of a file that are looked at; what a spec begins with is in them."""

_NAMED = 3
"""Files passed over that are named; of more, the number is enough."""


def spec_files(named: Iterable[Path]) -> list[Path]:
    """Return the files once each; of a folder those that are specs, whatever else it holds.

    Raises `UserError` where a folder holds none.
    """
    found: dict[Path, None] = {}
    for path in named:
        if not path.is_dir():
            found[path] = None
            continue
        inside = list(_inside(path))
        if not inside:
            raise UserError(
                f"{path}: no .yaml or .yml file in this folder is a spec (with engine, model, pools)"
            )
        found |= dict.fromkeys(inside)
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    others = []
    for path in sorted(folder.rglob("*.y*ml")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if hidden or path.suffix not in (".yaml", ".yml") or not path.is_file():
            continue
        if _is_spec(path):
            yield path
        else:
            others.append(str(inside))
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        complain(
            f"{folder}: passed over, for they are no specs: {', '.join(others[:_NAMED])}{more}"
        )


def _is_spec(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return len(set(_FIELD.findall(file.read(_READ)))) >= _FEWEST_FIELDS
    except OSError:
        return True  # what cannot be read is told by who reads it
