"""From a spec file to the revision that applying it would record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.checking import examine, planned
from orchestrator.diagnostics.report import Report

if TYPE_CHECKING:
    from orchestrator.cluster.revisions import Revision
    from orchestrator.experts.expert_file import ExpertFile


@dataclass(frozen=True, slots=True)
class Desired:
    """The revision of a spec, its number not yet given, and the expert file as read here, if it was."""

    revision: Revision
    file: ExpertFile | None


def desired(path: Path) -> Desired | Report:
    """Return what a spec asks for, or the report of why it cannot be applied. Raises UserError."""
    from orchestrator import __version__
    from orchestrator.cluster.revisions import Revision, RevisionState, Source, digest
    from orchestrator.facts.model import Known
    from orchestrator.manifests.build import build

    examined = examine(path)
    plan = planned(examined)
    if isinstance(plan, Report):
        return plan
    fact = examined.facts.expert_file if examined.facts else None
    source = Source(
        spec_sha256=digest(examined.loaded.text.encode()),
        expert_sha256=(plan.expert_file and plan.expert_file.sha256) or "",
        image=plan.image,
        sglang=plan.sglang,
        tool=__version__,
    )
    objects = json.loads(json.dumps(build(plan)))  # as they come back from a record
    revision = Revision(plan.name, plan.namespace, 0, RevisionState.PENDING, source, tuple(objects))
    return Desired(revision, fact.value if isinstance(fact, Known) else None)
