"""Prints what the speed claims rest on: limits for whole commands, ratios within one run.

Every command is a fresh process, run several times; the median counts. Exit 1 where a limit is missed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from orchestrator.engine.check.environment import ensure, ensure_base
from orchestrator.experts.read import read_expert_file
from scripts import go_tools
from scripts.bench_cluster import NODES, PODS, large_cluster
from scripts.bench_sweep import against_engine

ROOT = Path(__file__).parent.parent
DEPLOY = (sys.executable, "-m", "orchestrator")
REFERENCE = ROOT / "configs" / "flash-pd-h200.yaml"
RECORDING = ROOT / "configs" / "recordings" / "synthetic-dsv4-flash.pt"
LARGEST = ROOT / "configs" / "recordings" / "synthetic-dsv4-pro.pt"
ENGINE = "0.5.23"
RUNS = 9

HEAD = """\
name: big
engine: {sglang: "0.5.23", image: "lmsysorg/sglang:v0.5.23"}
model: {variant: flash, path: /models/flash, experts: fp8, cache: {claim: models}}
hardware: {gpu: h200, gpus_per_node: 8, fabric: infiniband}
router: {replicas: 2}
pools:
"""
PREFILL = """\
  - {name: prefill-%d, role: prefill, replicas: 2, parallelism: {tp: 8, attention_dp: 8}}
"""
DECODE = """\
  - {name: decode-%d, role: decode, replicas: 3, parallelism: {tp: 8, attention_dp: 8}, \
max_running_requests: 1024, cuda_graph_max_batch: 128, dispatch_tokens: 128, memory_fraction: 0.85}
"""


def measured(command: Sequence[object], runs: int = RUNS) -> tuple[float, float]:
    """Return the median wall time in seconds and the largest peak memory in MB of a command."""
    # An installed package has its byte code; a checkout writes it in the run that is not counted.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times, peaks = [], []
    for _ in range(runs + 1):
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=env,
        )
        _, status, usage = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - start)
        peaks.append(usage.ru_maxrss / 1024)
        process.returncode = os.waitstatus_to_exitcode(status)
        error = process.stderr.read().decode() if process.stderr else ""
        if process.returncode:
            sys.exit(f"{command} failed with {process.returncode}: {error}")
    return statistics.median(times[1:]), max(peaks)


def big_spec(pools: int) -> str:
    """Return a spec of `pools` pools, 20 GPUs each on average (500 pools: 10,000 GPUs)."""
    pairs = (PREFILL % i + DECODE % i for i in range(pools // 2))
    return HEAD + "".join(pairs)


class Bench:
    """Collects rows and whether all limits held."""

    def __init__(self) -> None:
        self.missed = 0

    def row(
        self, what: str, value: float, unit: str, limit: float | None, *, least: bool = False
    ) -> None:
        """Print one figure against its limit."""
        if limit is None:
            print(f"       {what}: {value:.3g} {unit}")
            return
        good = value >= limit if least else value <= limit
        self.missed += not good
        sign = "≥" if least else "≤"
        print(f"{'ok    ' if good else 'MISSED'} {what}: {value:.3g} {unit} ({sign} {limit:g})")


def sweep_of_placements(bench: Bench) -> None:
    """Print how much longer than the advisor SGLang's own placement takes for the same answers."""
    environment = ensure(ENGINE, say=lambda text: print(f"       {text}"))
    pro = read_expert_file(LARGEST)
    cells, engine, sweep = against_engine(pro.logical_totals(), environment)
    shape = f"{len(cells)} placements of {pro.layers} × {pro.columns}"
    bench.row(f"{shape}, the advisor's sweep", sweep * 1000, "ms", None)
    bench.row(f"  SGLang {ENGINE}, one call each", engine * 1000, "ms", None)
    bench.row("  SGLang takes, same balance everywhere", engine / sweep, "times", 10, least=True)


def main() -> int:
    """Run everything and print the table."""
    bench = Bench()
    bare, _ = measured([sys.executable, "-c", "pass"])
    bench.row("an empty Python", bare * 1000, "ms", None)
    help_time, _ = measured([*DEPLOY, "--help"])
    bench.row("deploy --help", help_time * 1000, "ms", 150)

    seconds, _ = measured([*DEPLOY, "validate", REFERENCE])
    bench.row("deploy validate, PD reference with its expert file", seconds * 1000, "ms", 300)
    render, peak = measured([*DEPLOY, "render", REFERENCE])
    bench.row("deploy render, which validates first", render * 1000, "ms", 300)
    bench.row("  peak memory", peak, "MB", 60)

    seconds, _ = measured([*DEPLOY, "experts", "inspect", RECORDING])
    bench.row("deploy experts inspect, 43 layers x 256 experts", seconds * 1000, "ms", 300)

    for helm in ("helm3", "helm4"):
        program = go_tools.ensure(helm)
        start, _ = measured([program, "version", "--short"])
        words = ("r", ROOT / "charts" / REFERENCE.stem, "--namespace", "inference")
        seconds, _ = measured([program, "template", *words])
        bench.row(f"{helm} alone", start * 1000, "ms", None)
        bench.row(
            f"  rendering the reference's chart takes {helm}", seconds / start, "times that", 2
        )

    with tempfile.TemporaryDirectory() as folder:
        chart, _ = measured([*DEPLOY, "chart", REFERENCE, "-o", Path(folder) / "chart"])
        bench.row("deploy chart takes", chart / render, "times what render takes", 1.5)
        times = {}
        for pools in (500, 1000):
            path = Path(folder) / f"{pools}.yaml"
            path.write_text(big_spec(pools), encoding="utf-8")
            times[pools], _ = measured([*DEPLOY, "render", path], runs=3)
    bench.row("validate + render of 500 pools, 10,000 GPUs", times[500], "s", 2)
    bench.row("  1,000 pools take", times[1000] / times[500], "times as long", 2.5)

    python = ensure_base(say=lambda text: print(f"       {text}"))
    ours = "from pathlib import Path; from orchestrator.experts.read import read_expert_file; "
    ours += f"read_expert_file(Path('{RECORDING}'))"
    reader, reader_peak = measured([sys.executable, "-c", ours])
    theirs = f"import torch; torch.load('{RECORDING}', weights_only=True, map_location='cpu')"
    torch, torch_peak = measured([python, "-c", theirs], runs=3)
    bench.row("expert file, ours with import", reader * 1000, "ms", None)
    bench.row("expert file, torch with import", torch * 1000, "ms", None)
    bench.row("  torch takes", torch / reader, "times as long", 5, least=True)
    bench.row("  torch needs", torch_peak / reader_peak, "times the memory", 3, least=True)

    sweep_of_placements(bench)

    with large_cluster("inference", ROOT / "docs" / "laptop" / "claims.yaml") as kubeconfig:
        live = (REFERENCE, "--kubeconfig", kubeconfig)
        measured([*DEPLOY, "apply", *live, "--yes"], runs=1)
        seconds, peak = measured([*DEPLOY, "validate", *live, "--cluster"], runs=5)
        bench.row(f"preflight of {NODES} nodes and {PODS} pods", seconds, "s", 5)
        bench.row("  peak memory", peak, "MB", 300)
        seconds, _ = measured([*DEPLOY, "status", *live], runs=5)
        bench.row("  deploy status there", seconds, "s", 2)
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
