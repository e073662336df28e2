"""Starting specs: a template filled with the smallest shape that every rule accepts.

The rules decide what fits, so a spec that comes out of here validates by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.catalog.gpus import Gpu, gpus
from orchestrator.engine.catalog import versions
from orchestrator.facts.gather import gather
from orchestrator.load.loader import load_text
from orchestrator.rules.book import RULES
from orchestrator.rules.check import check
from orchestrator.templates import rendered

SHAPES = {
    "pd": "prefill and decode pools",
    "aggregated": "one aggregated pool",
    "recording": "prefill and decode pools that record expert distributions",
}
PATHS = {
    ("flash", "fp8"): "sgl-project/DeepSeek-V4-Flash-FP8",
    ("pro", "fp8"): "sgl-project/DeepSeek-V4-Pro-FP8",
    ("flash", "fp4"): "deepseek-ai/DeepSeek-V4-Flash",
    ("pro", "fp4"): "deepseek-ai/DeepSeek-V4-Pro",
}
"""Published checkpoints; on Hopper FP4 experts do not run under DeepEP."""

SIZES = (4, 8, 16, 32)
"""GPUs of one replica, tried from small to large; all are sizes that DeepEP takes."""

BATCHES = ((128, None), (64, None), (64, 0.88), (32, 0.9), (8, 0.92))
"""Decode batch per rank and memory fraction, tried from roomy to tight."""


CHUNK_PER_RANK = 1024
"""Prompt tokens per attention-DP rank and pass; a multiple of the 256-token page."""


class UnsupportedStartError(Exception):
    """No shape tried fits the model on the GPU; the message says why the largest fails."""


def starting_spec(variant: str, gpu_name: str, shape: str) -> str:
    """Return the text of a commented spec that validates.

    Raises `UnsupportedStartError` where no shape up to 32 GPUs a replica passes the rules.
    """
    gpu = gpus()[gpu_name]
    refused = ""
    for tp in SIZES:
        if tp < gpu.gpus_per_node:
            continue
        for batch, fraction in BATCHES:
            sizes = {
                "tp": tp,
                "batch": batch,
                "running": batch * tp,
                "chunk": CHUNK_PER_RANK * tp,
                "memory_fraction": fraction,
            }
            text = _fill(variant, gpu, shape, sizes)
            loaded = load_text(text, file="start", folder=Path())
            facts = gather(loaded.spec, loaded.folder) if loaded.spec else None
            report = check(loaded, facts, RULES).report
            if not report.diagnostics:
                return text
            refused = report.diagnostics[0].message
    raise UnsupportedStartError(
        f"no shape of up to {SIZES[-1]} {gpu_name} GPUs a replica fits DeepSeek-V4 {variant}: {refused}"
    )


def _fill(variant: str, gpu: Gpu, shape: str, sizes: Mapping[str, float | None]) -> str:
    experts = "fp8" if gpu.generation == "hopper" else "fp4"
    return rendered(
        "start.yaml.j2",
        title=variant.capitalize(),
        variant=variant,
        gpu=gpu,
        gpus_per_node=gpu.gpus_per_node,
        shape=shape,
        shape_text=SHAPES[shape],
        sglang=versions()[-1],
        path=PATHS[variant, experts],
        experts=experts,
        **sizes,
    )
