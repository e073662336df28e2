"""Asks the engine whether Waterfill takes effect for the model, however the release decides it.

Waterfill balances the shared expert, so it needs that one fused into the routed ones; whether that
happens depends on the model's class and quantisation. No rule of it stands here.
"""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from .gpu import NotHere

FLAGS = ("enable_waterfill", "enable_deepep_waterfill")


class _Unbuilt:
    """A model of which only the configuration is there."""

    def __init__(self, config: Any, quant_config: Any) -> None:
        self.config = config
        self.quant_config = quant_config

    def __getattr__(self, name: str) -> Any:
        raise NotHere(f"the model's {name}")


def effective(args: Any, model_config: Any, model_class: Any) -> bool:
    """Return whether the experts of a layer would be dispatched with Waterfill.

    Raises what the engine objects with.
    """
    moe = importlib.import_module("sglang.srt.layers.moe.utils")
    initialize = moe.initialize_moe_config
    initialize(*((args,) if inspect.signature(initialize).parameters else ()))
    config = model_config.hf_config
    quant_config = _quantization(model_config)
    if hasattr(moe, "resolve_shared_experts_config"):
        decided = moe.resolve_shared_experts_config(model_class, config, quant_config)
        return bool(decided.use_waterfill)
    if hasattr(moe, "install_shared_experts_fusion_decision"):
        moe.install_shared_experts_fusion_decision(model_class, config, quant_config)
    model: Any = _Unbuilt(config, quant_config)
    model_class.determine_num_fused_shared_experts(model)
    fused = model.num_fused_shared_experts
    top_k = importlib.import_module("sglang.srt.layers.moe.topk").TopK(
        config.num_experts_per_tok + fused, layer_id=0, num_fused_shared_experts=fused
    )
    return any(getattr(top_k, flag, False) for flag in FLAGS)


def _quantization(model_config: Any) -> Any:
    """Return the engine's quantisation config of the checkpoint."""
    loader = importlib.import_module("sglang.srt.model_loader.loader")
    load_config = importlib.import_module("sglang.srt.configs.load_config").LoadConfig()
    return loader._get_quantization_config(model_config, load_config)  # noqa: SLF001 - the loader's
