"""How a deployment stands at one moment, as data: pools, groups, ranks, router, and why some wait.

Who looks at the cluster is `readiness.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rank:
    """One pod of a group. `pod` and `node` are empty where there is none yet; `why` it is not ready."""

    rank: int
    pod: str
    node: str
    ready: bool
    restarts: int
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """One replica of a pool; it serves when all its ranks are ready."""

    index: int
    ranks: tuple[Rank, ...]

    @property
    def ready(self) -> bool:
        """Whether every rank is ready."""
        return all(rank.ready for rank in self.ranks)


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool. `settled` says whether its controller has rolled out what was last applied."""

    name: str
    role: str
    size: int
    gpus_per_group: int
    groups: tuple[Group, ...]
    settled: bool

    @property
    def ready(self) -> int:
        """Groups that serve."""
        return sum(group.ready for group in self.groups)


@dataclass(frozen=True, slots=True)
class RouterState:
    """The router's replicas, by what its Deployment says."""

    name: str
    replicas: int
    ready: int
    settled: bool
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A deployment at one moment."""

    pools: tuple[PoolState, ...]
    router: RouterState | None

    @property
    def settled(self) -> bool:
        """Whether all that was applied is rolled out and ready."""
        router = self.router is None or self.router.settled
        return router and all(pool.settled for pool in self.pools)

    def ready_groups(self, role: str) -> int:
        """Return the groups of a role that serve."""
        return sum(pool.ready for pool in self.pools if pool.role == role)

    def serving(self) -> str:
        """Return whether requests find a prefill and a decode group, in words."""
        if not any(pool.role == "decode" for pool in self.pools):
            ready = sum(pool.ready for pool in self.pools)
            return f"{ready} groups serve" if ready else "no group serves yet"
        prefill, decode = self.ready_groups("prefill"), self.ready_groups("decode")
        if prefill and decode:
            return f"pairs of {prefill} prefill and {decode} decode groups serve"
        missing = " and no ".join(
            role for role, ready in (("prefill", prefill), ("decode", decode)) if not ready
        )
        return f"no prefill–decode pair: no {missing} group is ready"
