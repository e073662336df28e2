"""Weights against what was published and logged: checkpoint sizes and load lines of real engines."""

from dataclasses import replace
from typing import Literal, TypeAlias

import pytest

from orchestrator.catalog.engine_memory import EngineMemory, engine_memory
from orchestrator.catalog.gpus import gpus
from orchestrator.catalog.model_config import published
from orchestrator.memory import PoolShape, checkpoint_bytes
from orchestrator.memory.weights import (
    dense_bytes,
    expert_bytes,
    mtp_bytes,
    rope_bytes,
    routed_bytes,
)

Dtype: TypeAlias = Literal["fp8", "fp4"]
GIB = 1 << 30
FLASH, PRO = published("flash"), published("pro")
MODELS = {"flash": FLASH, "pro": PRO}


def engine(version: str) -> EngineMemory:
    """Return the row of a release that has one."""
    row = engine_memory(version)
    assert row is not None
    return row


def tensor_parallel(tp: int, dtype: Dtype, runner: str | None = None) -> PoolShape:
    """Return a pool without attention DP and without an expert all-to-all."""
    return PoolShape("aggregated", tp, 1, 1, dtype, all_to_all="none", moe_runner=runner)


@pytest.mark.parametrize(
    ("model", "published_bytes"),
    [("flash", 166_878_536_440), ("pro", 892_727_580_904)],
)
def test_published_checkpoints(model: str, published_bytes: int) -> None:
    """Flash-0731 and Pro-0813, which carry three next-token stages, are met to 0.1 %."""
    stages = replace(MODELS[model], nextn_layers=3)
    assert published_bytes == pytest.approx(checkpoint_bytes(stages, "fp4"), rel=0.001)


@pytest.mark.parametrize(
    ("model", "dtype", "megabytes"),
    [
        ("flash", "fp4", 13.37),
        ("flash", "fp8", 25.17),
        ("pro", "fp4", 35.09),
        ("pro", "fp8", 66.08),
    ],
)
def test_one_expert(model: str, dtype: str, megabytes: float) -> None:
    """One expert is three matrices with their scales."""
    assert megabytes == pytest.approx(expert_bytes(MODELS[model], dtype) / 1e6, rel=0.001)


def test_pro_on_eight_h200_with_marlin() -> None:
    """InferenceX #2128: 125.65 GiB of FP4 weights with float32 scale containers, MTP 3.07 more."""
    pool, row, h200 = tensor_parallel(8, "fp4", "marlin"), engine("0.5.15.post1"), gpus()["h200"]
    main = routed_bytes(PRO, pool, row) + dense_bytes(PRO, pool, h200) + rope_bytes(PRO)
    assert main / GIB == pytest.approx(125.65, rel=0.005)
    assert mtp_bytes(PRO, pool, h200, row) / GIB == pytest.approx(3.07, rel=0.015)


def test_flash_fp8_with_attention_dp() -> None:
    """A load log of Flash FP8 at tp 4 and attention DP 4 without EP says 73.43 GiB."""
    pool = PoolShape("aggregated", 4, 4, 1, "fp8", all_to_all="none")
    main = routed_bytes(FLASH, pool, engine("0.5.23"))
    main += dense_bytes(FLASH, pool, gpus()["h200"]) + rope_bytes(FLASH)
    assert main / GIB == pytest.approx(73.43, rel=0.005)


def test_flash_fp4_with_pure_tensor_parallelism() -> None:
    """A load log of Flash FP4 at tp 8 (SGLang 0.5.19) says 20.45 GiB."""
    pool = tensor_parallel(8, "fp4")
    main = routed_bytes(FLASH, pool, engine("0.5.19"))
    main += dense_bytes(FLASH, pool, gpus()["h200"]) + rope_bytes(FLASH)
    assert main / GIB == pytest.approx(20.45, rel=0.005)


def test_pro_on_four_b300_with_megamoe() -> None:
    """InferenceX: Pro FP4 over four B300 with MegaMoE loads 233 GiB, scales kept twice."""
    pool = PoolShape("aggregated", 4, 4, 4, "fp4", all_to_all="megamoe")
    main = routed_bytes(PRO, pool, engine("0.5.15.post1"))
    main += dense_bytes(PRO, pool, gpus()["b300"]) + rope_bytes(PRO)
    assert main / GIB == pytest.approx(233, rel=0.025)


REST = {"flash": 8.4, "pro": 27.5}
"""Round numbers in GB for all that is not a routed expert."""

PER_RANK = {
    # (ep, redundant): Flash FP4, Flash FP8, Pro FP4, Pro FP8 in GB
    (4, 0): (45.2, 77.6, 233.0, 414.5),
    (8, 0): (26.8, 43.0, 130.3, 221.0),
    (16, 0): (17.6, 25.7, 78.9, 124.3),
    (32, 0): (13.0, 17.0, 53.2, 75.9),
    (16, 16): (18.1, 26.8, 81.1, 128.3),
    (32, 32): (13.5, 18.1, 55.4, 79.9),
}
KINDS: tuple[tuple[str, Dtype], ...] = (
    ("flash", "fp4"),
    ("flash", "fp8"),
    ("pro", "fp4"),
    ("pro", "fp8"),
)


@pytest.mark.parametrize(("ranks", "gigabytes"), PER_RANK.items())
def test_experts_per_rank(ranks: tuple[int, int], gigabytes: tuple[float, ...]) -> None:
    """Experts of one rank plus a round number for the rest give a hand-made table, to 1 %."""
    ep, redundant = ranks
    for (model, dtype), expected in zip(KINDS, gigabytes, strict=True):
        pool = PoolShape("decode", ep, ep, ep, dtype, redundant=redundant)
        routed = routed_bytes(MODELS[model], pool, engine("0.5.23")) / 1e9
        assert expected == pytest.approx(routed + REST[model], rel=0.01)


def test_waterfill_moves_the_shared_expert() -> None:
    """With Waterfill the rest shrinks by exactly one FP8 shared expert per layer."""
    pool, h200 = PoolShape("decode", 8, 8, 8, "fp8"), gpus()["h200"]
    without = dense_bytes(FLASH, pool, h200)
    assert without - dense_bytes(FLASH, replace(pool, waterfill=True), h200) == (
        FLASH.layers * expert_bytes(FLASH, "fp8")
    )


def test_blackwell_keeps_the_output_projection_in_fp8() -> None:
    """Hopper unpacks one projection per layer to bf16: 1.4 GB more on Flash, 4.1 GB on Pro."""
    pool = PoolShape("decode", 8, 8, 8, "fp8")
    for model, gigabytes in ((FLASH, 1.44), (PRO, 4.09)):
        more = dense_bytes(model, pool, gpus()["h200"]) - dense_bytes(model, pool, gpus()["b200"])
        assert gigabytes == pytest.approx(more / 1e9, rel=0.01)
