"""What one GPU holds outside the static budget: contexts, buffers, graphs, activations.

Every number that no formula gives is a named reserve here, with the observation it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.catalog.gpus import Gpu
from orchestrator.catalog.model_config import ModelShape
from orchestrator.memory import buffers
from orchestrator.memory.fraction import forward_tokens, graph_batch
from orchestrator.memory.pool import PoolShape
from orchestrator.memory.table import GIB, MIB, MemoryRow

CONTEXT_BYTES = int(2.3 * GIB)
"""Gone before weights load: an H200 of 140.4 GiB had 138.1 left (SemiAnalysisAI/InferenceX #2128)."""

RUNTIME_BYTES = {"deepep": 5 * GIB, "deepep_v2": 5 * GIB, "megamoe": 5 * GIB, "none": 2 * GIB}
"""Kernels, NCCL, NVSHMEM and transfer, by all-to-all.

sglang #23769: 10.35 GiB of an H200 outside torch in a pool over 16 ranks, less the context and
DeepEP's buffers. Without an all-to-all nothing was measured; 2 GiB is an assumption.
"""

GRAPH_POOL_BYTES = 2 * GIB
"""Graph pool beside the MoE workspace: sglang #23769 had 3.9 GiB at batch 8, 1.7 of them workspace."""

GRAPH_MIB_PER_REQUEST = 2
"""SGLang's own estimate per captured request (0.5.23, srt/arg_groups/memory_hook.py:357-365)."""

ACTIVATION_MIB_PER_TOKEN = 1
"""SGLang reserves 1.5 MiB per token, slack included. An H200 that runs at 0.94 with 4096 tokens in
flight (InferenceX #2128) leaves room for 1.07; the recipes SGLang verified allow no less."""

CONTEXT_ERROR, MEGAMOE_ERROR = 0.2, 0.3
RUNTIME_ERROR = GRAPH_ERROR = ACTIVATION_ERROR = WORKSPACE_ERROR = 0.5
"""Shares by which these rows may be off: chosen so that what is known to run is not refused."""


def outside_rows(pool: PoolShape, model: ModelShape, gpu: Gpu) -> Iterator[MemoryRow]:
    """Yield the rows outside the static budget, the one before the weights load first."""
    yield MemoryRow(
        "CUDA context, NCCL", CONTEXT_BYTES, "outside", "before weights load", CONTEXT_ERROR
    )
    runtime = RUNTIME_BYTES[pool.all_to_all]
    yield MemoryRow(
        "kernels, NVSHMEM, transfer", runtime, "outside", "reserve, after load", RUNTIME_ERROR
    )
    yield from _all_to_all(pool, model)
    if pool.decode_graphs:
        batch = graph_batch(pool, gpu)
        yield MemoryRow(
            "CUDA graphs",
            GRAPH_POOL_BYTES + batch * GRAPH_MIB_PER_REQUEST * MIB,
            "outside",
            f"2 GiB + {GRAPH_MIB_PER_REQUEST} MiB x {batch} requests",
            GRAPH_ERROR,
        )
    tokens = forward_tokens(pool, gpu)
    yield MemoryRow(
        "activations",
        tokens * ACTIVATION_MIB_PER_TOKEN * MIB,
        "outside",
        f"{ACTIVATION_MIB_PER_TOKEN} MiB x {tokens} tokens of one rank",
        ACTIVATION_ERROR,
    )


def _all_to_all(pool: PoolShape, model: ModelShape) -> Iterator[MemoryRow]:
    if pool.all_to_all == "megamoe":
        yield MemoryRow(
            "MegaMoE buffer", buffers.MEGAMOE_BYTES, "outside", "DeepGEMM's aim", MEGAMOE_ERROR
        )
    low_latency = buffers.low_latency_bytes(model, pool) if pool.low_latency else 0
    if low_latency:
        slots = buffers.dispatch_slots(model, pool)
        yield MemoryRow(
            "DeepEP low-latency buffer",
            low_latency,
            "outside",
            f"{slots} experts x {pool.dispatch_tokens} dispatch tokens",
        )
        yield MemoryRow(
            "low-latency MoE workspace",
            buffers.workspace_bytes(model, pool),
            "outside",
            f"every local expert, {pool.ep} ranks x {pool.dispatch_tokens} tokens",
            WORKSPACE_ERROR,
        )
    if pool.normal:
        nvlink, rdma = buffers.normal_bytes(model, pool)
        yield MemoryRow(
            "DeepEP normal buffer",
            nvlink + max(0, rdma - low_latency),
            "outside",
            f"DeepEP's default config for {pool.ep} ranks",
        )
