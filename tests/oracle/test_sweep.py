"""The sweep's balance against SGLang's own `rebalance_experts`, in every cell."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.balance.sweep import valid_cells
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.experts.read import read_expert_file
from scripts.bench_sweep import different, said_by

ROOT = Path(__file__).parents[2]
REAL = ROOT / "tests/data/expert-distributions/deepseek-r1-fp4-1k1k.pt"


def drawn(layers: int, experts: int) -> list[list[int]]:
    """Return layers that are empty, full of ties, or heavy-tailed."""
    chance = random.Random(experts)  # noqa: S311 - nothing here is a secret
    kinds: list[Callable[[], int]] = [
        lambda: 0,
        lambda: chance.randrange(3),
        lambda: int(1000 * chance.paretovariate(0.8)),
        lambda: chance.randrange(2**40),
    ]
    return [[kinds[layer % len(kinds)]() for _ in range(experts)] for layer in range(layers)]


@pytest.mark.parametrize("version", ["0.5.23"])
def test_the_balance_is_the_engines_in_every_cell(
    engine_environment: Callable[[str], EngineEnvironment], version: str
) -> None:
    """Layer by layer, on a real recording and on layers full of ties, for all redundancies tried."""
    real = read_expert_file(REAL).logical_totals()
    asked = [(real, valid_cells(len(real[0]), (0, 32, 128), (8, 16, 64)))]
    asked += [
        (counts, valid_cells(len(counts[0]), range(14), (1, 2, 3, 8, 12)))
        for counts in (drawn(8, 12), drawn(4, 13))
    ]
    said = said_by(engine_environment(version), asked)
    for (counts, cells), engine in zip(asked, said, strict=True):
        assert len(cells) >= 8
        assert [] == different(counts, cells, engine["balancedness"])
