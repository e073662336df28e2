"""Whether a pool runs MegaMoE the way SGLang's cookbook verified it: one engine for both, on Blackwell.

No rule lives here; it tells the published recipe from a recipe of ours with another all-to-all.
"""

from __future__ import annotations

from orchestrator.pools import PoolView
from orchestrator.rules.context import Context
from orchestrator.versions import within

LIMIT = "SGLANG_OPT_DEEPGEMM_MEGA_MOE_NUM_MAX_TOKENS_PER_RANK"
DEFAULT_LIMITS = (("<0.5.18", 1024), (">=0.5.18", 8192))
"""SGLang 0.5.17 and 0.5.23, srt/environ.py."""


def as_verified(context: Context, view: PoolView) -> bool:
    """Return whether nothing of our recipe hangs on the all-to-all, and MegaMoE's buffers take a chunk."""
    plain = not (view.waterfill or view.redundant or view.replays or view.pool.recorder)
    blackwell = context.gpu.generation == "blackwell" and context.spec.model.experts == "fp4"
    return view.pool.role == "aggregated" and plain and blackwell and _takes_a_chunk(context, view)


def _takes_a_chunk(context: Context, view: PoolView) -> bool:
    from orchestrator.footprint import pool_shape
    from orchestrator.memory.fraction import chunk, graph_batch

    shape = pool_shape(view)
    given = {**context.spec.pod.env, **view.pool.pod.env}.get(LIMIT)
    default = next((most for range_, most in DEFAULT_LIMITS if within(context.version, range_)), 0)
    limit = int(given) if isinstance(given, str) and given.isdigit() else default
    prompt = -(-chunk(shape, context.gpu) // view.attention_dp)
    decode = min(graph_batch(shape, context.gpu), shape.running_per_rank) * view.verify_tokens
    return max(prompt, decode) <= limit
