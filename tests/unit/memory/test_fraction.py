"""The engine's defaults: chunk, graph batch and memory fraction by GPU, role and release."""

from dataclasses import replace

import pytest

from orchestrator.catalog.engine_memory import EngineMemory, engine_memory
from orchestrator.catalog.gpus import gpus
from orchestrator.memory import PoolShape, default_fraction
from orchestrator.memory.fraction import chunk, forward_tokens, graph_batch

DECODE = PoolShape("decode", 16, 16, 16, "fp8", deepep_mode="low_latency")
PREFILL = PoolShape("prefill", 8, 8, 8, "fp8", deepep_mode="normal")


def engine(version: str) -> EngineMemory:
    """Return the row of a release that has one."""
    row = engine_memory(version)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("gpu", "tp", "chunked", "batch"),
    [
        ("h100", 8, 8192, 512),
        ("h200", 2, 8192, 256),
        ("h20", 4, 8192, 512),
        ("b200", 2, 16384, 512),
        ("gb300", 4, 16384, 512),
    ],
)
def test_chunk_and_graph_batch(gpu: str, tp: int, chunked: int, batch: int) -> None:
    """GPUs from 160 GiB take chunks of 16384; fewer than four smaller GPUs capture 256 requests."""
    pool = replace(DECODE, tp=tp, attention_dp=1)
    assert (chunked, batch) == (chunk(pool, gpus()[gpu]), graph_batch(pool, gpus()[gpu]))


def test_a_default_graph_batch_follows_the_running_requests() -> None:
    """A default never exceeds the running requests; a batch that is given stays."""
    h200 = gpus()["h200"]
    assert graph_batch(replace(DECODE, max_running_requests=64), h200) == 64
    given = replace(DECODE, max_running_requests=64, cuda_graph_max_batch=128)
    assert graph_batch(given, h200) == 128


@pytest.mark.parametrize(
    ("pool", "release", "reserved_mib"),
    [
        # floor of 10 GiB under 512 + 8192 x 1.5 + 1024
        (PREFILL, "0.5.23", 512 + 8192 * 1.5 + 1024),
        (replace(PREFILL, chunked_prefill=4096), "0.5.23", 10 * 1024),
        # decode: 2048 running, graphs of 128 over 16 ranks, DeepEP's 2 GiB
        (
            replace(DECODE, max_running_requests=2048, cuda_graph_max_batch=128),
            "0.5.23",
            512 + 2048 * 1.5 + 2048 + 2 * 128 + 3 * 128 * 16 + 2048,
        ),
        # above 300 the padding is 4.5 MiB
        (
            replace(DECODE, max_running_requests=2048, cuda_graph_max_batch=512),
            "0.5.15.post1",
            512 + 2048 * 1.5 + 2048 + 2 * 512 + 4.5 * 512 * 16 + 2048,
        ),
        # before 0.5.15 a decode pool reserves for the chunk and nothing for DeepEP
        (
            replace(DECODE, max_running_requests=2048, cuda_graph_max_batch=128),
            "0.5.14",
            512 + 8192 * 1.5 + 2048 + 2 * 128 + 3 * 128 * 16,
        ),
        # 0.5.13 adds 4 GiB for an EAGLE draft
        (
            replace(PREFILL, cuda_graph_max_batch=8, mtp=True),
            "0.5.13",
            512 + 8192 * 1.5 + 1024 + 2 * 8 + 3 * 8 * 8 + 4096,
        ),
    ],
)
def test_default_fraction(pool: PoolShape, release: str, reserved_mib: float) -> None:
    """The default leaves what SGLang's own formula reserves, rounded to three digits."""
    h200 = gpus()["h200"]
    expected = round(1 - reserved_mib / h200.memory_mib, 3)
    assert expected == pytest.approx(default_fraction(pool, h200, engine(release)), abs=1e-9)


def test_tokens_in_flight_are_those_of_one_rank() -> None:
    """The chunk is divided by attention DP, a decode step multiplied by the verify width."""
    h200 = gpus()["h200"]
    assert forward_tokens(replace(PREFILL, chunked_prefill=32768), h200) == 4096
    wide = replace(DECODE, max_running_requests=16 * 1024, draft_tokens=4)
    assert forward_tokens(wide, h200) == 4096
    assert forward_tokens(DECODE, h200) == 2048
