"""What the rules about the expert-distribution file share: where it is written, and how ids are listed."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.diagnostics.model import FieldPath
from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.facts.model import Known
from orchestrator.rules.context import Context

LOCAL: FieldPath = ("experts", "distribution", "local")
PATH: FieldPath = ("experts", "distribution", "path")
SHA256: FieldPath = ("experts", "distribution", "sha256")

SHOWN = 8
"""So many numbers of a list are written out."""


def listed(numbers: Sequence[int]) -> str:
    """Return numbers as a user reads them, shortened where there are many: `0, 1, 2 and 40 more`."""
    head = ", ".join(str(number) for number in numbers[:SHOWN])
    return head if len(numbers) <= SHOWN else f"{head} and {len(numbers) - SHOWN:,} more"


def replays_a_recording(context: Context) -> bool:
    """Return whether the file at hand is a recording, from which the engine computes a placement."""
    file = context.facts.expert_file
    return isinstance(file, Known) and file.value.kind is ExpertFileKind.LOGICAL_COUNT
