"""Published files with what uses each: the pools that replay it now, and the revisions that may again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import KindMissingError
from orchestrator.cluster.published.record import SHORT, Published, listed
from orchestrator.cluster.replayed import Replayed, replayed
from orchestrator.cluster.revisions import names, recorded
from orchestrator.cluster.workload import API_VERSION, KIND, workload
from orchestrator.manifests.metadata import Object
from orchestrator.names import INSTANCE_LABEL

Place: TypeAlias = tuple[str | None, str | None, str]
"""Claim or ConfigMap, and the path in it."""


@dataclass(slots=True)
class Usage:
    """A file and its users. `record` is `None` where it was not published with this tool.

    `pools` and `revisions` are by deployment.
    """

    claim: str | None
    config_map: str | None
    path: str
    sha256: str
    record: Published | None = None
    pools: dict[str, list[str]] = field(default_factory=dict)
    revisions: dict[str, list[int]] = field(default_factory=dict)

    @property
    def used(self) -> bool:
        """Whether anything replays the file, or a rollback would."""
        return bool(self.pools or self.revisions)


def usages(api: Api, namespace: str) -> list[Usage]:
    """Return the files of a namespace, published ones first, the oldest first. Raises ClusterError."""
    found: dict[Place, Usage] = {}
    for record in sorted(listed(api, namespace), key=lambda one: (one.created, one.config_map)):
        config_map = None if record.claim else record.config_map
        one = Usage(record.claim, config_map, record.path, record.sha256, record)
        found[record.claim, config_map, record.path] = one
    for deployment, pool, file in _live(api, namespace):
        _usage(found, file).pools.setdefault(deployment, []).append(pool)
    for deployment in names(api, namespace):
        for revision in recorded(api, deployment, namespace):
            for file in dict.fromkeys(filter(None, map(replayed, revision.objects))):
                _usage(found, file).revisions.setdefault(deployment, []).append(revision.number)
    return list(found.values())


def missing(api: Api, namespace: str, objects: Iterable[Object]) -> list[str]:
    """Return which ConfigMaps that the objects replay a file from are not there. Raises ClusterError.

    Their pods would wait for the volume for ever; what is on a claim cannot be seen from here.
    """
    files = dict.fromkeys(filter(None, map(replayed, objects)))
    return [
        f"the expert file {file.path} is not there: there is no ConfigMap {file.config_map} in "
        f"namespace {namespace}; publish it again (`deploy experts publish`)"
        for file in files
        if file.config_map and api.find("v1", "ConfigMap", namespace, file.config_map) is None
    ]


def _live(api: Api, namespace: str) -> Iterator[tuple[str, str, Replayed]]:
    """Yield the pools that are there, whoever applied them, with the file of each."""
    try:
        sets = list(api.list(API_VERSION, KIND, namespace))
    except KindMissingError:
        return
    for one in sets:
        pool, file = workload(one), replayed(one)
        if pool and file:
            labels = one["metadata"].get("labels") or {}
            yield labels.get(INSTANCE_LABEL, one["metadata"]["name"]), pool.pool, file


def _usage(found: dict[Place, Usage], file: Replayed) -> Usage:
    place = (file.claim, file.config_map, file.path)
    return found.setdefault(place, Usage(*place, file.sha256))


def as_data(usage: Usage) -> Object:
    """Return a file with its users as plain data; what is not known is null."""
    record = usage.record
    return {
        "claim": usage.claim,
        "config_map": usage.config_map,
        "path": usage.path,
        "sha256": usage.sha256 or None,
        "bytes": record and record.size,
        "model": record and record.model,
        "made_from": record and record.made_from,
        "published": record and record.created,
        "published_by": record and record.tool,
        "pools": usage.pools,
        "revisions": usage.revisions,
    }


def as_lines(usage: Usage) -> Iterator[str]:
    """Yield a file with its users for a reader."""
    home = f"on claim {usage.claim}" if usage.claim else f"in ConfigMap {usage.config_map}"
    yield f"{usage.path} {home}"
    digest = f"SHA-256 {usage.sha256[:SHORT]}…" if usage.sha256 else "SHA-256 unknown"
    if record := usage.record:
        yield f"  {digest}, {record.size:,} bytes, for {record.model}"
        yield f"  published {record.created} from {record.made_from}"
    else:
        yield f"  {digest}, not published with `deploy experts publish`"
    for deployment, pools in sorted(usage.pools.items()):
        yield f"  replayed by {deployment}: {', '.join(sorted(pools))}"
    for deployment, numbers in sorted(usage.revisions.items()):
        yield f"  in revisions of {deployment}: {', '.join(map(str, numbers))}"
    if not usage.used:
        yield "  unused"
