"""The command line and environment of a pool's engines, in intents; spelling is the engine's tables'."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from orchestrator.catalog.fabrics import Fabric
from orchestrator.engine.intents import flags, launch_command, variable
from orchestrator.names import HTTP_PORT, RENDEZVOUS_PORT
from orchestrator.plan.model import (
    LEADER_ADDRESS,
    WORKER_INDEX,
    Argument,
    FromPod,
    FromSecret,
    Placeholder,
    Value,
)
from orchestrator.pools import PoolView
from orchestrator.spec.pool import FlagValue

API_KEY, ADMIN_API_KEY, HF_TOKEN = "SGLANG_API_KEY", "SGLANG_ADMIN_API_KEY", "HF_TOKEN"
"""Variables that carry secrets into the pod; the first two are referred to on the command line."""

IntentValue: TypeAlias = bool | int | float | str | Placeholder | None


def intents(view: PoolView) -> Iterator[tuple[str, IntentValue]]:
    """Yield what the pool asks of the engine, in the order of the command line.

    `None` and `False` mean that nothing is said and the engine's default holds.
    """
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
    yield "ep", view.ep if view.ep > 1 else None
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
        yield "expert_file", f"{distribution.mount.rstrip('/')}/{distribution.path}"
    yield "algorithm", None if view.algorithm == "auto" else view.algorithm
    yield "waterfill", view.waterfill
    if recorder:
        yield "recorder_mode", recorder.mode
        yield "recorder_buffer", recorder.buffer


def _nics(nics: list[str] | dict[str, str] | None) -> str | None:
    if isinstance(nics, dict):
        return json.dumps(nics, separators=(",", ":"))
    return ",".join(nics) if nics else None


def argv(view: PoolView) -> tuple[Argument, ...]:
    """Return the command line that every rank of the pool runs.

    Raises `UnknownIntentError` where the version's spelling of something asked for is unknown.
    """
    version = view.cluster.engine.sglang
    words: list[Argument] = list(launch_command(version))
    for intent, value in intents(view):
        if value is None or value is False:
            continue
        flag, beside = flags(intent, version)
        words.append(flag)
        if value is not True:
            words.append(value if isinstance(value, Placeholder) else _word(value))
        words += beside
    for flag, given in view.pool.extra_args.items():
        words += _extra(flag, given)
    return tuple(words)


def _extra(flag: str, value: FlagValue) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, list):
        return [flag, *map(_word, value)]
    return [flag, _word(value)]


def _word(value: object) -> str:
    return value if isinstance(value, str) else f"{value}"


def env(view: PoolView, fabric: Fabric) -> dict[str, Value]:
    """Return the environment of every pod of the pool: the plan's own, over the user's, over the fabric's."""
    spec, version = view.cluster, view.cluster.engine.sglang
    cache = spec.engine.jit_cache.mount.rstrip("/")
    own: dict[str, Value] = {
        variable("host_ip", version): FromPod("status.podIP"),
        variable("fp4_experts", version): "1" if spec.model.experts == "fp4" else "0",
        variable("jit_cache", version): cache,
        variable("deep_gemm_cache", version): f"{cache}/deep_gemm",
    }
    if view.deepep_mode in ("low_latency", "auto"):
        own[variable("dispatch_tokens", version)] = str(view.dispatch_tokens)
    if view.deepep_v2_mode:
        own[variable("deepep_v2_dispatch_tokens", version)] = str(view.dispatch_tokens)
    if spec.model.cache and not spec.model.path.startswith("/"):
        mine = {**spec.pod.env, **view.pool.pod.env}
        own |= {} if "HF_HOME" in mine else {"HF_HOME": spec.model.cache.mount}
    if view.pool.recorder:
        # Both roles may share a claim, and a dump does not say whose it is.
        own[variable("recorder_folder", version)] = f"{view.pool.recorder.mount}/{view.pool.name}"
    for name, key in (
        (HF_TOKEN, spec.model.hf_token),
        (API_KEY, spec.engine.api_key),
        (ADMIN_API_KEY, spec.engine.admin_api_key),
    ):
        if key:
            own[name] = FromSecret(key.secret, key.key)
    return {**fabric.env, **user_env(spec.pod.env, view.pool.pod.env), **own}


def user_env(*layers: Mapping[str, object]) -> dict[str, Value]:
    """Return the user's variables, later layers over earlier ones."""
    merged: dict[str, Value] = {}
    for layer in layers:
        for name, value in layer.items():
            secret = getattr(value, "secret", None)
            key = getattr(value, "key", None)
            merged[name] = FromSecret(secret, key) if secret and key else str(value)
    return merged
