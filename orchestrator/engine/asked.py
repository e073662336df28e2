"""What a pool asks of the engine, in intents: the same for the rules that check it and the plan.

How an intent is spelled is the tables' business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from orchestrator.names import HTTP_PORT, RENDEZVOUS_PORT

if TYPE_CHECKING:
    from orchestrator.pools import PoolView

API_KEY, ADMIN_API_KEY = "SGLANG_API_KEY", "SGLANG_ADMIN_API_KEY"
"""Variables that carry secrets into the pod; the command line refers to them."""

LEADER_ADDRESS, WORKER_INDEX = "LWS_LEADER_ADDRESS", "LWS_WORKER_INDEX"
"""Variables that LeaderWorkerSet gives every pod of a group."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`before`, the value of an environment variable of the pod, `after`."""

    variable: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}$({self.variable}){self.after}"

    def filled(self, variables: Mapping[str, str]) -> str:
        """Return the text with the variable's value, or with the reference where it has none."""
        if self.variable not in variables:
            return str(self)
        return f"{self.before}{variables[self.variable]}{self.after}"


IntentValue: TypeAlias = bool | int | float | str | Placeholder | None


def asked(view: PoolView) -> Iterator[tuple[str, bool | float | str | Placeholder]]:
    """Yield what the pool asks of the engine, in the order of the command line; `True` is a bare flag."""
    for intent, value in _intents(view):
        if value is not None and value is not False:
            yield intent, value


def asked_variables(view: PoolView) -> Iterator[str]:
    """Yield the intents that the pool asks for by environment variables."""
    yield from ("host_ip", "fp4_experts", "jit_cache", "deep_gemm_cache")
    if view.deepep_mode in ("low_latency", "auto"):
        yield "dispatch_tokens"
    if view.deepep_v2_mode:
        yield "deepep_v2_dispatch_tokens"
    if view.pool.recorder:
        yield "recorder_folder"


def _intents(view: PoolView) -> Iterator[tuple[str, IntentValue]]:
    """Yield every intent; `None` and `False` mean that nothing is said and the engine's default holds."""
    spec, pool = view.cluster, view.pool
    yield "model_path", spec.model.path
    yield "trust_remote_code", True
    yield "revision", spec.model.revision
    yield "served_name", spec.model.served_name
    yield "load_format", None if spec.model.load_format == "auto" else spec.model.load_format
    yield "host", "0.0.0.0"  # noqa: S104 - a pod is reached from other pods
    yield "port", HTTP_PORT
    if pool.role != "aggregated":
        yield "role", pool.role
        yield "transfer_backend", spec.transfer.backend
        yield "bootstrap_port", spec.transfer.bootstrap_port if pool.role == "prefill" else None
        yield "nics", _nics(spec.hardware.nics)
    yield "tp", view.tp
    yield "attention_dp", view.attention_dp if view.attention_dp > 1 else None
    ep = view.pool.parallelism.ep or view.ep
    yield "ep", ep if ep > 1 else None
    if view.nodes > 1:
        yield "nodes", view.nodes
        yield "node_rank", Placeholder(WORKER_INDEX)
        yield "leader_address", Placeholder(LEADER_ADDRESS, after=f":{RENDEZVOUS_PORT}")
    yield "all_to_all", None if pool.all_to_all == "none" else pool.all_to_all
    yield "deepep_mode", view.deepep_mode
    yield "deepep_v2_mode", view.deepep_v2_mode
    yield from _experts(view)
    yield "max_running_requests", pool.max_running_requests
    yield "cuda_graph_max_batch", pool.cuda_graph_max_batch
    yield "chunked_prefill", pool.chunked_prefill
    yield "memory_fraction", pool.memory_fraction
    yield "context_length", pool.context_length
    yield "kv_cache_dtype", None if pool.kv_cache_dtype == "auto" else pool.kv_cache_dtype
    if pool.mtp:
        yield "mtp_algorithm", "EAGLE"
        yield "mtp_steps", pool.mtp.steps
        yield "mtp_topk", 1
        yield "mtp_draft_tokens", view.verify_tokens
    if pool.hicache:
        yield "hicache", True
        yield "hicache_ratio", pool.hicache.ratio
        yield "hicache_size", pool.hicache.size_gb
        yield "hicache_write_policy", pool.hicache.write_policy
        yield "hicache_storage", pool.hicache.storage_backend
    yield "metrics", True
    yield "metrics_of_all_ranks", view.attention_dp > 1
    yield "api_key", Placeholder(API_KEY) if spec.engine.api_key else None
    yield "admin_api_key", Placeholder(ADMIN_API_KEY) if spec.engine.admin_api_key else None


def _experts(view: PoolView) -> Iterator[tuple[str, IntentValue]]:
    distribution, recorder = view.cluster.experts.distribution, view.pool.recorder
    yield "redundant", view.redundant or None
    if distribution:
        yield "expert_file", distribution.file
    yield "algorithm", None if view.algorithm == "auto" else view.algorithm
    yield "waterfill", view.waterfill
    if recorder:
        yield "recorder_mode", recorder.mode
        yield "recorder_buffer", recorder.buffer


def _nics(nics: list[str] | dict[str, str] | None) -> str | None:
    if isinstance(nics, dict):
        return json.dumps(nics, separators=(",", ":"))
    return ",".join(nics) if nics else None
