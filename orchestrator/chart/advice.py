"""Advice of kube-score that charts do not follow, each with the reason. What it says is data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.tables import read_table


@dataclass(frozen=True, slots=True)
class Advice:
    """One check of kube-score that is not followed for the objects meant by `object`."""

    check: str
    object: str
    why: str


def advice() -> tuple[Advice, ...]:
    """Return all rows, in the order of the table."""
    rows = read_table(Path(__file__).with_name("advice.yaml"))
    return tuple(Advice(row["check"], row["object"], row["why"]) for row in rows)
