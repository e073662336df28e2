"""Recorded revisions: what was applied of a deployment, when, and from which spec, in ConfigMaps.

A revision is written before its first object, so that whatever stops an apply leaves the inventory
known. Who applies, prunes and rolls back reads it here; nothing else is kept anywhere.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import ExistsError, RefusedError
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL, PREFIX

REVISION_LABEL = f"{PREFIX}/revision"
KEPT = 10
"""Revisions that stay; ten times some ten KB in etcd."""


class RevisionState(StrEnum):
    """How far a revision came."""

    PENDING = "pending"
    """Recorded, and its objects perhaps not all applied."""
    APPLIED = "applied"
    """What the cluster was last told to run."""
    SUPERSEDED = "superseded"
    """Applied once, and followed by another."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a revision was made from; digests are SHA-256, empty where there is no such file.

    `rollback_to` is the number of the revision that it repeats, if it repeats one.
    """

    spec_sha256: str
    expert_sha256: str
    image: str
    sglang: str
    tool: str
    rollback_to: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """One recorded apply of a deployment. `created` is the server's time, empty before it is there."""

    name: str
    namespace: str
    number: int
    state: RevisionState
    source: Source
    objects: tuple[Object, ...]
    created: str = ""


def recorded(api: Api, name: str, namespace: str) -> list[Revision]:
    """Return the recorded revisions of a deployment, the oldest first. Raises ClusterError."""
    selector = f"{INSTANCE_LABEL}={name},{REVISION_LABEL}"
    found = api.list("v1", "ConfigMap", namespace, selector=selector)
    return sorted((_read(one) for one in found), key=lambda revision: revision.number)


def names(api: Api, namespace: str) -> list[str]:
    """Return the deployments that have revisions in a namespace. Raises ClusterError."""
    found = api.list("v1", "ConfigMap", namespace, selector=REVISION_LABEL)
    return sorted({one["metadata"]["labels"][INSTANCE_LABEL] for one in found})


def earlier_one(revisions: Sequence[Revision], number: int | None, name: str) -> Revision:
    """Return what a rollback applies: the objects of revision `number`, as a revision to come.

    Without a number it is the newest one that was applied and differs from the newest of all. Raises
    RefusedError where there is none.
    """
    told = ", ".join(f"{one.number} ({one.state})" for one in revisions) or "none"
    there = f"recorded of {name}: {told}"
    if number is not None:
        found = next((one for one in revisions if one.number == number), None)
        if found is None:
            raise RefusedError(f"there is no revision {number} to return to; {there}")
    else:
        applied = [one for one in revisions[:-1] if one.state is not RevisionState.PENDING]
        other = [one for one in applied if one.objects != revisions[-1].objects]
        if not other:
            raise RefusedError(f"there is no earlier, different revision to return to; {there}")
        found = other[-1]
    source = replace(found.source, rollback_to=str(found.number))
    return replace(found, number=0, state=RevisionState.PENDING, source=source, created="")


def record(api: Api, revision: Revision) -> None:
    """Write a new revision. Raises RefusedError where somebody else just wrote one of that number."""
    try:
        api.create(config_map(revision))
    except ExistsError:
        # Ours, if the answer to a first request was lost.
        there = api.find("v1", "ConfigMap", revision.namespace, _title(revision))
        if there is None or replace(_read(there), created="") != revision:
            raise RefusedError(
                f"revision {revision.number} of {revision.name} was recorded by another apply just "
                "now; nothing was applied; wait for it to end and run the command again"
            ) from None


def mark(api: Api, revision: Revision, state: RevisionState) -> Revision:
    """Write down how far a revision came, and return it so. Raises ClusterError."""
    marked = replace(revision, state=state)
    api.apply(config_map(marked), take_over=True)  # it was created, not applied; it is ours anyhow
    return marked


def forget(api: Api, revisions: Iterable[Revision]) -> None:
    """Delete revisions. Raises ClusterError."""
    for revision in revisions:
        api.delete(config_map(revision))


def config_map(revision: Revision) -> Object:
    """Return the ConfigMap that holds a revision."""
    packed = gzip.compress(_spelled(revision.objects).encode(), mtime=0)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _title(revision),
            "namespace": revision.namespace,
            "labels": {
                INSTANCE_LABEL: revision.name,
                "app.kubernetes.io/part-of": revision.name,
                "app.kubernetes.io/managed-by": "deploy",
                REVISION_LABEL: str(revision.number),
            },
        },
        "data": {"state": str(revision.state), "source": json.dumps(asdict(revision.source))},
        "binaryData": {"objects.json.gz": base64.b64encode(packed).decode()},
    }


def digest(text: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(text).hexdigest()


def _title(revision: Revision) -> str:
    return f"{revision.name}-revision-{revision.number}"


def _spelled(objects: tuple[Object, ...]) -> str:
    return json.dumps(objects, sort_keys=True, separators=(",", ":"))


def _read(one: Object) -> Revision:
    about = one["metadata"]
    try:
        return Revision(
            name=about["labels"][INSTANCE_LABEL],
            namespace=about["namespace"],
            number=int(about["labels"][REVISION_LABEL]),
            state=RevisionState(one["data"]["state"]),
            source=Source(**json.loads(one["data"]["source"])),
            objects=_unpacked(one),
            created=about.get("creationTimestamp", ""),
        )
    except (KeyError, ValueError, TypeError, OSError, EOFError) as error:
        raise RefusedError(
            f"ConfigMap {about['name']} in namespace {about['namespace']} is labelled as a revision "
            f"and cannot be read ({type(error).__name__}: {error}); it was edited, or written by "
            "another release of deploy: delete it, and its objects are no longer known here"
        ) from None


def _unpacked(one: Object) -> tuple[Object, ...]:
    packed = base64.b64decode(one["binaryData"]["objects.json.gz"])
    objects: list[Object] = json.loads(gzip.decompress(packed))
    if any(thing["metadata"]["namespace"] != one["metadata"]["namespace"] for thing in objects):
        raise ValueError("it names objects of another namespace")
    return tuple(objects)
