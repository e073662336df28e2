"""Takes a deployment away: every object of its recorded revisions, the records themselves last.

Claims stay unless asked for by name, and with them models and expert files; so do the ConfigMaps of
published files, which no revision names, and what others made or took over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.cluster.api import Api, named
from orchestrator.cluster.apply import UnfinishedError
from orchestrator.cluster.errors import ClusterError
from orchestrator.cluster.inventory import present
from orchestrator.cluster.ownership import deletable
from orchestrator.cluster.revisions import Revision, forget
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL

_CLAIM = "PersistentVolumeClaim"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is of a deployment: objects to delete in their order, and those that stay."""

    doomed: tuple[Object, ...]
    kept: tuple[Object, ...]


def inventory(api: Api, name: str, namespace: str, revisions: Sequence[Revision]) -> Inventory:
    """Return what of all revisions is there: what takes requests first, so that none is cut off."""
    recorded = [one for revision in revisions for one in revision.objects]
    found = list(present(api, namespace, recorded))
    doomed = [one for one in found if deletable(one, name)]
    kept = [one for one in found if one not in doomed]
    return Inventory(tuple(doomed), tuple(kept))


def mounted_claims(api: Api, name: str, namespace: str, revisions: Sequence[Revision]) -> Inventory:
    """Return the claims that pods of the revisions mount; those that others' pods mount too are kept.

    Raises ClusterError.
    """
    names = {claim for revision in revisions for claim in _claims(revision.objects)}
    there = [api.find("v1", _CLAIM, namespace, claim) for claim in sorted(names)]
    others = [
        pod["spec"]
        for pod in api.list("v1", "Pod", namespace)
        if (pod["metadata"].get("labels") or {}).get(INSTANCE_LABEL) != name
    ]
    shared = set(_claims(others))
    found = [claim for claim in there if claim]
    kept = [claim for claim in found if claim["metadata"]["name"] in shared]
    return Inventory(tuple(claim for claim in found if claim not in kept), tuple(kept))


def _claims(node: Any) -> Iterator[str]:
    """Yield the names of all claims that pods below a node mount."""
    if isinstance(node, Mapping):
        if claim := node.get("persistentVolumeClaim"):
            yield claim["claimName"]
        node = node.values()
    elif isinstance(node, str) or not isinstance(node, Iterable):
        return
    for child in node:
        yield from _claims(child)


def delete(
    api: Api, found: Inventory, revisions: Sequence[Revision], say: Callable[[str], object]
) -> None:
    """Delete the objects, then the revisions.

    Raises UnfinishedError, with what was done, where the cluster or the user stops it.
    """
    done = 0
    try:
        for one in found.doomed:
            api.delete(one)
            done += 1
            say(f"deleted {named(one)}")
        forget(api, revisions)
    except (ClusterError, KeyboardInterrupt) as error:
        raise UnfinishedError(
            f"{str(error) or 'interrupted'}\n"
            f"  {done} of {len(found.doomed)} objects are deleted; the revisions that name the "
            "others are kept: run the same command again"
        ) from error
