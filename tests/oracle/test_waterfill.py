"""Our Waterfill against SGLang's own classes and Triton kernels, token by token, without a GPU."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from orchestrator.balance.waterfill import (
    Ints,
    destinations,
    dynamic_plan,
    routed_rows,
    static_plan,
)
from orchestrator.engine.check.environment import EngineEnvironment

# The engine's balancer runs as it is, its kernels in Triton's own interpreter. In dynamic mode one
# thing is put in its place: the all-reduce, whose result is given.
SCRIPT = """
import json, sys, warnings

warnings.simplefilter("ignore")
import torch
try:
    from sglang.srt.layers.moe.waterfill import WaterfillBalancer as Balancer
except ImportError:
    from sglang.srt.layers.moe.deepep_waterfill import DeepEPWaterfillBalancer as Balancer
from sglang.srt.layers.moe.topk import StandardTopKOutput

for line in sys.stdin:
    asked = json.loads(line)
    ranks, slots, k, together = (asked[key] for key in ("ranks", "slots", "k", "together"))
    answer = []
    for rank, chosen in enumerate(asked["chosen"]):
        balancer = Balancer(slots * ranks, ranks, rank, 0, 1.0)
        if together:
            balancer.use_static_waterfill = False
            reduced = tuple(map(torch.tensor, together))
            Balancer._all_reduce_dynamic_rank_load = staticmethod(lambda *_: reduced)
        ids = torch.tensor(chosen, dtype=torch.int32).reshape(-1, k)
        given = StandardTopKOutput(torch.ones(ids.shape), ids, torch.ones(ids.shape))
        shared = balancer.expand_topk(given, len(ids)).topk_ids[:, k]
        at = torch.where(shared < 0, slots, shared % (slots + 1))
        assert bool((at == slots).all()), "not a shared slot"
        answer.append(torch.where(shared < 0, -1, shared // (slots + 1)).tolist())
    print(json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class Case:
    """Top-k of every rank, as [tokens, k] physical slots each; -1 is padding."""

    ranks: int
    slots: int
    chosen: tuple[Ints, ...]
    dynamic: bool

    @property
    def routed(self) -> Ints:
        """Rows from each rank to each."""
        return np.stack([routed_rows(own, self.slots, self.ranks) for own in self.chosen])

    @property
    def together(self) -> tuple[Ints, Ints]:
        """What the all-reduce gives: rows routed to, and tokens on, each rank."""
        return self.routed.sum(axis=0), np.array([len(own) for own in self.chosen])

    def asked(self) -> str:
        """Return the line for the engine."""
        together = [part.tolist() for part in self.together] if self.dynamic else None
        chosen = [own.tolist() for own in self.chosen]
        return json.dumps(
            {
                "ranks": self.ranks,
                "slots": self.slots,
                "k": 6,
                "together": together,
                "chosen": chosen,
            }
        )

    def ours(self) -> list[list[int]]:
        """Return where our shared experts go."""
        both = dynamic_plan(*self.together, k=6)
        return [
            destinations(
                own, rank, self.slots, both if self.dynamic else static_plan(self.routed[rank])
            ).tolist()
            for rank, own in enumerate(self.chosen)
        ]


def cases() -> list[Case]:
    """Return even, skewed and padded batches around the threshold, in both modes."""
    chance = np.random.default_rng(5)
    found = []
    for ranks, slots, skew, dynamic in (
        (ranks, slots, skew, dynamic)
        for ranks, slots in ((2, 33), (8, 34))
        for skew in (0.6, 4.0)
        for dynamic in (False, True)
    ):
        weights = np.arange(1, ranks * slots + 1) ** -skew
        sizes = chance.permutation([0, 63, 64, 65, 255, 256, 257, 300])[-ranks:]
        chosen = []
        for size in sizes:
            noise = weights * chance.exponential(size=(size, len(weights))) ** -1
            own = np.argsort(-noise, axis=1)[:, :6]
            own[chance.random(size) < 0.1] = -1
            own[chance.random(own.shape) < 0.02] = -1
            chosen.append(own)
        found.append(Case(ranks, slots, tuple(chosen), dynamic))
    return found


@pytest.fixture(scope="module")
def engine_says(
    engine_environment: Callable[[str], EngineEnvironment],
) -> Callable[[str], list[Any]]:
    """What a release answers for all cases."""

    def said(version: str) -> list[Any]:
        environment = engine_environment(version)
        done = subprocess.run(
            [environment.python, "-c", SCRIPT],
            env={
                **os.environ,
                **environment.env,
                "TRITON_INTERPRET": "1",
                "TORCHDYNAMO_DISABLE": "1",
                "OMP_NUM_THREADS": "1",
            },
            input="\n".join(case.asked() for case in cases()),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert not done.returncode, done.stderr[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    return said


@pytest.mark.parametrize("version", ["0.5.23", "0.5.13"])
def test_shared_experts_go_where_the_engine_sends_them(
    engine_says: Callable[[str], list[Any]], version: str
) -> None:
    """Every token's shared expert goes to the engine's rank, in static and in dynamic mode."""
    said = engine_says(version)
    assert [case.ours() for case in cases()] == said
    abroad = sum(
        to not in (rank, -1) for answer in said for rank, own in enumerate(answer) for to in own
    )
    assert abroad > 1000
