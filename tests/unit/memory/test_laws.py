"""Laws that hold for every pool: more of something never needs less, and nothing raises."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.catalog.engine_memory import EngineMemory, engine_memory
from orchestrator.catalog.gpus import Gpu, gpus
from orchestrator.catalog.model_config import ModelShape, published
from orchestrator.memory import PoolShape, estimate, lines

SIZES = st.sampled_from([1, 2, 3, 4, 8, 12, 16, 32, 64])
MODELS = st.sampled_from([published(name) for name in ("flash", "pro", "tiny")])
GPUS = st.sampled_from(list(gpus().values()))
ENGINES = st.sampled_from(
    [row for row in map(engine_memory, ("0.5.13", "0.5.14", "0.5.15", "0.5.17", "0.5.23")) if row]
)
POOLS = st.builds(
    PoolShape,
    role=st.sampled_from(["prefill", "decode", "aggregated"]),
    tp=SIZES,
    attention_dp=SIZES,
    ep=SIZES,
    expert_dtype=st.sampled_from(["fp8", "fp4"]),
    all_to_all=st.sampled_from(["deepep", "megamoe", "none"]),
    deepep_mode=st.sampled_from(["normal", "low_latency", "auto", None]),
    redundant=st.integers(0, 128),
    waterfill=st.booleans(),
    dispatch_tokens=st.integers(1, 1024),
    max_running_requests=st.none() | st.integers(1, 8192),
    cuda_graph_max_batch=st.none() | st.integers(1, 1024),
    mtp=st.booleans(),
    draft_tokens=st.integers(1, 8),
    chunked_prefill=st.none() | st.integers(256, 131072),
    mem_fraction=st.none() | st.floats(0.05, 0.99),
    recorder_buffer=st.none() | st.integers(1, 5000),
    swa_ratio=st.floats(0.05, 1.0),
    moe_runner=st.sampled_from([None, "marlin", "deep_gemm"]),
)
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)


@EXAMPLES
@given(pool=POOLS, model=MODELS, gpu=GPUS, engine=ENGINES)
def test_every_pool_has_a_table(
    pool: PoolShape, model: ModelShape, gpu: Gpu, engine: EngineMemory
) -> None:
    """Whatever the sizes, also those that do not divide: rows are not negative and print aligned."""
    table = estimate(pool, model, gpu, engine)
    assert all(row.bytes >= 0 for row in table.rows)
    assert table.kv_tokens % 256 == 0
    assert len({line.index(" GiB") for line in lines(table) if line.startswith("  ")}) == 1
    assert table.fits == (table.verdict != "does not fit")


@EXAMPLES
@given(pool=POOLS, more=st.integers(1, 64), model=MODELS, gpu=GPUS, engine=ENGINES)
def test_more_redundant_experts_never_need_less(
    pool: PoolShape, more: int, model: ModelShape, gpu: Gpu, engine: EngineMemory
) -> None:
    """Redundancy costs weights, buffers and workspace, and leaves no more KV."""
    _never_cheaper(pool, replace(pool, redundant=pool.redundant + more), model, gpu, engine)


@EXAMPLES
@given(pool=POOLS, factor=st.integers(2, 8), model=MODELS, gpu=GPUS, engine=ENGINES)
def test_more_of_anything_per_rank_never_needs_less(
    pool: PoolShape, factor: int, model: ModelShape, gpu: Gpu, engine: EngineMemory
) -> None:
    """Dispatch tokens and, at a given fraction, graph batch and chunk only add."""
    fixed = replace(pool, mem_fraction=0.8, cuda_graph_max_batch=64, chunked_prefill=8192)
    for dearer in (
        replace(fixed, dispatch_tokens=pool.dispatch_tokens * factor),
        replace(fixed, cuda_graph_max_batch=64 * factor),
        replace(fixed, chunked_prefill=8192 * factor),
    ):
        _never_cheaper(fixed, dearer, model, gpu, engine)


@EXAMPLES
@given(pool=POOLS, model=MODELS, engine=ENGINES)
def test_a_larger_gpu_is_never_worse(
    pool: PoolShape, model: ModelShape, engine: EngineMemory
) -> None:
    """At one fraction and chunk, an H200 leaves more KV than an H100 and lacks no more."""
    fixed = replace(pool, mem_fraction=0.8, cuda_graph_max_batch=64, chunked_prefill=8192)
    h100, h200 = (estimate(fixed, model, gpus()[name], engine) for name in ("h100", "h200"))
    assert h200.kv_tokens >= h100.kv_tokens
    assert h200.short_static <= h100.short_static
    assert h200.short_outside <= h100.short_outside


@EXAMPLES
@given(pool=POOLS, step=st.floats(0.01, 0.2), model=MODELS, gpu=GPUS, engine=ENGINES)
def test_a_larger_fraction_moves_memory_to_the_cache(
    pool: PoolShape, step: float, model: ModelShape, gpu: Gpu, engine: EngineMemory
) -> None:
    """Raising the fraction never takes KV tokens and never helps what is outside."""
    low, high = (
        estimate(replace(pool, mem_fraction=0.7 + more), model, gpu, engine) for more in (0, step)
    )
    assert high.kv_tokens >= low.kv_tokens
    assert high.short_outside > low.short_outside


def _never_cheaper(
    less: PoolShape, more: PoolShape, model: ModelShape, gpu: Gpu, engine: EngineMemory
) -> None:
    cheap, dear = (estimate(pool, model, gpu, engine) for pool in (less, more))
    assert dear.static_needed >= cheap.static_needed
    assert dear.outside_needed >= cheap.outside_needed
    assert dear.kv_tokens <= cheap.kv_tokens
