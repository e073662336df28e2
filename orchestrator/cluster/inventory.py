"""What recorded revisions name, and which of it is still there.

Whether it is ours to delete is `ownership.py`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import KindMissingError
from orchestrator.manifests.metadata import Object


def identity(one: Object) -> tuple[str, str, str, str]:
    """Return what makes an object itself, whichever version of its kind it is written in."""
    group = one["apiVersion"].rpartition("/")[0]
    about = one["metadata"]
    return group, one["kind"], about.get("namespace", ""), about["name"]


def present(api: Api, namespace: str, recorded: Iterable[Object]) -> Iterator[Object]:
    """Yield those of the recorded objects that are in the namespace, as they are there, once each.

    The order is that of taking away: what takes requests goes before what serves them. Raises
    ClusterError.
    """
    for one in reversed(list({identity(one): one for one in recorded}.values())):
        about = one["metadata"]
        if about.get("namespace") != namespace:
            continue
        try:
            live = api.find(one["apiVersion"], one["kind"], namespace, about["name"])
        except KindMissingError:  # what defined it is gone, and the object with it
            continue
        if live:
            yield live
