"""Bytes of the weights of a DeepSeek-V4 model on one rank, parameter by parameter.

Follows SGLang 0.5.23, srt/models/deepseek_v4.py, deepseek_v2.py and deepseek_v4_nextn.py; what it gives
agrees to 0.1 % with published checkpoints and to 1 % with load logs.
"""

from __future__ import annotations

from orchestrator.catalog.engine_memory import EngineMemory
from orchestrator.catalog.gpus import Gpu
from orchestrator.catalog.model_config import ModelShape
from orchestrator.memory.pool import PoolShape, ceil_div

FP8_BLOCK = 128
FP4_GROUP = 32
BF16, FLOAT32 = 2, 4
C4, C128 = 4, 128

MEGAMOE_SCALE_BYTES = 2
"""MegaMoE keeps a second layout of the FP4 scales (0.5.23, srt/layers/moe/mega_moe.py:681)."""

OUTPUT_PROJECTION_BYTES = {"hopper": BF16, "blackwell": 1}
"""`wo_a` is unpacked to bf16 on Hopper (0.5.23, srt/arg_groups/serving_hook.py:475-493)."""


def scale_bytes(pool: PoolShape, engine: EngineMemory) -> int:
    """Return the bytes that a rank keeps per group of 32 FP4 weights, copies included."""
    if pool.all_to_all == "megamoe":
        return MEGAMOE_SCALE_BYTES
    return engine.marlin_scale_bytes if pool.moe_runner == "marlin" else 1


def expert_bytes(model: ModelShape, dtype: str, scale: int = 1) -> int:
    """Return the bytes of one routed expert of one layer, with `scale` bytes per FP4 group."""
    if dtype == "fp4":
        weights = 3 * model.hidden * model.moe_intermediate
        return weights // 2 + weights // FP4_GROUP * scale
    return shared_expert_bytes(model)


def shared_expert_bytes(model: ModelShape) -> int:
    """Return the bytes of one FP8 expert, which the shared one always is in the checkpoint."""
    width = model.moe_intermediate
    return _fp8(2 * width, model.hidden) + _fp8(model.hidden, width)


def routed_slots(model: ModelShape, pool: PoolShape) -> int:
    """Return the routed and redundant expert slots of one rank and layer, rounded up."""
    return ceil_div(model.routed_experts + pool.redundant, pool.ep)


def routed_bytes(model: ModelShape, pool: PoolShape, engine: EngineMemory) -> int:
    """Return the routed experts of all layers on one rank; without EP they are cut by TP."""
    one = expert_bytes(model, pool.expert_dtype, scale_bytes(pool, engine))
    return routed_slots(model, pool) * model.layers * one * pool.ep // pool.tp


def dense_bytes(model: ModelShape, pool: PoolShape, gpu: Gpu) -> int:
    """Return all weights but the routed experts, Waterfill's slots and the next-token layer."""
    projection = OUTPUT_PROJECTION_BYTES[gpu.generation]
    split = pool.attention_tp
    layers = (
        model.plain_layers * _layer(model, 0, split, projection)
        + model.c4_layers * _layer(model, C4, split, projection)
        + model.c128_layers * _layer(model, C128, split, projection)
    )
    hash_tables = model.hash_layers * model.vocab * model.experts_per_token * FLOAT32
    embedding = _vocabulary(model) // (pool.tp if pool.attention_dp == 1 else 1)
    head = _vocabulary(model) // pool.tp
    shared = model.layers * _shared(model, pool)
    return layers + hash_tables + embedding + head + shared + _mixing_head(model)


def rope_bytes(model: ModelShape) -> int:
    """Return the position tables: two per rotary base, one base for plain layers, one for the rest."""
    bases = (model.plain_layers > 0) + (model.plain_layers < model.layers)
    return bases * 2 * model.max_positions * model.rope_dim * FLOAT32


def mtp_bytes(model: ModelShape, pool: PoolShape, gpu: Gpu, engine: EngineMemory) -> int:
    """Return the next-token layer as it stands when the KV pool is sized.

    It brings an embedding and a head of its own, given back only after that (0.5.23,
    srt/speculative/eagle_worker_v2.py:243-260), and no redundant experts.
    """
    one = expert_bytes(model, pool.expert_dtype, scale_bytes(pool, engine))
    slots = ceil_div(model.routed_experts, pool.ep) + pool.waterfill
    layer = _layer(model, 0, pool.attention_tp, OUTPUT_PROJECTION_BYTES[gpu.generation])
    embedding = _vocabulary(model) // (pool.tp if pool.attention_dp == 1 else 1)
    rope = 0 if model.plain_layers else 2 * model.max_positions * model.rope_dim * FLOAT32
    return (
        slots * one * pool.ep // pool.tp
        + layer
        + _shared(model, pool)
        + 2 * _fp8(model.hidden, model.hidden)
        + _mixing_head(model)
        + embedding
        + _vocabulary(model) // pool.tp
        + rope
    )


def checkpoint_bytes(model: ModelShape, dtype: str) -> int:
    """Return the size of the whole checkpoint, next-token layers included."""
    one = expert_bytes(model, dtype)
    layers = (
        model.plain_layers * _layer(model, 0, 1, 1)
        + model.c4_layers * _layer(model, C4, 1, 1)
        + model.c128_layers * _layer(model, C128, 1, 1)
        + model.layers * (model.routed_experts * one + _shared_standalone(model))
    )
    nextn = (
        _layer(model, 0, 1, 1)
        + model.routed_experts * one
        + _shared_standalone(model)
        + 2 * _fp8(model.hidden, model.hidden)
        + _mixing_head(model)
    )
    tables = model.hash_layers * model.vocab * model.experts_per_token * FLOAT32
    return layers + model.nextn_layers * nextn + tables + 2 * _vocabulary(model)


def _fp8(rows: int, columns: int) -> int:
    scales = ceil_div(rows, FP8_BLOCK) * ceil_div(columns, FP8_BLOCK)
    return rows * columns + scales * FLOAT32


def _layer(model: ModelShape, ratio: int, attention_tp: int, projection: int) -> int:
    """Attention, indexer, compressors, gate and hyper-connections of one layer on one rank."""
    hidden, groups = model.hidden, model.o_groups * model.o_lora_rank
    group_width = model.heads * model.head_dim // model.o_groups
    cut = (
        _fp8(model.heads * model.head_dim, model.q_lora_rank)
        + (groups * group_width * BF16 if projection == BF16 else _fp8(groups, group_width))
        + _fp8(hidden, groups)
    )
    mixes = (2 + model.hyper_connections) * model.hyper_connections
    whole = (
        _fp8(model.q_lora_rank + model.head_dim, hidden)
        + model.routed_experts * (hidden * BF16 + FLOAT32)
        + 2 * mixes * model.hyper_connections * hidden * FLOAT32
        + (2 * hidden + model.q_lora_rank + model.head_dim) * BF16
    )
    if ratio == C4:
        index_width = model.index_heads * model.index_dim
        whole += _compressor(model, model.head_dim, C4) + _compressor(model, model.index_dim, C4)
        whole += _fp8(index_width, model.q_lora_rank) + model.index_heads * hidden * BF16
    elif ratio == C128:
        whole += _compressor(model, model.head_dim, C128)
    return cut // attention_tp + whole


def _compressor(model: ModelShape, width: int, ratio: int) -> int:
    overlap = 2 if ratio == C4 else 1
    return (2 * model.hidden * BF16 + ratio * FLOAT32) * overlap * width + width * FLOAT32


def _shared_standalone(model: ModelShape) -> int:
    return model.shared_experts * shared_expert_bytes(model)


def _shared(model: ModelShape, pool: PoolShape) -> int:
    if pool.waterfill:
        return 0
    return _shared_standalone(model) // (pool.tp if pool.all_to_all == "none" else 1)


def _vocabulary(model: ModelShape) -> int:
    return model.vocab * model.hidden * BF16


def _mixing_head(model: ModelShape) -> int:
    return model.hyper_connections**2 * model.hidden * FLOAT32
