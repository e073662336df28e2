"""Runs all checks of a cluster; one that the caller may not make is told as skipped, never as passed."""

from __future__ import annotations

from orchestrator.cluster.errors import ForbiddenError
from orchestrator.cluster.preflight import (
    admission,
    controller,
    node_ports,
    objects,
    room,
    scheduling,
    serving,
    volumes,
)
from orchestrator.cluster.preflight.context import Asked, Check
from orchestrator.diagnostics.model import Diagnostic
from orchestrator.diagnostics.report import Skipped

CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("CLU1206", "namespace-missing", serving.namespace),
    ("CLU1201", "workload-api-missing", serving.kinds),
    ("CLU1202", "workload-webhook-missing", controller.webhooks),
    ("CLU1215", "workload-controller-old", controller.release),
    ("CLU1205", "missing-permission", objects.rights),
    ("CLU1203", "object-refused", objects.dry_run),
    ("CLU1207", "claim-unusable", volumes.claims),
    ("CLU1219", "expert-config-map-unusable", volumes.expert_file),
    ("CLU1209", "secret-unusable", volumes.secrets),
    ("CLU1210", "quota-exceeded", admission.quotas),
    ("CLU1211", "pods-refused", admission.pods),
    ("CLU1212", "groups-do-not-fit", room.room),
    ("CLU1220", "node-port-taken", node_ports.node_ports),
    ("CLU1217", "scheduling-missing", scheduling.scheduling),
)
"""Code and name under which a check is skipped, and the check."""


def preflight(asked: Asked) -> tuple[list[Diagnostic], list[Skipped]]:
    """Return what is wrong, and what could not be looked at. Raises ClusterError."""
    diagnostics: list[Diagnostic] = []
    skipped: list[Skipped] = []
    for code, name, check in CHECKS:
        try:
            diagnostics += check(asked)
        except ForbiddenError as error:
            skipped.append(Skipped(code, name, str(error)))
    return diagnostics, skipped
