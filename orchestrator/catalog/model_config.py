"""The shape of a DeepSeek-V4 model, read from a `config.json` in Hugging Face form.

Reads and checks one mapping; what the shape costs or where it fits is not decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ARCHITECTURE = "DeepseekV4ForCausalLM"
MODEL_TYPE = "deepseek_v4"
RATIOS = (0, 4, 128)
"""Compression ratios of V4: sliding window only, C4 with indexer, C128 (V4.1 has others)."""

MODELS = Path(__file__).parent / "models"


class ModelConfigError(Exception):
    """A `config.json` that is not a usable DeepSeek-V4 one; the message names the key."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of one model; dimensions in elements, layers without the next-token ones.

    Keys as in SGLang 0.5.23, srt/configs/deepseek_v4.py and model_config.py:1418-1431.
    """

    layers: int
    nextn_layers: int
    hash_layers: int
    plain_layers: int
    c4_layers: int
    c128_layers: int
    hidden: int
    vocab: int
    max_positions: int
    heads: int
    head_dim: int
    rope_dim: int
    q_lora_rank: int
    o_lora_rank: int
    o_groups: int
    index_heads: int
    index_dim: int
    sliding_window: int
    hyper_connections: int
    routed_experts: int
    shared_experts: int
    experts_per_token: int
    moe_intermediate: int


def parse_model_config(data: object) -> ModelShape:
    """Return the shape that a parsed `config.json` describes.

    Raises `ModelConfigError` for anything else than a DeepSeek-V4 config with sane sizes.
    """
    if not isinstance(data, Mapping):
        raise ModelConfigError("config.json: the top level is not an object")
    _identity(data)
    layers, nextn = _count(data, "num_hidden_layers"), _count(data, "num_nextn_predict_layers", 0)
    ratios = _ratios(data, layers)
    shape = ModelShape(
        layers=layers,
        nextn_layers=nextn,
        hash_layers=_count(data, "num_hash_layers", 0),
        plain_layers=ratios.count(0),
        c4_layers=ratios.count(4),
        c128_layers=ratios.count(128),
        hidden=_count(data, "hidden_size"),
        vocab=_count(data, "vocab_size"),
        max_positions=_count(data, "max_position_embeddings"),
        heads=_count(data, "num_attention_heads"),
        head_dim=_count(data, "head_dim"),
        rope_dim=_count(data, "qk_rope_head_dim"),
        q_lora_rank=_count(data, "q_lora_rank"),
        o_lora_rank=_count(data, "o_lora_rank"),
        o_groups=_count(data, "o_groups"),
        index_heads=_count(data, "index_n_heads"),
        index_dim=_count(data, "index_head_dim"),
        sliding_window=_count(data, "sliding_window"),
        hyper_connections=_count(data, "hc_mult"),
        routed_experts=_count(data, "n_routed_experts"),
        shared_experts=_count(data, "n_shared_experts", 0),
        experts_per_token=_count(data, "num_experts_per_tok"),
        moe_intermediate=_count(data, "moe_intermediate_size"),
    )
    for broken in _contradictions(shape):
        raise ModelConfigError(f"config.json: {broken}")
    return shape


@cache
def published(variant: str) -> ModelShape:
    """Return the shape of `flash`, `pro` or `tiny`; raises `ModelConfigError` for another name."""
    path = config_path(variant)
    return parse_model_config(json.loads(path.read_text(encoding="utf-8")))


def config_path(variant: str) -> Path:
    """Return where the `config.json` of a variant lies; raises `ModelConfigError` for another name."""
    known = sorted(path.stem for path in MODELS.glob("*.json"))
    if variant not in known:
        raise ModelConfigError(f"no model variant {variant!r}; there are {', '.join(known)}")
    return MODELS / f"{variant}.json"


def _identity(data: Mapping[object, object]) -> None:
    if data.get("model_type") != MODEL_TYPE:
        raise ModelConfigError(
            f"config.json: model_type is {data.get('model_type')!r}, expected {MODEL_TYPE!r}"
        )
    architectures = data.get("architectures")
    if not isinstance(architectures, list) or ARCHITECTURE not in architectures:
        raise ModelConfigError(
            f"config.json: architectures is {architectures!r}, expected [{ARCHITECTURE!r}]"
        )


def _count(data: Mapping[object, object], key: str, least: int = 1) -> int:
    value = data.get(key)
    if value is None:
        raise ModelConfigError(f"config.json: {key} is missing")
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ModelConfigError(
            f"config.json: {key} is {value!r}, expected a whole number of at least {least}"
        )
    return value


def _ratios(data: Mapping[object, object], layers: int) -> tuple[int, ...]:
    value = data.get("compress_ratios")
    if not isinstance(value, list):
        raise ModelConfigError("config.json: compress_ratios is missing or not a list")
    if len(value) < layers:
        raise ModelConfigError(
            f"config.json: compress_ratios has {len(value)} entries for {layers} layers"
        )
    for index, ratio in enumerate(value):
        if not isinstance(ratio, int) or isinstance(ratio, bool) or ratio not in RATIOS:
            raise ModelConfigError(
                f"config.json: compress_ratios[{index}] is {ratio!r}, expected 0, 4 or 128"
            )
    return tuple(value[:layers])


def _contradictions(shape: ModelShape) -> Iterator[str]:
    if shape.experts_per_token > shape.routed_experts:
        yield (
            f"num_experts_per_tok={shape.experts_per_token} exceeds "
            f"n_routed_experts={shape.routed_experts}"
        )
    if shape.hash_layers > shape.layers:
        yield f"num_hash_layers={shape.hash_layers} exceeds num_hidden_layers={shape.layers}"
    if shape.rope_dim >= shape.head_dim:
        yield f"qk_rope_head_dim={shape.rope_dim} is not smaller than head_dim={shape.head_dim}"
    if shape.heads * shape.head_dim % shape.o_groups:
        yield f"o_groups={shape.o_groups} does not divide {shape.heads} heads of {shape.head_dim}"
