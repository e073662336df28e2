"""Whether the objects can be applied: a dry run of each, who owns those that are there, and the caller's rights."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.cluster.api import named
from orchestrator.cluster.diff import compare
from orchestrator.cluster.difftext import refusals
from orchestrator.cluster.errors import (
    ForbiddenError,
    KindMissingError,
    NotFoundError,
    RefusedError,
)
from orchestrator.cluster.preflight.context import Asked, found
from orchestrator.diagnostics.model import Diagnostic, FieldPath
from orchestrator.manifests.metadata import Object
from orchestrator.names import POOL_LABEL

VERBS = ("get", "create", "patch", "delete")
"""What `deploy apply`, `rollback` and `delete` do to each kind."""


def dry_run(asked: Asked) -> Iterator[Diagnostic]:
    """Yield what the API server refuses, and what somebody else owns."""
    for one in asked.objects:
        try:
            diff = compare(asked.api, asked.plan.name, asked.plan.namespace, [one], [])
        except (KindMissingError, NotFoundError):
            continue  # told by other checks: the kind, or the namespace, is not there
        except ForbiddenError:
            raise  # the caller may not ask, which is told by `rights`
        except RefusedError as error:
            yield found("object-refused", str(error), _place(asked, one))
            continue
        for why in refusals(diff, take_over=False):
            text, _, fix = why.partition(": ")
            yield found("object-of-another-owner", text, ("name",), fix)


def rights(asked: Asked) -> Iterator[Diagnostic]:
    """Yield each kind of which the caller lacks a verb."""
    wanted = dict.fromkeys((one["apiVersion"], one["kind"]) for one in asked.objects)
    for api_version, kind in [*wanted, ("v1", "ConfigMap")]:
        try:
            resource = asked.api.resource(api_version, kind)
        except KindMissingError:
            continue
        group = api_version.rpartition("/")[0]
        lacking = [verb for verb in VERBS if not _may(asked, verb, group, resource.plural)]
        if lacking:
            verbs, place = ", ".join(lacking), f"in namespace {asked.plan.namespace}"
            rule = f'apiGroups ["{group}"], resources ["{resource.plural}"], verbs {lacking}'
            text = f"you may not {verbs} {resource.plural} {place}"
            yield found("missing-permission", text, ("namespace",), f"add to a Role there: {rule}")


def _may(asked: Asked, verb: str, group: str, plural: str) -> bool:
    about = {"namespace": asked.plan.namespace, "verb": verb, "group": group, "resource": plural}
    review = asked.api.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "metadata": {},
            "spec": {"resourceAttributes": about},
        }
    )
    return bool(review["status"]["allowed"])


def _place(asked: Asked, one: Object) -> FieldPath:
    """Return the field of the spec that an object stands for."""
    pool = (one["metadata"].get("labels") or {}).get(POOL_LABEL)
    names = [each.name for each in asked.spec.pools]
    if pool in names:
        return ("pools", names.index(pool))
    return ("router",) if named(one).startswith(("Deployment", "Service ")) else ("name",)
