"""Reads the hand-written tables beside it: intents of engine and router, renames and behaviours.

Only reading and picking the rows of a version; what a row means is its user's business. A release
that was learned and not reviewed has the rows of the nearest reviewed one, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.engine.catalog import Program, reviewed_as
from orchestrator.tables import read_table
from orchestrator.versions import within

FOLDER = Path(__file__).parent


def table(name: str) -> Any:
    """Return the data of `name`.yaml in this folder."""
    return read_table(FOLDER / f"{name}.yaml")


def rows_for(
    version: str, rows: Iterable[Mapping[str, Any]], program: Program = "sglang"
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows whose range of `program` holds `version`, or the release that it is judged as."""
    judged = reviewed_as(version) if program == "sglang" else version
    return (row for row in rows if within(judged, row[program]))


def row_for(
    version: str, rows: Iterable[Mapping[str, Any]], program: Program = "sglang"
) -> Mapping[str, Any] | None:
    """Return the first row for `version`, or `None` in a gap."""
    return next(rows_for(version, rows, program), None)
