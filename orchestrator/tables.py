"""Reads the YAML tables that this package carries: facts about engines, GPUs and fabrics as data."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def read_table(path: Path) -> Any:
    """Return the data of one of the package's own YAML files, read once."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe one
