"""What the rules about the expert-distribution file share: where it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.diagnostics.model import FieldPath, Fix
from orchestrator.experts.defects import Defect
from orchestrator.experts.expert_file import ExpertFileKind
from orchestrator.facts.model import Known
from orchestrator.rules.context import Context
from orchestrator.rules.model import Finding

LOCAL: FieldPath = ("experts", "distribution", "local")
PATH: FieldPath = ("experts", "distribution", "path")
SHA256: FieldPath = ("experts", "distribution", "sha256")


def at_local(defects: Iterable[Defect]) -> Iterator[Finding]:
    """Yield what is wrong with the file as findings about its local copy."""
    return (Finding(LOCAL, defect.message, Fix(defect.fix)) for defect in defects)


def replays_a_recording(context: Context) -> bool:
    """Return whether the file at hand is a recording, from which the engine computes a placement."""
    file = context.facts.expert_file
    return isinstance(file, Known) and file.value.kind is ExpertFileKind.LOGICAL_COUNT
