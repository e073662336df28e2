"""Measures the sweep of placements against SGLang's own code, cell by cell, in one run.

Both are warm and leave out their imports; the balance must be the same in every cell. The engine is
measured with one and with two threads of torch, and its faster time counts; ours is one thread.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time

import numpy as np

from orchestrator.balance.sweep import balancedness, valid_cells
from orchestrator.engine.check.environment import EngineEnvironment
from orchestrator.experts.balancedness import Layout
from orchestrator.experts.placement import Counts

REDUNDANT = range(129)
RANKS = (8, 16, 32, 64)
RUNS = 5
ROUNDED = 1e-6

ENGINE = """
import json, sys, time, warnings

warnings.simplefilter("ignore")
import torch
from sglang.srt.eplb import eplb_algorithms, expert_distribution

algorithm = eplb_algorithms.EplbAlgorithm.deepseek


def placed(counts, redundant, ranks):
    physical = counts.shape[-1] + redundant
    return eplb_algorithms.rebalance_experts(
        counts, physical, physical // ranks, None, 1, algorithm
    )


def balance(counts, cell):
    slots, _, replicas = placed(counts, *cell)
    shares = (counts[0].double() / replicas).gather(-1, slots)
    loads = expert_distribution.compute_gpu_physical_count(shares, cell[1])
    return expert_distribution.compute_utilization_rate(loads).tolist()


def seconds(counts, cells, threads):
    torch.set_num_threads(threads)
    start = time.perf_counter()
    for cell in cells:
        placed(counts, *cell)
    return time.perf_counter() - start


asked = json.loads(sys.stdin.read())
counts, cells = torch.tensor([asked["counts"]]), asked["cells"]
found = [balance(counts, cell) for cell in cells]
fastest = min(seconds(counts, cells, threads) for threads in (1, 2))
print(json.dumps({"balancedness": found, "seconds": fastest}))
"""


def against_engine(
    counts: Counts, environment: EngineEnvironment
) -> tuple[list[Layout], float, float]:
    """Return the valid cells, the seconds that SGLang takes for them, and ours (the median).

    Raises `ValueError` where a layer's balance is not the engine's, which rounds to float32.
    """
    cells = valid_cells(len(counts[0]), REDUNDANT, RANKS)
    done = subprocess.run(
        [environment.python, "-c", ENGINE],
        env={**os.environ, **environment.env},
        input=json.dumps(
            {"counts": counts, "cells": [(cell.redundant, cell.ranks) for cell in cells]}
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    engine, found = json.loads(done.stdout), balancedness(counts, cells)
    for cell, theirs in zip(cells, engine["balancedness"], strict=True):
        if not np.allclose(found[cell], theirs, rtol=ROUNDED, atol=0):
            raise ValueError(f"the balance differs from SGLang's with {cell}")
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        balancedness(counts, cells)
        times.append(time.perf_counter() - start)
    return cells, engine["seconds"], statistics.median(times)
