"""KV cache of DeepSeek-V4: bytes per token, fixed state per request, tokens that a budget holds.

Follows SGLang's pool configurator in ratio mode, the mode it takes for V4 (0.5.23,
srt/model_executor/pool_configurator.py:1362-1640); the pools of V4.1 are another matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.catalog.engine_memory import EngineMemory
from orchestrator.catalog.model_config import ModelShape
from orchestrator.memory.pool import PoolShape, ceil_div
from orchestrator.memory.weights import FLOAT32

PAGE = 256
SCALE_GROUP = 64
RINGS = {False: (8, 128), True: (16, 256)}
"""Rows of the compress-state rings (C4, C128) without and with speculative decoding."""


@dataclass(frozen=True, slots=True)
class TokenCost:
    """Bytes that one token of the full pool costs: its own, and the sliding window's share."""

    compressed: float
    window: float

    @property
    def total(self) -> float:
        """Bytes per token."""
        return self.compressed + self.window


def token_cost(model: ModelShape, pool: PoolShape, engine: EngineMemory) -> TokenCost:
    """Return the bytes per token on one rank; MTP's own KV is counted as one layer more."""
    ring4, ring128 = RINGS[pool.mtp]
    state = FLOAT32 * 4 * (model.head_dim + model.index_dim)
    window = _slot(model, engine, PAGE) * model.layers
    window += ring4 / engine.c4_state_page * state * model.c4_layers
    if not engine.c128_state_per_request:
        row = 2 * model.head_dim * FLOAT32
        window += ring128 / engine.c4_state_page * row * model.c128_layers
    indexer = model.index_dim + FLOAT32
    compressed = (_slot(model, engine, PAGE // 4) + indexer) / 4 * model.c4_layers
    compressed += _slot(model, engine, PAGE // 128) / 128 * model.c128_layers
    inflation = (model.layers + 1) / model.layers if pool.mtp else 1.0
    return TokenCost(compressed * inflation, pool.swa_ratio * window * inflation)


def request_state_bytes(model: ModelShape, pool: PoolShape, engine: EngineMemory) -> int:
    """Return the C128 compress state of all request slots of one rank."""
    if not engine.c128_state_per_request:
        return 0
    ring = RINGS[pool.mtp][1]
    rows = ceil_div((pool.request_slots + 1) * ring + 1, 128) * 128
    return rows * 2 * model.head_dim * FLOAT32 * model.c128_layers


def tokens_in(budget: int, cost: TokenCost) -> int:
    """Return how many tokens, in whole pages, `budget` bytes hold."""
    return max(0, int(budget / cost.total)) // PAGE * PAGE


def least_tokens(model: ModelShape, pool: PoolShape) -> int:
    """Return the smallest full pool whose sliding-window pool holds one window and one page."""
    pages = ceil_div(model.sliding_window + PAGE, PAGE)
    return ceil_div(int(pages * PAGE / pool.swa_ratio), PAGE) * PAGE


def _slot(model: ModelShape, engine: EngineMemory, slots_per_page: int) -> float:
    """Bytes of one KV slot: FP8 latent, bf16 rope, scales, rounded up by the page."""
    plain = model.head_dim - model.rope_dim
    slot = plain + 2 * model.rope_dim + plain // SCALE_GROUP + 1
    multiple = engine.kv_page_multiple
    return ceil_div(slots_per_page * slot, multiple) * multiple / slots_per_page
