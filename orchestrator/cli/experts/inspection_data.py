"""What `deploy experts inspect` found, as plain data: numbers, not text; keys that stay."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from orchestrator.experts.balancedness import Balancedness, Layout, balancedness
from orchestrator.experts.comparison import TOLERATED_LOSS, Comparison

if TYPE_CHECKING:
    from orchestrator.cli.experts.inspection import Compared, Inspected

VERSION = 1
"""Keys are stable within it; new ones may be added."""

Data = dict[str, object]


def as_data(found: Sequence[Inspected], together: Compared) -> Data:
    """Return all of it; `comparison` is null where there are no two files to compare."""
    comparison = together.comparison
    return {
        "version": VERSION,
        "files": [_file(one) for one in found],
        "comparison": _comparison(together, comparison) if comparison else None,
    }


def _file(one: Inspected) -> Data:
    file = one.file
    return {
        "path": str(file.path),
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "kind": file.kind,
        "keys": file.keys,
        "dtype": file.dtype or None,
        "layers": file.layers,
        "experts": one.experts,
        "slots": file.columns if file.mapping else None,
        "steps": file.steps,
        "nonzero_steps": file.nonzero_steps,
        "tokens": one.tokens,
        "layer_counts": file.layer_totals if all(map(isfinite, file.layer_totals)) else None,
        "zero_layers": file.zero_layers,
        "fits_models": one.models,
        "refused": one.refused,
        "findings": [
            {
                "code": defect.code,
                "severity": defect.severity,
                "message": defect.message,
                "fix": defect.fix,
            }
            for defect in one.defects
        ],
        "balancedness": [
            {
                **_layout(had.layout),
                "trivial": _balancedness(balancedness(had.trivial, one.counts)),
                "eplb": _balancedness(balancedness(had.eplb, one.counts)),
            }
            for had in one.placed
        ],
    }


def _comparison(together: Compared, comparison: Comparison) -> Data:
    names = [str(one.file.path) for one in together.files]
    return {
        "files": names,
        "not_compared": [str(one.file.path) for one in together.others],
        "distances": [
            {
                "first": names[one.first],
                "second": names[one.second],
                "mean": one.mean,
                "worst": one.worst,
                "worst_layer": one.worst_layer,
                "by_chance": one.chance,
                "layers": one.layers,
            }
            for one in comparison.distances
        ],
        "transfers": [
            {
                **_layout(one.layout),
                "placed_from": names[one.source],
                "loaded_with": names[one.target],
                "placed": _balancedness(one.placed),
                "own": _balancedness(one.own),
                "trivial": _balancedness(one.trivial),
                "loss": one.loss,
            }
            for one in comparison.transfers
        ],
        "verdict": comparison.verdict,
        "best": names[comparison.best],
        "loss": comparison.loss,
        "tolerated_loss": TOLERATED_LOSS,
    }


def _layout(layout: Layout) -> Data:
    return {"ep": layout.ranks, "redundant": layout.redundant}


def _balancedness(found: Balancedness) -> Data:
    return {
        "mean": found.mean,
        "worst": found.worst,
        "worst_layer": found.worst_layer,
        "layers": found.layers,
    }
