"""The table: which rows a pool has, how budgets add up, and what is printed."""

from dataclasses import replace

import pytest

from orchestrator.catalog.engine_memory import EngineMemory, engine_memory
from orchestrator.catalog.gpus import gpus
from orchestrator.catalog.model_config import published
from orchestrator.memory import MemoryRow, MemoryTable, PoolShape, Verdict, estimate, lines

GIB = 1 << 30
PREFILL = PoolShape("prefill", 8, 8, 8, "fp8", deepep_mode="normal")
DECODE = PoolShape("decode", 16, 16, 16, "fp8", deepep_mode="low_latency")


def engine(version: str = "0.5.23") -> EngineMemory:
    """Return the row of a release that has one."""
    row = engine_memory(version)
    assert row is not None
    return row


def names(pool: PoolShape, release: str = "0.5.23", budget: str | None = None) -> list[str]:
    """Return the row names of a Flash pool on H200, of one budget where it is named."""
    table = estimate(pool, published("flash"), gpus()["h200"], engine(release))
    return [row.name for row in table.rows if budget in (None, row.pool)]


def small(static: int, outside: int, error: float) -> MemoryTable:
    """Return a table of a 100 GiB GPU at fraction 0.5 with one row in each budget."""
    rows = (
        MemoryRow("weights", static * GIB, "static", "", error),
        MemoryRow("buffers", outside * GIB, "outside", "", error),
    )
    return MemoryTable(rows, 100 * GIB, 100 * GIB, 0.5, False, 0, 1.0, 0)


def test_rows_of_a_prefill_pool() -> None:
    """Normal kernels bring their buffer; there are no graphs and no low-latency buffers."""
    expected = [
        "routed experts",
        "attention, embedding, rest",
        "position tables",
        "C128 state of requests",
        "KV cache, compressed",
        "KV cache, sliding window",
        "CUDA context, NCCL",
        "kernels, NVSHMEM, transfer",
        "DeepEP normal buffer",
        "activations",
    ]
    assert expected == names(PREFILL)


def test_rows_of_a_decode_pool_with_everything() -> None:
    """Waterfill, MTP, a recorder and low-latency kernels each have their row."""
    pool = replace(DECODE, waterfill=True, redundant=16, mtp=True, draft_tokens=2)
    found = set(names(replace(pool, recorder_buffer=1000)))
    assert {
        "Waterfill's shared slot",
        "MTP layer",
        "recorder buffer",
        "DeepEP low-latency buffer",
        "low-latency MoE workspace",
        "CUDA graphs",
    } <= found
    assert "DeepEP normal buffer" not in found


def test_auto_holds_both_kinds_of_buffers() -> None:
    """With `auto` both kernels may run, so both buffers are there."""
    found = names(replace(DECODE, deepep_mode="auto"))
    assert {"DeepEP normal buffer", "DeepEP low-latency buffer"} <= set(found)


def test_an_old_release_loads_the_draft_outside() -> None:
    """Before 0.5.15 the MTP layer was not charged to the static budget."""
    pool = replace(DECODE, mtp=True, draft_tokens=2)
    assert "MTP layer" in names(pool, "0.5.14", "outside")
    assert "MTP layer" in names(pool, "0.5.15", "static")


@pytest.mark.parametrize("release", ["0.5.14", "0.5.23"])
def test_the_static_rows_fill_the_budget(release: str) -> None:
    """KV takes what the weights leave, up to one page, wherever the draft is charged."""
    pool = replace(DECODE, mtp=True, draft_tokens=2)
    table = estimate(pool, published("flash"), gpus()["h200"], engine(release))
    used = sum(row.bytes for row in table.rows if row.pool == "static")
    assert 0 <= table.static_budget - used < 256 * table.kv_bytes_per_token + 2
    assert table.static_budget + table.outside_budget == table.gpu_bytes


@pytest.mark.parametrize(
    ("static", "outside", "verdict", "short"),
    [
        (50, 50, Verdict.FITS, 0),
        (54, 40, Verdict.TIGHT, 4),
        (57, 40, Verdict.TOO_BIG, 7),
        (40, 54, Verdict.TIGHT, 4),
        (40, 57, Verdict.TOO_BIG, 7),
    ],
)
def test_only_a_miss_beyond_the_margin_is_a_no(
    static: int, outside: int, verdict: Verdict, short: int
) -> None:
    """With rows that may be off by a tenth, a miss of 4 in 54 is tight and one of 7 in 57 is not."""
    table = small(static, outside, 0.1)
    assert (verdict, short * GIB) == (table.verdict, table.short_bytes)
    assert (verdict is not Verdict.TOO_BIG) == table.fits


def test_the_fractions_that_would_do() -> None:
    """The least fraction holds the weights, the greatest leaves the buffers their room."""
    table = small(60, 30, 0.0)
    assert (0.6, 0.7) == (table.least_fraction, table.greatest_fraction)


def test_printed_columns_line_up() -> None:
    """Numbers end in one column, estimates carry a tilde, and the verdict comes last."""
    pool = replace(DECODE, max_running_requests=2048, cuda_graph_max_batch=128)
    written = lines(estimate(pool, published("flash"), gpus()["h200"], engine()))
    columns = {line.index(" GiB") for line in written if line.startswith("  ")}
    assert len(columns) == 1
    assert "weights and KV cache: 0.902 (the engine's own) of 138.1 GiB free" == written[0]
    assert any(line.startswith("  CUDA graphs") and "~" in line for line in written)
    assert not any(line.startswith("  routed experts") and "~" in line for line in written)
    assert "verdict: fits" == written[-1]


def test_a_shortage_is_printed_with_its_size() -> None:
    """What lacks is said in GiB, for the budget that lacks it."""
    written = lines(small(57, 40, 0.1))
    assert "verdict: does not fit, 7.00 GiB too little for weights and KV cache" == written[-1]
    assert "weights and KV cache: 0.5 (given) of 100.0 GiB free" == written[0]
