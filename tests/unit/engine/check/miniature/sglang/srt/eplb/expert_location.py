"""Stands for SGLang's placement: a file holds the map itself."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch


def compute_initial_expert_location_metadata(
    server_args: Any, model_config: Any, moe_ep_rank: int
) -> Any:
    """Return the map, put on the GPU."""
    assert moe_ep_rank == torch.distributed.get_rank() == 0
    if model_config.hf_config.layers == 0:
        return None
    place = server_args.init_expert_location
    rows = [[0, 1, 2, 3]] if place == "trivial" else json.loads(Path(place).read_text())
    assert len(rows[0]) % server_args.tp_size == 0
    return SimpleNamespace(physical_to_logical_map=torch.Tensor(rows).to("cuda"))
