"""The status of a deployment: what was applied, how its groups stand, and what its router sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.cluster.api import Api
from orchestrator.cluster.errors import NotFoundError
from orchestrator.cluster.readiness import observe
from orchestrator.cluster.revisions import Revision, names, recorded
from orchestrator.cluster.router_view import RouterView, router_view
from orchestrator.cluster.standing import Group, PoolState, Rank, Standing
from orchestrator.diagnostics.full import Style

VERSION = 1
"""Version of the data form; within one, keys keep their meaning and new keys may be added."""


@dataclass(frozen=True, slots=True)
class Status:
    """A deployment at one moment; `revision` is `None` where it was not applied by `deploy apply`."""

    name: str
    namespace: str
    revision: Revision | None
    state: Standing
    view: RouterView | None


def status(api: Api, name: str, namespace: str) -> Status:
    """Return the status. Raises NotFoundError where nothing of that name is there, ClusterError."""
    revisions = recorded(api, name, namespace)
    state = observe(api, name, namespace)
    if not revisions and not state.pools and state.router is None:
        known = ", ".join(names(api, namespace)) or "none"
        raise NotFoundError(
            f"nothing of {name} is in namespace {namespace} (deployments recorded there: {known})"
        )
    view = router_view(api, state.router.name, namespace) if state.router else None
    return Status(name, namespace, revisions[-1] if revisions else None, state, view)


def as_data(one: Status) -> dict[str, Any]:
    """Return the status as plain data."""
    revision, router = one.revision, one.state.router
    return {
        "version": VERSION,
        "name": one.name,
        "namespace": one.namespace,
        "ready": one.state.settled,
        "serving": one.state.serving(),
        "revision": revision
        and {
            "number": revision.number,
            "state": str(revision.state),
            "created": revision.created,
            **asdict(revision.source),
        },
        "pools": [
            {
                "name": pool.name,
                "role": pool.role,
                "settled": pool.settled,
                "ready_groups": pool.ready,
                "gpus_per_group": pool.gpus_per_group,
                "groups": [
                    {
                        "index": group.index,
                        "ready": group.ready,
                        "ranks": [asdict(r) for r in group.ranks],
                    }
                    for group in pool.groups
                ],
            }
            for pool in one.state.pools
        ],
        "router": router
        and {
            **asdict(router),
            "workers": [asdict(w) for w in one.view.workers]
            if one.view and not one.view.unknown
            else None,
            "unknown": one.view.unknown if one.view else "",
        },
    }


def as_text(one: Status, paint: Style) -> str:
    """Return the status to read: pools, groups, ranks."""
    return "\n".join(_lines(one, paint)) + "\n"


def _lines(one: Status, paint: Style) -> Iterator[str]:
    state = "ready" if one.state.settled else paint.warning("not ready")
    yield f"{paint.strong(one.name)} in namespace {one.namespace}: {state}; {one.state.serving()}"
    yield from _revision(one.revision)
    for pool in one.state.pools:
        yield from _pool(pool, paint)
    router = one.state.router
    if router is None:
        return
    why = f": {router.why}" if router.why else ""
    yield f"{paint.strong('router')} {router.ready}/{router.replicas} ready{why}"
    if one.view is None or one.view.unknown:
        yield f"  its workers: unknown: {one.view.unknown if one.view else 'not asked'}"
        return
    yield f"  its workers: {len(one.view.workers)}"
    for worker in one.view.workers:
        yield f"    {worker.role:8} {worker.url}{'' if worker.healthy else paint.warning(' unhealthy')}"


def _revision(revision: Revision | None) -> Iterator[str]:
    if revision is None:
        yield "  no revision is recorded: it was not applied by `deploy apply`"
        return
    source = revision.source
    again = f", a rollback to {source.rollback_to}" if source.rollback_to else ""
    yield f"  revision {revision.number} ({revision.state}{again}), recorded {revision.created}"
    yield f"  SGLang {source.sglang}, image {source.image}"
    experts = f"; expert file {source.expert_sha256[:12]}" if source.expert_sha256 else ""
    yield f"  spec {source.spec_sha256[:12]}{experts}"


def _pool(pool: PoolState, paint: Style) -> Iterator[str]:
    shape = f"{pool.size} × {pool.gpus_per_group // max(1, pool.size)} GPUs a group"
    rolling = "" if pool.settled else paint.warning(", rolling out")
    yield (
        f"{paint.strong(pool.name)} ({pool.role}) {pool.ready}/{len(pool.groups)} groups ready, "
        f"{shape}{rolling}"
    )
    for group in pool.groups:
        yield from _group(group, paint)


def _group(group: Group, paint: Style) -> Iterator[str]:
    for rank in group.ranks:
        head = f"group {group.index}" if rank.rank == 0 else ""
        yield f"  {head:9} rank {rank.rank}  {_rank(rank, paint)}"


def _rank(rank: Rank, paint: Style) -> str:
    restarts = f", {rank.restarts} restarts" if rank.restarts else ""
    where = f"{rank.pod} on {rank.node}" if rank.node else rank.pod
    if rank.ready:
        return f"ready  {where}{restarts}"
    return paint.warning(f"waits  {where}{': ' if where else ''}{rank.why}{restarts}")
