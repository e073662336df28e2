"""Builds the memory table of one GPU of a pool from its sizes, the model, the GPU and the release.

Says what the static budget holds; what stays outside it, with the reserves, is in `outside`.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.catalog.engine_memory import EngineMemory
from orchestrator.catalog.gpus import Gpu
from orchestrator.catalog.model_config import ModelShape
from orchestrator.memory import weights
from orchestrator.memory.cache import least_tokens, request_state_bytes, token_cost, tokens_in
from orchestrator.memory.fraction import default_fraction
from orchestrator.memory.outside import CONTEXT_BYTES, outside_rows
from orchestrator.memory.pool import PoolShape
from orchestrator.memory.table import MIB, MemoryRow, MemoryTable

WEIGHT_ERROR = 0.01
"""Four load logs and two published checkpoints lie within this share."""


def estimate(pool: PoolShape, model: ModelShape, gpu: Gpu, engine: EngineMemory) -> MemoryTable:
    """Return what one GPU of the pool holds. Total: sizes that cannot be are another rule's business."""
    free = gpu.memory_bytes - CONTEXT_BYTES
    fraction = pool.mem_fraction or default_fraction(pool, gpu, engine)
    fixed = tuple(_static_rows(pool, model, gpu, engine))
    cost = token_cost(model, pool, engine)
    left = int(free * fraction) - sum(row.bytes for row in fixed if row.pool == "static")
    tokens = tokens_in(left, cost)
    cache = (
        MemoryRow(
            "KV cache, compressed",
            int(tokens * cost.compressed),
            "static",
            f"{tokens:,} tokens x {cost.compressed:,.0f} bytes",
            elastic=True,
        ),
        MemoryRow(
            "KV cache, sliding window",
            int(tokens * cost.window),
            "static",
            f"{pool.swa_ratio:g} of the tokens in every layer, with C4 state",
            elastic=True,
        ),
    )
    return MemoryTable(
        rows=(*fixed, *cache, *outside_rows(pool, model, gpu)),
        gpu_bytes=gpu.memory_bytes,
        free_bytes=free,
        mem_fraction=fraction,
        mem_fraction_is_default=pool.mem_fraction is None,
        kv_tokens=tokens,
        kv_bytes_per_token=cost.total,
        least_kv_bytes=int(least_tokens(model, pool) * cost.total),
    )


def _static_rows(
    pool: PoolShape, model: ModelShape, gpu: Gpu, engine: EngineMemory
) -> Iterator[MemoryRow]:
    one = weights.expert_bytes(model, pool.expert_dtype, weights.scale_bytes(pool, engine))
    slots = weights.routed_slots(model, pool)
    moe_tp = max(1, pool.tp // pool.ep)
    cut = f" / {moe_tp}" if moe_tp > 1 else ""
    yield MemoryRow(
        "routed experts",
        weights.routed_bytes(model, pool, engine),
        "static",
        f"{slots} slots x {model.layers} layers x {one / MIB:.1f} MiB{cut}, {pool.expert_dtype}",
        WEIGHT_ERROR,
    )
    if pool.waterfill:
        yield MemoryRow(
            "Waterfill's shared slot",
            model.layers * one,
            "static",
            f"{model.layers} layers x {one / MIB:.1f} MiB, instead of the shared expert",
            WEIGHT_ERROR,
        )
    yield MemoryRow(
        "attention, embedding, rest",
        weights.dense_bytes(model, pool, gpu),
        "static",
        f"attention over {pool.attention_tp} of {pool.tp} ranks",
        WEIGHT_ERROR,
    )
    yield MemoryRow(
        "position tables", weights.rope_bytes(model), "static", f"{model.max_positions:,} positions"
    )
    if pool.mtp:
        yield MemoryRow(
            "MTP layer",
            weights.mtp_bytes(model, pool, gpu, engine),
            engine.draft_pool,
            "with an embedding of its own while the KV pool is sized",
            WEIGHT_ERROR,
        )
    if state := request_state_bytes(model, pool, engine):
        yield MemoryRow(
            "C128 state of requests", state, "static", f"{pool.request_slots} request slots"
        )
    if pool.recorder_buffer is not None:
        experts = model.routed_experts + pool.redundant
        yield MemoryRow(
            "recorder buffer",
            pool.recorder_buffer * model.layers * experts * 4,
            "static",
            f"{pool.recorder_buffer} passes x {model.layers} layers x {experts} experts x int32",
        )
