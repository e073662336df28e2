"""The engine's own defaults that depend on GPU memory: chunk, decode graph batch, memory fraction.

Follows SGLang 0.5.23, srt/arg_groups/memory_hook.py, and 0.5.15.post1, srt/server_args.py, which agree;
what older releases did otherwise is data of `EngineMemory`.
"""

from __future__ import annotations

from orchestrator.catalog.engine_memory import EngineMemory
from orchestrator.catalog.gpus import Gpu
from orchestrator.memory.pool import PoolShape

LARGE_GPU_MIB = 160 * 1024
FLOOR_FROM_MIB, FLOOR_MIB = 60 * 1024, 10 * 1024
LARGE_GRAPH_BATCH = 300
SMALL_TP = 4
LEAST_TOKENS = 2048
MIB_PER_TOKEN = 1.5
"""SGLang's estimate of what one token of a forward pass takes in activations."""


def chunk(pool: PoolShape, gpu: Gpu) -> int:
    """Return the prompt tokens of one forward pass, all ranks together."""
    return pool.chunked_prefill or (16384 if gpu.memory_mib >= LARGE_GPU_MIB else 8192)


def graph_batch(pool: PoolShape, gpu: Gpu) -> int:
    """Return the largest captured decode batch; a default never exceeds the running requests."""
    if pool.cuda_graph_max_batch is not None:
        return pool.cuda_graph_max_batch
    default = 256 if pool.tp < SMALL_TP and gpu.memory_mib < LARGE_GPU_MIB else 512
    return min(default, pool.max_running_requests or default)


def default_fraction(pool: PoolShape, gpu: Gpu, engine: EngineMemory) -> float:
    """Return `--mem-fraction-static` as the engine sets it, rounded to three digits.

    It reserves for the chunk before attention DP divides it, and knows nothing of DeepEP's real buffers.
    """
    by_role, batch = engine.reserves_by_role, graph_batch(pool, gpu)
    decodes = pool.role != "prefill" or not by_role
    if pool.role == "decode" and by_role:
        tokens = (pool.max_running_requests or batch) * pool.draft_tokens
    else:
        tokens = chunk(pool, gpu)
    reserved = 512 + max(tokens, LEAST_TOKENS) * MIB_PER_TOKEN + pool.tp / 8 * 1024
    if decodes:
        reserved += 2 * batch
        if pool.attention_dp > 1:
            padding = 4.5 if batch > LARGE_GRAPH_BATCH else 3
            reserved += padding * batch * pool.attention_dp
    if gpu.memory_mib > FLOOR_FROM_MIB:
        reserved = max(reserved, FLOOR_MIB)
    if decodes and pool.all_to_all == "deepep":
        reserved += engine.deepep_reserve_mib
    if pool.mtp:
        reserved += engine.eagle_reserve_mib
    return round((gpu.memory_mib - reserved) / gpu.memory_mib, 3)


def forward_tokens(pool: PoolShape, gpu: Gpu) -> int:
    """Return the tokens that one rank forwards at once, at least what the engine reserves for."""
    prompt = 0 if pool.role == "decode" else -(-chunk(pool, gpu) // pool.attention_dp)
    decode = 0 if pool.role == "prefill" else pool.running_per_rank * pool.draft_tokens
    return max(prompt, decode, LEAST_TOKENS)
