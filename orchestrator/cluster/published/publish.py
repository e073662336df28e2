"""Publishes an expert file: into an immutable ConfigMap, or onto a claim by a short Job and told of in one.

Each step may be repeated: what is there already with the same bytes is left, anything else under
that name is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.cluster.api import Api, named
from orchestrator.cluster.errors import ExistsError, RefusedError
from orchestrator.cluster.jobs import ended, pods_of
from orchestrator.cluster.published.job import SOURCE, publishing_job
from orchestrator.cluster.published.record import Published, held, read
from orchestrator.cluster.ranks import rank_of
from orchestrator.cluster.wait import Clock
from orchestrator.manifests.metadata import Object
from orchestrator.plan.model import ClusterPlan

Say = Callable[[str], object]


def create(api: Api, one: Object) -> bool:
    """Create a published file's ConfigMap, and return whether it was not there before.

    Raises RefusedError where something else has its name, and other ClusterErrors.
    """
    try:
        api.create(one)
    except ExistsError:
        about = one["metadata"]
        there = api.find("v1", "ConfigMap", about["namespace"], about["name"])
        if there is None:
            raise RefusedError(f"{named(one)} was deleted just now: run it again") from None
        if why := _differs(there, one):
            raise RefusedError(
                f"{named(one)} is there already and {why}; it was left as it is: delete it if nobody "
                "needs it, or choose another `name` in the spec"
            ) from None
        return False
    return True


def _differs(there: Object, one: Object) -> str:
    try:
        found, wanted = read(there), read(one)
    except RefusedError:
        return "was not made by `deploy experts publish`"
    if not there.get("immutable"):
        return "can be changed at any time (`immutable` is not set)"
    if (found.claim, found.path, found.sha256) != (wanted.claim, wanted.path, wanted.sha256):
        return f"tells of {found.path} {found.where} with SHA-256 {found.sha256[:12]}…"
    if held(there, wanted.path) != held(one, wanted.path):
        return "holds other bytes"
    return ""


def store(
    api: Api,
    plan: ClusterPlan,
    record: Published,
    content: bytes,
    *,
    seconds: int,
    say: Say,
    clock: Clock | None = None,
) -> None:
    """Put the file onto its claim with a Job, of which nothing stays. Raises ClusterError."""
    clock = clock or Clock()
    job, source = publishing_job(plan, record, content, seconds)
    uid = _create_once(api, job)["metadata"]["uid"]
    try:
        # The Job's own: gone with it, whoever deletes it.
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"]}
        source["metadata"]["ownerReferences"] = [{**owner, "uid": uid}]
        _create_once(api, source)
        pods = pods_of(api, job, clock, clock.now() + seconds, say)
        said = _said(pods[0]) if pods else "no pod was made for it in time"
    finally:
        api.delete(job)
    if said != record.sha256:
        raise RefusedError(f"{record.path} is not on claim {record.claim}: {said}")


def _create_once(api: Api, one: Object) -> Object:
    """Create what has a name that nobody else gives, also where the first answer was lost."""
    try:
        return api.create(one)
    except ExistsError:
        about = one["metadata"]
        there = api.find(one["apiVersion"], one["kind"], about["namespace"], about["name"])
        if there is None:
            raise
        return there


def _said(pod: Object) -> str:
    """Return the program's last word: the digest, or why the file is not there."""
    if not ended(pod):
        return rank_of(0, pod).why
    for one in (pod.get("status") or {}).get("containerStatuses") or ():
        last = (one.get("state") or {}).get("terminated") or {}
        if one["name"] == SOURCE and last.get("message"):
            return " ".join(str(last["message"]).split())
    return "its pod ended without a word, so nobody knows"
