"""The counts of a recording step by step: one forward pass of all ranks after the other.

Reads through the same bounds as `read`, one step in memory at a time; sums have their own module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.experts.forms import stepped_counts
from orchestrator.experts.limits import DEFAULT_LIMITS, Limits
from orchestrator.experts.read import loaded, opened
from orchestrator.experts.sums import numbers
from orchestrator.experts.tables import blocks

Step = tuple[int, Sequence[float]]


def expert_steps(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Step]:
    """Yield the number of each step that counted anything, and its counts, layer after layer.

    Nothing is yielded where the file's counts have no steps. The recorder's buffer of
    srt/eplb/expert_distribution.py (SGLang 0.5.23) is a ring: steps come in the file's order, and those
    not yet recorded are zero. Raises `ExpertFileError` like `read_expert_file`.
    """
    with opened(path) as file:
        data, _ = loaded(path, file, limits)
        table = stepped_counts(data, limits)
        if table is None:
            return
        for step, block in enumerate(blocks(table, limits)):
            if block.count(0) != len(block):
                yield step, numbers(block, table.dtype)
