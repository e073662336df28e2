"""Our Waterfill and static dispatch against SGLang's own code and Triton kernels, without a GPU."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pytest

from orchestrator.balance.dispatch import static_dispatch
from orchestrator.balance.waterfill import Ints
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.experts.placement import Placement, eplb
from tests.waterfill_by_token import destinations, dynamic_plan, routed_rows, static_plan

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



def tables(counts, ranks, redundant, nodes):
    from sglang.srt.eplb import expert_location
    from sglang.srt.eplb.eplb_algorithms import deepseek
    from sglang.srt.runtime_context import get_context

    slots = len(counts[0]) + redundant
    _, places, _ = deepseek.rebalance_experts(torch.tensor(counts), slots, 1, 1, ranks, False)
    table = expert_location.compute_logical_to_rank_dispatch_physical_map
    with get_context().override_server_args(device="cpu", ep_size=ranks, nnodes=nodes):
        found = [table(places, ranks, slots, rank) for rank in range(ranks)]
    return (torch.stack(found, dim=1) // (slots // ranks)).tolist()


for line in sys.stdin:
    asked = json.loads(line)
    if "counts" in asked:
        print(json.dumps(tables(**asked)), flush=True)
        continue
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


@dataclass(frozen=True)
class Placed:
    """Counts as [layers][experts], placed by EPLB."""

    counts: list[list[int]]
    ranks: int
    redundant: int
    nodes: int

    def asked(self) -> str:
        """Return the line for the engine."""
        return json.dumps(asdict(self))

    def ours(self) -> list[Any]:
        """Return the rank that each rank's tokens go to, as [layers][from ranks][experts]."""
        placement = eplb(self.counts, self.redundant, self.ranks)
        assert isinstance(placement, Placement)
        return static_dispatch(placement, self.nodes).tolist()


def placed() -> list[Placed]:
    """Return skewed counts with up to a replica for every expert, on one node and on more."""
    chance = np.random.default_rng(4)
    return [
        Placed((chance.pareto(0.7, (3, 32)) * 50).astype(int).tolist(), ranks, redundant, nodes)
        for ranks, nodes in ((2, 1), (8, 1), (8, 2), (16, 4))
        for redundant in (0, 16, 32)
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
) -> Callable[[str, Sequence[Case | Placed]], list[Any]]:
    """What a release answers."""

    def said(version: str, asked: Sequence[Case | Placed]) -> list[Any]:
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
            input="\n".join(one.asked() for one in asked),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert not done.returncode, done.stderr[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    return said


@pytest.mark.parametrize("version", ["0.5.23", "0.5.13"])
def test_shared_experts_and_replicas_are_the_engines(
    engine_says: Callable[[str, Sequence[Case | Placed]], list[Any]], version: str
) -> None:
    """Every token's shared expert goes to the engine's rank in both modes, and to the engine's replica.

    Replicas are asked of the newer release alone: until 0.5.15.post1 they were chosen otherwise.
    """
    asked = [*cases(), *(placed() if version == "0.5.23" else ())]
    said = engine_says(version, asked)
    assert [one.ours() for one in asked] == said
    abroad = sum(
        to not in (rank, -1)
        for answer in said[: len(cases())]
        for rank, own in enumerate(answer)
        for to in own
    )
    assert abroad > 1000
