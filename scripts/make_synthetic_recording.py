"""Makes the synthetic recordings of configs/recordings from a public recording of another model.

Run by a python that has torch: `python scripts/make_synthetic_recording.py`. The skew is real
(DeepSeek-R1, 58 MoE layers of 256 experts), everything else is made up: which layer gets which
curve and which expert is how busy is drawn from SEED. No recording of DeepSeek-V4 is public.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "tests/data/expert-distributions/deepseek-r1-fp4-1k1k.pt"
FOLDER = ROOT / "configs/recordings"
SEED = 20_260_401
SOURCE_TOP_K = 8
TOP_K = 6
MODELS = {"synthetic-dsv4-flash": (43, 256), "synthetic-dsv4-pro": (61, 384)}
"""Layers and routed experts of the two models, as their configurations give them."""


def curves(counts: torch.Tensor) -> list[list[int]]:
    """Return the counts of each layer that has any, busiest expert first."""
    return [sorted(row, reverse=True) for row in counts.tolist() if any(row)]


def resampled(curve: list[int], experts: int) -> list[float]:
    """Return the sorted load curve read at `experts` evenly spaced places, linear in between."""
    read = []
    for expert in range(experts):
        place = (expert + 0.5) * len(curve) / experts - 0.5
        place = min(max(place, 0.0), len(curve) - 1.0)
        low = min(int(place), len(curve) - 2)
        read.append(curve[low] + (place - low) * (curve[low + 1] - curve[low]))
    return read


def scaled(loads: list[float], total: int) -> list[int]:
    """Return integers in proportion to `loads` that add up to `total`: largest remainder."""
    exact = [load * total / sum(loads) for load in loads]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: whole[place] - exact[place])
    for place in by_remainder[: total - sum(whole)]:
        whole[place] += 1
    return whole


def synthetic(counts: torch.Tensor, layers: int, experts: int) -> torch.Tensor:
    """Return int32 [layers, experts]: shuffled real curves, shuffled experts, top-6 totals."""
    chance = random.Random(SEED)  # noqa: S311 - a seed is the point
    real = curves(counts)
    tokens = sum(real[0]) // SOURCE_TOP_K
    order: list[list[int]] = []
    while len(order) < layers:
        order += chance.sample(real, len(real))
    rows = []
    for curve in order[:layers]:
        row = scaled(resampled(curve, experts), tokens * TOP_K)
        rows.append(chance.sample(row, len(row)))
    return torch.tensor(rows, dtype=torch.int32)


def main() -> None:
    """Write a file per model with the keys of SGLang's recorder, summed over the steps."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", type=Path, default=SOURCE, help="the public recording")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write")
    given = parser.parse_args()
    counts = torch.load(given.source, weights_only=True)["logical_count"]
    for name, (layers, experts) in MODELS.items():
        recording = {
            "rank": 0,
            "logical_count": synthetic(counts, layers, experts),
            "average_utilization_rate_over_window": None,
        }
        torch.save(recording, given.folder / f"{name}.pt")
        print(f"{given.folder / name}.pt: {layers} layers of {experts} experts")


if __name__ == "__main__":
    main()
