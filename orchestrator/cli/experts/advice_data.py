"""Advice on redundant experts as data: all that was computed, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.balance.advise import Advice
from orchestrator.cli.spec_text import EditedSpec
from orchestrator.diagnostics.model import spell
from orchestrator.diagnostics.report import Report
from orchestrator.experts.balancedness import Balancedness, Layout
from orchestrator.experts.expert_file import ExpertFile
from orchestrator.experts.placement import Counts


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about a file: every valid cell and the advice.

    Where a spec was given, also its edit, the report of the edited one, and notes on what of it the
    advice does not know.
    """

    file: ExpertFile
    counts: Counts
    target: float
    cells: Mapping[Layout, Balancedness]
    advice: Sequence[Advice]
    edit: EditedSpec | None = None
    report: Report | None = None
    notes: Sequence[str] = ()

    @property
    def refused(self) -> bool:
        """Whether the edited spec has errors, old ones included."""
        return self.report is not None and bool(self.report.errors)

    @property
    def counted(self) -> int:
        """Layers that counted something."""
        return sum(any(row) for row in self.counts)


def as_data(told: Told) -> dict[str, object]:
    """Return all of it as plain JSON-able data, with every valid cell."""
    return {
        "version": 1,
        "file": str(told.file.path),
        "sha256": told.file.sha256,
        "layers": len(told.counts),
        "layers_counted": told.counted,
        "experts": len(told.counts[0]),
        "target": told.target,
        "cells": [
            {
                "redundant": cell.redundant,
                "ep": cell.ranks,
                "mean": even.mean,
                "worst": even.worst,
                "worst_layer": even.worst_layer,
            }
            for cell, even in told.cells.items()
        ],
        "advice": [_advice(told, one) for one in told.advice],
        "edits": [
            {"path": spell(edit.path), "value": edit.value}
            for edit in (told.edit.edits if told.edit else ())
        ],
        "notes": list(told.notes),
        "refused": told.refused if told.edit else None,
    }


def _advice(told: Told, advice: Advice) -> dict[str, object]:
    demand = advice.demand
    costs = demand.costs or {}
    return {
        "pools": list(demand.pools),
        "ep": demand.ranks,
        "now": demand.now,
        "chosen": advice.chosen,
        "best": advice.best,
        "unaffordable": advice.unaffordable,
        "costs": [
            {
                "redundant": redundant,
                "bytes": cost.bytes,
                "kv_tokens": cost.kv_tokens,
                "short_bytes": cost.short,
            }
            for redundant, cost in costs.items()
            if Layout(demand.ranks, redundant) in told.cells
        ],
    }
