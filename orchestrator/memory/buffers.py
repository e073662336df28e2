"""Communication buffers of the expert all-to-all, and the workspace of low-latency experts.

Formulas of DeepEP (csrc/legacy/config.hpp and deep_ep/buffers/legacy.py, deepseek-ai/DeepEP) and of
SGLang's DeepGEMM runner; a real low-latency buffer measured 276 MiB at 128 and 2210 MiB at 1024 tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.catalog.model_config import ModelShape
from orchestrator.memory.pool import PoolShape
from orchestrator.memory.weights import BF16, FLOAT32, routed_slots

GROUP = 128
ALIGNMENT = 128
NVLINK_RANKS = 8
CHANNELS = 10
"""Two of DeepEP's 20 SMs make a channel; `--deepep-config` changes that."""

META = 8 + 128 * (8 + 4) + 128 * 4
"""Bytes beside the hidden state of a token in normal mode: source, top-k ids and weights, scales."""

MEGAMOE_BYTES = 8 << 30
"""DeepGEMM's own aim for its symmetric buffer on V4-Pro (deep_gemm/mega/__init__.py)."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """DeepEP's default chunk sizes in tokens for up to `ranks` ranks."""

    ranks: int
    nvl_receive: int
    rdma_sends: tuple[int, int]


CHUNKS = (
    Chunks(8, 256, (6, 6)),
    Chunks(16, 288, (20, 12)),
    Chunks(64, 288, (8, 8)),
    Chunks(96, 480, (12, 8)),
    Chunks(128, 560, (12, 8)),
    Chunks(160, 720, (12, 8)),
)
RDMA_RECEIVE = 128


def dispatch_slots(model: ModelShape, pool: PoolShape) -> int:
    """Return the expert slots of a layer over all ranks, as DeepEP counts them."""
    return model.routed_experts + pool.redundant + (pool.ep if pool.waterfill else 0)


def low_latency_bytes(model: ModelShape, pool: PoolShape) -> int:
    """Return what `get_low_latency_rdma_size_hint` asks for: two send, two receive, two signal parts."""
    slots, groups = dispatch_slots(model, pool), model.hidden // GROUP
    dispatch = 16 + max(model.hidden * BF16, model.hidden + groups * FLOAT32)
    combine = groups * 4 + model.hidden * BF16
    send = pool.dispatch_tokens * max(dispatch, slots * combine)
    receive = slots * pool.dispatch_tokens * max(dispatch, combine)
    signals = -(-slots * 4 // ALIGNMENT) * ALIGNMENT
    total = 2 * (send + receive + signals)
    return (total + ALIGNMENT) // ALIGNMENT * ALIGNMENT


def normal_bytes(model: ModelShape, pool: PoolShape) -> tuple[int, int]:
    """Return the NVLink and the RDMA part of the normal-mode buffer, with DeepEP's default config."""
    chunks = next((row for row in CHUNKS if pool.ep <= row.ranks), CHUNKS[-1])
    hidden = model.hidden * BF16
    local, hosts = min(pool.ep, NVLINK_RANKS), max(pool.ep // NVLINK_RANKS, 1)
    counters = CHANNELS * local * (2 * hosts + 3) * 4
    nvlink = CHANNELS * local * chunks.nvl_receive * (hidden + META) + counters
    if pool.ep <= NVLINK_RANKS:
        return nvlink, 0
    receive = max(-(-RDMA_RECEIVE // send) * send for send in chunks.rdma_sends)
    rdma = CHANNELS * hosts * 2 * (receive * (hidden + META + 16) + (NVLINK_RANKS * 2 + 2) * 4)
    return nvlink, rdma


def workspace_bytes(model: ModelShape, pool: PoolShape) -> int:
    """Return the tensors of one low-latency MoE layer: received, gate-up, activated, output.

    Every local slot has room for every token of every rank (SGLang 0.5.23,
    srt/layers/moe/moe_runner/deep_gemm.py:700-880); the output part is what sglang #23769 failed to get.
    """
    rows = (routed_slots(model, pool) + pool.waterfill) * pool.ep * pool.dispatch_tokens
    hidden, width = model.hidden, model.moe_intermediate
    received = hidden + hidden // GROUP * FLOAT32
    activated = width + width // GROUP * FLOAT32
    return rows * (received + 2 * width * BF16 + activated + hidden * BF16)
