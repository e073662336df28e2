"""Writes docs/experts.md: what `deploy experts` prints about real files, run anew each time.

`--check` compares instead; a test runs it. Needs no engine and no cluster.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.transcripts import kept

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "experts.md"
FILES = (
    ROOT / "tests" / "data" / "expert-distributions",
    ROOT / "configs" / "recordings",
)
"""Every command finds their files, and the reference specs, in its folder."""


@dataclass(frozen=True)
class Transcript:
    """One command, and what it is there to show."""

    title: str
    words: str
    command: str


TRANSCRIPTS = (
    Transcript(
        "A real recording",
        "Of DeepSeek-R1, whose first three layers are dense.",
        "inspect deepseek-r1-fp4-1k1k.pt",
    ),
    Transcript(
        "A published file that recorded nothing",
        "The engine would load it without a word. Exit code 1, as for everything that is refused.",
        "inspect deepseek-r1-fp8-1k1k-empty.pt",
    ),
    Transcript(
        "Held against a spec",
        "Neither file is one of DeepSeek-V4-Flash.",
        "inspect deepseek-r1-fp4-1k1k.pt deepseek-r1-fp8-1k1k-empty.pt --spec flash-pd-h200.yaml",
    ),
    Transcript(
        "A file that fits the spec",
        "The sizes are those of its pools. With `--plot`, the load of each rank and layer is drawn too.",
        "inspect synthetic-dsv4-flash.pt --spec flash-pd-h200.yaml --plot flash.png",
    ),
    Transcript(
        "Two recordings of one model",
        "Of two servers with other traffic: layer by layer, and whether one of them would do for both.",
        "inspect sglang-0.5.17-tiny-v4-stat.pt sglang-0.5.17-tiny-v4-stat-two-gpus.pt --ep 2 --redundant 2 --layers",
    ),
    Transcript(
        "A dump that the engine does not replay",
        "The recorder's mode `per_pass` writes one for each rank.",
        "inspect recorder-0.5.23-per_pass.pt",
    ),
    Transcript(
        "How many redundant experts",
        "The fewest that reach a mean balance of 0.95, for each pool at its own expert-parallel "
        "ranks and within its GPU's memory.",
        "advise recordings/synthetic-dsv4-flash.pt --spec flash-pd-h200.yaml",
    ),
    Transcript(
        "Where memory forbids it",
        "DeepSeek-V4-Pro has room for them on one of two pools.",
        "advise recordings/synthetic-dsv4-pro.pt --spec pro-pd-h200.yaml --ep 16 --target 0.99",
    ),
    Transcript(
        "Without a spec",
        "A real recording of DeepSeek-R1, at ranks to choose from.",
        "advise deepseek-r1-fp4-1k1k.pt --ep 16 32 64 --target 0.98",
    ),
    Transcript(
        "A map instead of counts",
        "Local search on top of SGLang's own placement: a map binds every pool to it, so it must win for "
        "each. Here the engine's own is good enough; where 64 ranks hold five experts each, a map gains 0.011.",
        "place recordings/synthetic-dsv4-flash.pt --spec flash-pd-h200.yaml -o map.json",
    ),
    Transcript(
        "Another model's file",
        "It is refused with both shapes.",
        "advise deepseek-r1-fp4-1k1k.pt --spec pro-pd-h200.yaml",
    ),
    Transcript(
        "Publishing a file",
        "A recording that SGLang 0.5.17 wrote, for the trial that it fits: into a ConfigMap, since "
        "the spec names no claim, and only shown here.",
        "publish sglang-0.5.17-tiny-v4-stat.pt --spec tiny-tcp-trial.yaml --dry-run",
    ),
    Transcript(
        "Publishing into the claim's folder",
        "Mounted on this machine, so no cluster is asked. Comments and layout of the spec stay.",
        "publish recordings/synthetic-dsv4-flash.pt --spec flash-pd-h200.yaml --into recordings",
    ),
    Transcript(
        "A file that is not published",
        "Empty, and of another model: the same rules as `deploy validate`, on the spec as it would be.",
        "publish deepseek-r1-fp8-1k1k-empty.pt --spec flash-pd-h200.yaml",
    ),
    Transcript(
        "What it does to the ranks of two pools",
        "Every pool of a spec with experts in order, EPLB and Waterfill on top. The file is synthetic.",
        "simulate synthetic-dsv4-flash.pt --spec flash-pd-h200.yaml",
    ),
    Transcript(
        "Skew that EPLB alone cannot level",
        "A real recording of DeepSeek-R1, top-8, on 16 ranks of two nodes without redundant experts.",
        "simulate deepseek-r1-fp4-1k1k.pt --ep 16 --top-k 8",
    ),
    Transcript(
        "What two real GPUs carried",
        "Recorded by a server on two H100, which then carried 24,576 and 0 routed rows in layer 0, 20,480 "
        "and 4,096 in the others, and 2,048 shared rows each; with the file and 2 redundant experts 12,237 "
        "and 12,339 in layer 0, 12,288 each in the others.",
        "simulate sglang-0.5.17-tiny-v4-stat-two-gpus.pt --ep 2 --redundant 2 --tokens 2048 --layers",
    ),
    Transcript(
        "Recorded step by step",
        "The same recording on two ranks of 512 tokens: its own steps fill three batches.",
        "simulate sglang-0.5.17-tiny-v4-stat-two-gpus.pt --ep 2 --tokens 512",
    ),
    Transcript(
        "A file of another model",
        "SGLang starts with it.",
        "simulate deepseek-r1-fp4-1k1k.pt --spec flash-pd-h200.yaml",
    ),
    Transcript(
        "A file that recorded nothing",
        "Published, and empty.",
        "simulate deepseek-r1-fp8-1k1k-empty.pt --ep 8",
    ),
    Transcript(
        "A recording made small",
        "1,000 steps of a real server become one table; SGLang would sum them itself.",
        "merge sglang-0.5.17-tiny-v4-stat.pt -o reduced.json",
    ),
    Transcript(
        "Several recordings as one",
        "Each token of the first counts three times.",
        "merge sglang-0.5.17-tiny-v4-stat.pt=3 sglang-0.5.17-tiny-v4-stat-two-gpus.pt --note chat -o merged.json",
    ),
    Transcript(
        "Nothing to merge",
        "A published file that counted nothing.",
        "merge deepseek-r1-fp8-1k1k-empty.pt -o reduced.json",
    ),
    Transcript(
        "Of different models",
        "What has another shape is not added.",
        "merge deepseek-r1-fp4-1k1k.pt recordings/synthetic-dsv4-pro.pt -o x.json",
    ),
    Transcript(
        "A deployment that does not record",
        "It is seen before any cluster is asked.",
        "record flash-pd-h200.yaml --role both --duration 600 -o out",
    ),
)


def page() -> str:
    """Return the whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "<!-- Generated by scripts/experts_transcripts.py; a test runs every command again. -->\n"
    yield "# The expert-distribution file\n"
    for one in TRANSCRIPTS:
        yield f"## {one.title}\n\n{one.words}\n"
        yield f"```text\n$ deploy experts {one.command}\n{_run(one)}```\n"


def _run(one: Transcript) -> str:
    """Return what the command prints, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in FILES:
            shutil.copytree(source, folder, dirs_exist_ok=True)
        shutil.copytree(FILES[1], folder / "recordings")
        for spec in (ROOT / "configs").glob("*.yaml"):
            shutil.copy(spec, folder)
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", "experts", *one.command.split()],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if "Traceback" in done.stdout:
        raise RuntimeError(f"deploy experts {one.command} failed: {done.stdout}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(kept(PAGE, page))
