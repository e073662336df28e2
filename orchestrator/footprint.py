"""The memory of a pool as the spec states it: from a pool's settings to `orchestrator.memory`'s sizes.

Only the translation lives here, for rules and plan alike; the arithmetic is `orchestrator.memory`'s.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from orchestrator.catalog.engine_memory import EngineMemory, engine_memory
from orchestrator.catalog.gpus import Gpu
from orchestrator.catalog.model_config import ModelShape
from orchestrator.engine.catalog import reviewed_as
from orchestrator.memory import MemoryTable, PoolShape, checkpoint_bytes, estimate
from orchestrator.pools import PoolView

__all__ = ("UnknownReleaseError", "checkpoint_bytes", "footprint", "pool_shape", "shape_footprint")

RECORDED_PASSES = 1000
"""Forward passes kept where no buffer is given (SGLang 0.5.23, srt/arg_groups/fields/exec_.py:924)."""


class UnknownReleaseError(LookupError):
    """How this SGLang release uses memory is not in the table."""


def pool_shape(view: PoolView) -> PoolShape:
    """Return the sizes of one replica; the extra arguments that change its memory are read too."""
    pool = view.pool
    runner = pool.extra_args.get("--moe-runner-backend")
    shape = PoolShape(
        role=pool.role,
        tp=view.tp,
        attention_dp=view.attention_dp,
        ep=view.ep,
        expert_dtype=view.cluster.model.experts,
        all_to_all=pool.all_to_all,
        deepep_mode=view.deepep_mode,
        redundant=view.redundant,
        waterfill=view.waterfill,
        dispatch_tokens=view.dispatch_tokens,
        max_running_requests=pool.max_running_requests,
        cuda_graph_max_batch=pool.cuda_graph_max_batch,
        mtp=pool.mtp is not None,
        draft_tokens=view.verify_tokens,
        chunked_prefill=pool.chunked_prefill,
        mem_fraction=pool.memory_fraction,
        recorder_buffer=(pool.recorder.buffer or RECORDED_PASSES) if pool.recorder else None,
        moe_runner=runner if isinstance(runner, str) else None,
    )
    ratio = pool.extra_args.get("--swa-full-tokens-ratio")
    if isinstance(ratio, float) and 0 < ratio <= 1:
        return replace(shape, swa_ratio=ratio)
    return shape


def footprint(view: PoolView, model: ModelShape, gpu: Gpu) -> MemoryTable:
    """Return what one GPU of a pool holds; raises `UnknownReleaseError` for a release not in the table."""
    return shape_footprint(pool_shape(view), view.cluster.engine.sglang, model, gpu)


def shape_footprint(shape: PoolShape, version: str, model: ModelShape, gpu: Gpu) -> MemoryTable:
    """Return what one GPU of a shape holds; raises `UnknownReleaseError` as `footprint` does."""
    engine = engine_memory(reviewed_as(version))
    if engine is None:
        raise UnknownReleaseError(f"how SGLang {version} uses GPU memory is unknown")
    return _estimate(shape, model, gpu, engine)


@lru_cache(maxsize=1024)
def _estimate(shape: PoolShape, model: ModelShape, gpu: Gpu, engine: EngineMemory) -> MemoryTable:
    """Estimate once per shape: hundreds of pools are mostly alike."""
    return estimate(shape, model, gpu, engine)
