"""Simulated loads: what real servers carried, and what follows from the layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from orchestrator.balance.batches import Size, batches
from orchestrator.balance.simulate import Simulation, simulate
from orchestrator.experts.placement import Undivided
from orchestrator.experts.read import read_expert_file
from orchestrator.experts.steps import expert_steps

DATA = Path(__file__).parents[2] / "data"
REAL = yaml.safe_load((DATA / "real-loads.yaml").read_text(encoding="utf-8"))


def simulated(path: Path, size: Size, redundant: int = 0, nodes: int = 1) -> Simulation:
    """Simulate a file as the command does."""
    counts = read_expert_file(path).logical_totals()
    found = batches(counts, (step for _, step in expert_steps(path)), size)
    done = simulate(counts, found, size, redundant, nodes)
    assert isinstance(done, Simulation)
    return done


@pytest.mark.parametrize("name", ["plain", "replayed"])
def test_ranks_carry_what_they_carried_on_real_servers(name: str) -> None:
    """Shares of rows, and balancedness, of each layer are those of the servers, within 0.5 and 1 %."""
    server = REAL["servers"][name]
    size = Size(ranks=2, tokens=REAL["tokens_per_rank"], top_k=6)
    path = DATA / "expert-distributions" / REAL["recording"]
    layout = getattr(simulated(path, size, server["redundant"]), server["layout"])
    rows = np.array(server["routed"]) + np.array(server["shared"])
    real = rows / rows.sum(axis=1, keepdims=True)
    ours = layout.expected / layout.expected.sum(axis=1, keepdims=True)
    assert np.abs(ours - real).max() < server["within"]
    even = layout.expected.mean(axis=1) / layout.expected.max(axis=1)
    assert even == pytest.approx(server["balancedness"], abs=server["within"])
    assert rows.mean(axis=1) / rows.max(axis=1) == pytest.approx(server["balancedness"], abs=5e-4)


def test_no_row_is_lost() -> None:
    """Every layout carries each token's choices and one shared row, in every batch and layer."""
    size = Size(ranks=8, tokens=100, top_k=6)
    done = simulated(DATA / "expert-distributions" / "deepseek-r1-fp4-1k1k.pt", size, redundant=8)
    assert done.layers == tuple(range(3, 61))
    for layout in (done.trivial, done.eplb, done.waterfill):
        assert layout.loads.shape == (done.batches, 58, 8)
        assert (layout.loads.sum(axis=2) == 800 * 7).all()
        assert layout.expected.sum(axis=1) == pytest.approx(800 * 7)


def test_waterfill_levels_what_eplb_left() -> None:
    """On 16 ranks without redundancy it takes a good part of what is uneven; under 64 tokens nothing."""
    path = DATA.parents[1] / "configs/recordings/synthetic-dsv4-flash.pt"
    for tokens, levels in ((512, True), (63, False)):
        done = simulated(path, Size(ranks=16, tokens=tokens, top_k=6), nodes=2)
        gain = done.waterfill.gain_over(done.eplb)
        assert levels == (gain.low > 1)
        assert levels == bool((done.waterfill.loads != done.eplb.loads).any())
        assert 0.45 < done.trivial.balancedness.mean() < 0.5
        assert done.eplb.gain_over(done.trivial).low > 40


def test_experts_that_do_not_divide_are_undivided() -> None:
    """Slots left over are told instead of simulated; spare slots serve to divide the plain layout."""
    counts = [[1.0] * 10]
    size = Size(ranks=4, tokens=64, top_k=2)
    assert simulate(counts, batches(counts, [], size), size, 1, 1) == Undivided(11, 4)
    done = simulate(counts, batches(counts, [], size), size, 2, 1)
    assert isinstance(done, Simulation)
    # 12 slots, three a rank; the two spare ones are the last, and idle. A token chooses 0.2 of each.
    rows = [3 * 0.2 * 256, 3 * 0.2 * 256, 3 * 0.2 * 256, 1 * 0.2 * 256]
    assert done.trivial.expected[0] == pytest.approx(np.array(rows) + 64)


def test_in_order_there_are_redundant_slots_only_to_divide() -> None:
    """Without a file spare slots would be idle: the plain layout of 8 experts on 4 ranks has none."""
    counts = [[4.0, 4, 1, 1, 1, 1, 2, 2]]
    size = Size(ranks=4, tokens=64, top_k=2)
    found = batches(counts, [], size)
    with_spare, without = (simulate(counts, found, size, spare, 1) for spare in (4, 0))
    assert isinstance(with_spare, Simulation)
    assert isinstance(without, Simulation)
    assert (with_spare.trivial.loads == without.trivial.loads).all()
    assert with_spare.trivial.expected[0] == pytest.approx(np.array([256, 64, 64, 128]) + 64)
