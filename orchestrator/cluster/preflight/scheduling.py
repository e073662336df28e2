"""Queues, gangs and schedulers that pods ask for by label, annotation or name: whether they are there.

What asks for what is data, `scheduling.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.cluster.errors import NotFoundError
from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.manifests.metadata import Object
from orchestrator.manifests.pod import pod_template
from orchestrator.tables import read_table


def scheduling(asked: Asked) -> Iterator[Diagnostic]:
    """Yield what pods ask for and the cluster does not have."""
    rows = read_table(Path(__file__).with_name("scheduling.yaml"))
    for index, pool in enumerate(asked.plan.pools):
        template = pod_template(asked.plan, pool, leader=True)
        for row in rows:
            name = _asked(row, template)
            if name:
                yield from _missing(asked, row, name, pool.name, ("pools", index))


def _asked(row: Mapping[str, str], template: Object) -> str | None:
    """Return the name that a pod gives: of an object, or of the scheduler itself."""
    about: Mapping[str, Any] = template["metadata"]
    if "scheduler" in row:
        given = template["spec"].get("schedulerName")
        return given if given == row["scheduler"] else None
    kind = "labels" if "label" in row else "annotations"
    return (about.get(kind) or {}).get(row.get("label") or row["annotation"])


def _missing(
    asked: Asked, row: Mapping[str, str], name: str, pool: str, at: FieldPath
) -> Iterator[Diagnostic]:
    by = row.get("label") or row.get("annotation") or "schedulerName"
    try:
        group = asked.api.get(f"/apis/{row['api']}")
    except NotFoundError:
        text = f"pool {pool}: {by}={name} needs {row['api']}, which the cluster does not serve"
        yield found("scheduling-missing", text, at)
        return
    version = group["preferredVersion"]["groupVersion"]
    if "scheduler" not in row and not asked.api.find(
        version, row["kind"], asked.plan.namespace, name
    ):
        place = f"in namespace {asked.plan.namespace}"
        text = f"pool {pool}: {by} names {row['kind']} {name}, which is not there {place}"
        yield found("scheduling-missing", text, at)
