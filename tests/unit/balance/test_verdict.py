"""Whether Waterfill pays: in the direction of the maintainers' gains and of the field's losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from orchestrator.balance import dispatch
from orchestrator.balance.batches import Size, batches
from orchestrator.balance.simulate import Simulation, simulate
from orchestrator.balance.verdict import Effect, Verdict, cost, field, verdict
from orchestrator.experts.read import read_expert_file
from tests.unit.balance.test_simulate import DATA

SKEWED = read_expert_file(
    DATA.parents[1] / "configs/recordings/synthetic-dsv4-flash.pt"
).logical_totals()[:20]


def judged(
    counts: Sequence[Sequence[float]], size: Size, role: str, redundant: int = 0, nodes: int = 1
) -> Verdict:
    """Return the verdict on a pool of that traffic."""
    done = simulate(counts, batches(counts, [], size), size, redundant, nodes)
    assert isinstance(done, Simulation)
    return verdict(done, role)


@pytest.mark.parametrize("row", field()["gains"]["rows"], ids=lambda row: row["redundant"])
def test_it_pays_where_the_maintainers_gained(
    monkeypatch: pytest.MonkeyPatch, row: dict[str, float]
) -> None:
    """EP 16 on two nodes with skew gains with 0, 16 and 32 redundant experts, by their release's dispatch.

    Until 0.5.15.post1 all ranks of a node without a replica of their own took the first on it.
    """

    def first_on_the_node(holders: Sequence[int], rank: int, ranks_per_node: int) -> int | None:
        near = [holder for holder in holders if holder // ranks_per_node == rank // ranks_per_node]
        return rank if rank in holders else near[0] if near else None

    monkeypatch.setattr(dispatch, "_nearest", first_on_the_node)
    found = judged(SKEWED, Size(16, 512, 6), "prefill", int(row["redundant"]), nodes=2)
    assert found.effect is Effect.PAYS
    assert found.low < row["per_cent"] < found.high + 2


def test_skewed_prefill_pays_for_sure() -> None:
    """A heavy skew that EPLB cannot level without redundancy pays, the whole range above nothing."""
    found = judged(SKEWED, Size(16, 512, 6), "prefill", nodes=2)
    assert (found.effect, found.sure) == (Effect.PAYS, True)
    assert "balancedness 0.7" in found.reason


def test_even_decode_costs() -> None:
    """Even routing on decode costs, as it did in every measurement of the field."""
    even = np.full((4, 256), 1000.0).tolist()
    found = judged(even, Size(4, 128, 6), "decode")
    assert found.effect is Effect.COSTS
    measured = [row["per_cent"] for row in field()["decode"]["rows"]]
    assert found.low == pytest.approx(min(measured), abs=2)
    assert found.high > max(measured)
    assert (found.low + found.high) / 2 < -3


@pytest.mark.parametrize("role", ["prefill", "decode", "aggregated"])
def test_under_64_tokens_it_only_costs(role: str) -> None:
    """With 63 tokens a rank nothing is levelled whatever the skew, and the arithmetic is told."""
    found = judged(SKEWED, Size(16, 63, 6), role, nodes=2)
    assert found.effect is Effect.COSTS
    assert "63 tokens a rank are fewer than 64" in found.reason
    assert "6 + 1 rows instead of 6" in found.reason
    assert (found.low, found.high) == tuple(-part for part in reversed(cost(role)))
    assert found.sure
    assert not str(found.high).startswith("-0.0")


def test_a_kernel_that_does_not_compile_costs_everything() -> None:
    """On 64 ranks the first full batch ends the engine; under 64 tokens the kernel is not asked."""
    even = np.full((1, 256), 10.0).tolist()
    found = judged(even, Size(64, 64, 6), "prefill", nodes=8)
    assert (found.effect, found.sure, found.low) == (Effect.COSTS, True, -100)
    assert "does not compile for 64 ranks" in found.reason
    assert "fewer than 64" in judged(even, Size(64, 63, 6), "prefill", nodes=8).reason


def test_levelled_traffic_has_no_effect() -> None:
    """Where the gain is smaller than what anyone could measure, that is what is said."""
    found = judged(SKEWED, Size(16, 512, 6), "prefill", redundant=16, nodes=2)
    assert (found.effect, found.sure) == (Effect.NONE, False)


def test_costs_are_those_measured() -> None:
    """Ranges come from the rows of the field: decode from its losses, prefill below its noise."""
    assert {"decode": (2.0, 16.4), "prefill": (0.0, 0.7), "aggregated": (0.0, 16.4)} == {
        role: cost(role) for role in ("decode", "prefill", "aggregated")
    }
