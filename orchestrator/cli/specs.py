"""Several specs named on a command line: files, folders of them, and `-` for standard input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestrator.cli.terminal import UserError, complain

_POOLS = re.compile(rb"^pools\s*:", re.MULTILINE)
"""Every spec has pools; manifests, values and compose files beside it have none."""


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
            raise UserError(f"{path}: no .yaml file in this folder is a spec (none has `pools:`)")
        found |= dict.fromkeys(inside)
    return list(found)


def _inside(folder: Path) -> Iterator[Path]:
    others = 0
    for path in sorted(folder.rglob("*.y*ml")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or path.suffix not in (".yaml", ".yml") or not path.is_file():
            continue
        if _is_spec(path):
            yield path
        else:
            others += 1
    if others:
        complain(
            f"{folder}: {others} YAML files without `pools:` are no specs and were passed over"
        )


def _is_spec(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(_POOLS.search(file.read()))
    except OSError:
        return True  # what cannot be read is told by who reads it
