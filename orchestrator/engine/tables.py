"""Reads the hand-written tables beside it: intents of engine and router, renames and behaviours.

Only reading and picking the row of a version; what a row means is its user's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from orchestrator.tables import read_table
from orchestrator.versions import within

FOLDER = Path(__file__).parent


def table(name: str) -> Any:
    """Return the data of `name`.yaml in this folder."""
    return read_table(FOLDER / f"{name}.yaml")


def row_for(
    version: str, rows: Iterable[Mapping[str, Any]], program: str = "sglang"
) -> Mapping[str, Any] | None:
    """Return the row whose range of `program` holds `version`, or `None` in a gap."""
    return next((row for row in rows if within(version, row[program])), None)
