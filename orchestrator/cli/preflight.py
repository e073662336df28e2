"""`--cluster` and `--probe`: hold a spec against a live cluster and join the reports."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.cli.checking import Examined
from orchestrator.cli.live import add_cluster, on_cluster
from orchestrator.cli.terminal import Progress, UserError, complain
from orchestrator.diagnostics.report import Report, by_place

if TYPE_CHECKING:
    from orchestrator.cluster.api import Api

PROBE_SECONDS = 900
"""The image may have to be pulled first; the probe itself takes seconds."""


def add_preflight(parser: argparse.ArgumentParser) -> None:
    """Add the options that ask a live cluster."""
    parser.add_argument(
        "--cluster",
        action="store_true",
        help="hold the spec against the live cluster too: read-only, dry runs included",
    )
    parser.add_argument(
        "--probe",
        action="store_true",
        help="with --cluster: a short Job on a group's nodes of each pool tells what they really offer "
        "(takes their GPUs meanwhile; UNPROVEN in containers)",
    )
    add_cluster(parser)


def ask_cluster(examined: Examined, report: Report, options: argparse.Namespace) -> Report:
    """Return the report with what the cluster adds; as it was, and told, where there is no plan.

    Raises `UserError` where no cluster answers.
    """
    from orchestrator.cluster.preflight.context import Asked
    from orchestrator.cluster.preflight.run import preflight
    from orchestrator.facts.model import Known
    from orchestrator.footprint import checkpoint_bytes
    from orchestrator.manifests.build import build
    from orchestrator.plan.planner import plan

    spec, facts, checked = examined.loaded.spec, examined.facts, examined.outcome.checked
    if checked is None or spec is None or facts is None:
        complain("the cluster was not asked: the errors of the spec must be mended first")
        return report
    planned, joined = plan(checked), [report]
    model = facts.model
    size = checkpoint_bytes(model.value, spec.model.experts) if isinstance(model, Known) else 0

    def asked(api: Api) -> int:
        release = api.get("/version")["gitVersion"]
        sys.stderr.write(f"asked Kubernetes {release} at {api.server}\n")
        found, skipped = preflight(Asked(api, spec, planned, tuple(build(planned)), size))
        if options.probe:
            from orchestrator.cluster.probe.findings import findings
            from orchestrator.cluster.probe.run import probe

            progress = Progress(sys.stderr)
            try:
                answers = probe(api, planned, seconds=PROBE_SECONDS, say=progress.detail)
            finally:
                progress.close()
            found += findings(spec, planned, answers)
        placed = [examined.loaded.spans.resolve(one) for one in found]
        joined[0] = replace(
            report,
            diagnostics=by_place([*report.diagnostics, *placed]),
            skipped=(*report.skipped, *skipped),
        )
        return 0

    if on_cluster(options, asked):
        raise UserError("the cluster could not be asked to the end; nothing was changed in it")
    return joined[0]
