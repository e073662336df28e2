"""Every pool as it will run: the cluster's settings with the pool's own over them, and the arithmetic.

Total functions only: sizes that do not divide are reported as remainders, never raised, so that rules
can speak about them. Knows nothing of flags, YAML or Kubernetes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from orchestrator.diagnostics.model import FieldPath
from orchestrator.spec.cluster import ClusterSpec
from orchestrator.spec.pool import Pool

DEFAULT_MODES = {"prefill": "normal", "decode": "low_latency", "aggregated": "auto"}
"""DeepEP kernels by role: throughput on prefill, latency and CUDA graphs on decode."""

DEFAULT_DISPATCH_TOKENS = 128
"""What the engine takes where nothing is said (SGLang 0.5.23, srt/environ.py:1439, 1441)."""


@dataclass(frozen=True, slots=True)
class ExpertLayout:
    """Expert slots of one MoE layer over the ranks of one replica.

    `physical` = routed + redundant, spread over `ranks`; Waterfill adds `shared_slots`, one per rank.
    """

    routed: int
    redundant: int
    ranks: int
    waterfill: bool

    @property
    def physical(self) -> int:
        """Routed and redundant slots of all ranks."""
        return self.routed + self.redundant

    @property
    def remainder(self) -> int:
        """Slots left over when the physical experts are dealt to the ranks; 0 is required."""
        return self.physical % self.ranks

    @property
    def shared_slots(self) -> int:
        """Slots for the shared expert that Waterfill adds, one per rank."""
        return self.ranks if self.waterfill else 0

    @property
    def per_rank(self) -> int:
        """Slots of one rank, Waterfill's shared slot included."""
        return self.physical // self.ranks + self.waterfill


@dataclass(frozen=True, slots=True)
class PoolView:
    """One pool with all that is decided about it by the spec alone."""

    index: int
    pool: Pool
    cluster: ClusterSpec

    @property
    def path(self) -> FieldPath:
        """Where the pool stands in the spec."""
        return ("pools", self.index)

    def at(self, *steps: str | int) -> FieldPath:
        """Return the path of a field of this pool."""
        return (*self.path, *steps)

    # -- experts: the pool's own setting, else the cluster's ------------------------------------

    @property
    def redundant(self) -> int:
        """Redundant experts of this pool, all ranks together."""
        own = self.pool.experts.redundant
        return self.cluster.experts.redundant if own is None else own

    @property
    def algorithm(self) -> str:
        """EPLB placement algorithm of this pool."""
        return self.pool.experts.algorithm or self.cluster.experts.algorithm

    @property
    def waterfill(self) -> bool:
        """Whether this pool asks for Waterfill."""
        own = self.pool.experts.waterfill
        return self.cluster.experts.waterfill if own is None else own

    def experts_at(self, field: str) -> FieldPath:
        """Return where an expert setting that holds for this pool is written."""
        if getattr(self.pool.experts, field) is not None:
            return self.at("experts", field)
        return ("experts", field)

    # -- DeepEP ----------------------------------------------------------------------------------

    @property
    def deepep(self) -> bool:
        """Whether tokens reach their experts through DeepEP v1, whose kernels have modes."""
        return self.pool.all_to_all == "deepep"

    @property
    def deepep_mode(self) -> str | None:
        """DeepEP kernels of this pool, `None` without DeepEP."""
        if not self.deepep:
            return None
        return self.pool.deepep_mode or DEFAULT_MODES[self.pool.role]

    @property
    def deepep_v2_mode(self) -> str | None:
        """How DeepEP v2 reaches its peers: over NVLink alone, or over RDMA where nodes differ."""
        if self.pool.all_to_all != "deepep_v2":
            return None
        return "hybrid" if self.nodes > 1 else "direct"

    @property
    def dispatch_tokens(self) -> int:
        """Tokens one rank may dispatch at once, in low-latency mode or over DeepEP v2."""
        return self.pool.dispatch_tokens or DEFAULT_DISPATCH_TOKENS

    @property
    def verify_tokens(self) -> int:
        """Tokens per request in one decode step: 1, or MTP's verify width."""
        mtp = self.pool.mtp
        return 1 if mtp is None else mtp.steps + 1

    # -- sizes -----------------------------------------------------------------------------------

    @property
    def tp(self) -> int:
        """GPUs of one replica."""
        return self.pool.parallelism.tp

    @property
    def attention_dp(self) -> int:
        """Attention data-parallel ranks of one replica."""
        return self.pool.parallelism.attention_dp

    @property
    def ep(self) -> int:
        """Expert-parallel ranks in effect: an all-to-all backend makes them `tp`, whatever is written.

        SGLang 0.5.23, srt/arg_groups/overrides.py:1613-1619; PAR rules say where something else is written.
        """
        return self.tp if self.pool.all_to_all != "none" else self.pool.parallelism.ep or 1

    @property
    def nodes(self) -> int:
        """Nodes of one replica: what is written, else as few as hold its GPUs."""
        return self.pool.parallelism.nodes or -(-self.tp // self.cluster.hardware.gpus_per_node)

    @property
    def gpus_per_pod(self) -> int:
        """GPUs of one node of a replica, rounded up where they do not divide."""
        return -(-self.tp // self.nodes)

    def experts(self, routed: int) -> ExpertLayout:
        """Return the expert slots of a model with `routed` experts per layer."""
        return ExpertLayout(routed, self.redundant, self.ep, self.waterfill)

    @property
    def replays(self) -> bool:
        """Whether this pool starts with the shared expert-distribution file."""
        return self.cluster.experts.distribution is not None

    def extra_argument(self, *flags: str) -> tuple[str, object] | None:
        """Return the first of these extra engine arguments that is given, with its value."""
        for flag in flags:
            if flag in self.pool.extra_args:
                return flag, self.pool.extra_args[flag]
        return None


def divisors(number: int) -> list[int]:
    """Return all divisors of a positive number, smallest first: the sizes that would fit."""
    small = [n for n in range(1, isqrt(number) + 1) if number % n == 0]
    return sorted({*small, *(number // n for n in small)})


def pool_views(spec: ClusterSpec) -> tuple[PoolView, ...]:
    """Return the pools of a spec in its order."""
    return tuple(PoolView(index, pool, spec) for index, pool in enumerate(spec.pools))
