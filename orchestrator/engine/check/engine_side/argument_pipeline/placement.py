"""Places experts with the engine's own loader of `--init-expert-location` and digests the outcome.

What stands where is the engine's answer (`srt/eplb/expert_location.py`); no placement is known here.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import struct
from typing import Any

from .gpu import keep_memory_here

# What the engine reads as a file; any other text but `trivial` is JSON (every release).
SUFFIXES = (".pt", ".json")


def is_file(location: str) -> bool:
    """Return whether the engine takes this `--init-expert-location` for a file."""
    return location.endswith(SUFFIXES)


def place(args: Any, model_config: Any) -> dict[str, Any] | None:
    """Return the placement of rank 0, None for a model whose experts are not placed.

    `sha256` is over the physical-to-logical map as little-endian 32-bit integers, layer by layer,
    without anything between: a map of `layers` x `physical` numbers has 4 bytes for each. Raises
    what the engine objects with.
    """
    keep_memory_here()
    _be_alone()
    location = importlib.import_module("sglang.srt.eplb.expert_location")
    compute = location.compute_initial_expert_location_metadata
    given = {"server_args": args, "model_config": model_config, "moe_ep_rank": 0}
    asked = inspect.signature(compute).parameters
    metadata = compute(**{name: value for name, value in given.items() if name in asked})
    return None if metadata is None else _digest(metadata.physical_to_logical_map)


def _be_alone() -> None:
    """Make a process group of this process alone: the engine asks torch for its rank, which is 0."""
    distributed = importlib.import_module("torch.distributed")
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)


def _digest(physical_to_logical: Any) -> dict[str, Any]:
    layers, physical = physical_to_logical.shape
    packed = (struct.pack(f"<{physical}i", *row) for row in physical_to_logical.tolist())
    digest = hashlib.sha256(b"".join(packed)).hexdigest()
    return {"layers": layers, "physical": physical, "sha256": digest}
