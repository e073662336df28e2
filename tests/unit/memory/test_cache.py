"""KV arithmetic against log lines of SGLang's pool configurator."""

from dataclasses import replace

import pytest

from orchestrator.catalog.engine_memory import EngineMemory, engine_memory
from orchestrator.catalog.model_config import published
from orchestrator.memory import PoolShape
from orchestrator.memory.cache import least_tokens, request_state_bytes, token_cost, tokens_in

GIB = 1 << 30
FLASH, PRO = published("flash"), published("pro")
DECODE = PoolShape("decode", 8, 8, 8, "fp4", deepep_mode="low_latency")


def engine(version: str) -> EngineMemory:
    """Return the row of a release that has one."""
    row = engine_memory(version)
    assert row is not None
    return row


def test_a_pro_pool_of_0_5_15_post1() -> None:
    """A published sweep logs 13735.04 bytes, 1.01 GB state and 9,217,792 tokens in 118.93 GB."""
    pool = replace(DECODE, swa_ratio=0.15, max_running_requests=512)
    row = engine("0.5.15.post1")
    cost, state = token_cost(PRO, pool, row), request_state_bytes(PRO, pool, row)
    assert cost.total == pytest.approx(13735.04, abs=0.005)
    assert state / GIB == pytest.approx(1.01, abs=0.005)
    assert tokens_in(int(118.93 * GIB) - state, cost) == pytest.approx(9_217_792, rel=0.0005)


def test_state_of_requests_by_token_before_0_5_15() -> None:
    """Up to 0.5.14 the C128 state grew with the tokens: 4,096 bytes per C128 layer and window slot."""
    pool = replace(DECODE, swa_ratio=0.8)
    window = 584 * 43 + 8 / 128 * 10_240 * 21 + 128 / 128 * 4_096 * 20
    compressed = (584 + 132) / 4 * 21 + 584 / 128 * 20
    found = token_cost(FLASH, pool, engine("0.5.14"))
    assert 0.8 * window + compressed == pytest.approx(found.total)
    assert request_state_bytes(FLASH, pool, engine("0.5.14")) == 0


@pytest.mark.parametrize(
    ("model", "mtp", "ratio", "expected"),
    [
        ("flash", False, 0.1, 7_087),
        ("flash", True, 0.1, 7_939),
        ("pro", False, 0.1, 10_115),
        ("pro", True, 0.1, 11_257),
        ("flash", False, 0.075, 6_290),
        ("pro", True, 0.075, 9_862),
    ],
)
def test_bytes_per_token_of_0_5_23(model: str, mtp: bool, ratio: float, expected: int) -> None:
    """Since 0.5.21 pages are padded and the C4 state is paged by 256 tokens."""
    pool = replace(DECODE, mtp=mtp, swa_ratio=ratio)
    cost = token_cost(published(model), pool, engine("0.5.23"))
    assert expected == pytest.approx(cost.total, abs=1)


@pytest.mark.parametrize(
    ("model", "mtp", "requests", "gigabytes"),
    [("flash", False, 128, 1.37), ("flash", True, 256, 5.42), ("pro", True, 128, 4.24)],
)
def test_request_state(model: str, mtp: bool, requests: int, gigabytes: float) -> None:
    """The C128 state grows with the request slots of a rank and doubles with MTP."""
    pool = replace(DECODE, mtp=mtp, max_running_requests=8 * requests)
    state = request_state_bytes(published(model), pool, engine("0.5.23"))
    assert gigabytes == pytest.approx(state / 1e9, rel=0.01)


def test_a_small_decode_batch_keeps_slots_for_requests_in_transfer() -> None:
    """Up to 32 requests per rank a decode pool keeps two more slots for each; others keep none."""
    assert (97, 34) == (
        replace(DECODE, max_running_requests=8 * 32).request_slots,
        replace(DECODE, max_running_requests=8 * 33).request_slots,
    )
    assert replace(DECODE, role="aggregated", max_running_requests=8).request_slots == 2
    assert replace(DECODE, max_running_requests=None).request_slots == 33


def test_tokens_come_in_pages() -> None:
    """A budget holds whole pages of 256 tokens, and none where nothing is left."""
    cost = token_cost(FLASH, DECODE, engine("0.5.23"))
    assert tokens_in(int(cost.total * 700), cost) == 512
    assert tokens_in(-1, cost) == 0


def test_the_smallest_pool_holds_one_window_and_a_page() -> None:
    """At a ratio of 0.1 SGLang refuses pools of less than 5,120 tokens (sglang PR #37610)."""
    assert least_tokens(FLASH, DECODE) == 5_120
    assert least_tokens(FLASH, replace(DECODE, swa_ratio=1.0)) == 512
