"""DeepEP's buffers: measured sizes, and the tensor that a real capture failed to get."""

from dataclasses import replace

import pytest

from orchestrator.catalog.model_config import published
from orchestrator.memory import PoolShape
from orchestrator.memory.buffers import (
    dispatch_slots,
    low_latency_bytes,
    normal_bytes,
    workspace_bytes,
)

MIB = 1 << 20
FLASH, PRO, TINY = published("flash"), published("pro"), published("tiny")
DECODE = PoolShape("decode", 16, 16, 16, "fp8", deepep_mode="low_latency")


@pytest.mark.parametrize(("tokens", "mebibytes"), [(128, 276), (1024, 2210)])
def test_measured_low_latency_buffers(tokens: int, mebibytes: int) -> None:
    """On two H100, 68 experts (64 + 2 redundant + 2 shared slots) and hidden size 4096."""
    pool = replace(
        DECODE, tp=2, attention_dp=2, ep=2, redundant=2, waterfill=True, dispatch_tokens=tokens
    )
    assert dispatch_slots(TINY, pool) == 68
    assert mebibytes == round(low_latency_bytes(TINY, pool) / MIB)


@pytest.mark.parametrize(
    ("model", "tokens", "gigabytes"),
    [("flash", 128, 1.09), ("flash", 1024, 8.72), ("pro", 256, 5.73), ("pro", 1024, 22.9)],
)
def test_low_latency_buffers_of_the_models(model: str, tokens: int, gigabytes: float) -> None:
    """The buffer grows with experts and dispatch tokens; Pro at 1024 tokens takes 22.9 GB."""
    found = low_latency_bytes(published(model), replace(DECODE, dispatch_tokens=tokens))
    assert gigabytes == pytest.approx(found / 1e9, rel=0.005)


def test_the_output_that_did_not_fit() -> None:
    """A real capture failed on 672.00 MiB (sglang #23769): bf16 outputs of 24 experts for 16 x 128 tokens."""
    rows = 24 * 16 * 128
    rest = PRO.hidden + PRO.hidden // 128 * 4 + 3072 * (4 + 1) + 3072 // 128 * 4
    assert workspace_bytes(PRO, DECODE) - rows * rest == 672 * MIB


def test_waterfill_adds_a_slot_to_the_workspace() -> None:
    """Waterfill's shared slot needs room for tokens like every other local expert."""
    without, with_it = DECODE, replace(DECODE, waterfill=True)
    assert workspace_bytes(PRO, with_it) * 24 == workspace_bytes(PRO, without) * 25


def test_normal_buffers_inside_a_node_need_no_rdma() -> None:
    """Up to 8 ranks only the NVLink part exists; above, both do."""
    nvlink, rdma = normal_bytes(PRO, replace(DECODE, ep=8))
    assert (336, 0) == (round(nvlink / 1e6), rdma)
    nvlink, rdma = normal_bytes(PRO, DECODE)
    assert (378, 92) == (round(nvlink / 1e6), round(rdma / 1e6))


@pytest.mark.parametrize("ep", [1, 2, 4, 12, 16, 64, 160, 320])
def test_normal_buffers_exist_for_any_number_of_ranks(ep: int) -> None:
    """A number of ranks that DeepEP has no config for still gets an estimate."""
    assert min(normal_bytes(FLASH, replace(DECODE, ep=ep))) >= 0
