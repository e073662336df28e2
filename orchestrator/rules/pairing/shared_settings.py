"""The settings that prefill and decode pools must have alike, one row each.

How a pool says a setting and what it means unsaid; comparing them is the rule's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.diagnostics.model import FieldPath
from orchestrator.pools import PoolView
from orchestrator.spec.base import SecretKey

FP4_INDEXER = "--enable-deepseek-v4-fp4-indexer"

ALIASES = {"fp32": "float32", "bf16": "bfloat16"}
"""Spellings that mean the same (0.5.23, srt/model_executor/pool_configurator.py:137-146)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting by the name a user knows.

    `read` gives what holds for a pool, `place` where that is written, or `None` where it is not.
    """

    name: str
    read: Callable[[PoolView], str]
    place: Callable[[PoolView], FieldPath | None]
    because: str


def _kv_format(view: PoolView) -> str:
    """`auto` is FP8 for DeepSeek-V4 (0.5.23, srt/arg_groups/overrides.py:901-904)."""
    written = view.pool.kv_cache_dtype
    return "fp8_e4m3" if written == "auto" else written


def _fp4_indexer(view: PoolView) -> str:
    return "on" if view.pool.extra_args.get(FP4_INDEXER, False) is not False else "off"


def _variable(name: str, default: str, because: str) -> Setting:
    def read(view: PoolView) -> str:
        value = {**view.cluster.pod.env, **view.pool.pod.env}.get(name, default)
        if isinstance(value, SecretKey):
            return f"Secret {value.secret}, key {value.key}"
        return ALIASES.get(value.lower(), value.lower())

    def place(view: PoolView) -> FieldPath | None:
        if name in view.pool.pod.env:
            return view.at("pod", "env", name)
        return ("pod", "env", name) if name in view.cluster.pod.env else None

    return Setting(name, read, place, because)


LAYOUT = "decode refuses the pair at its first request: KV layout mismatch"
STATE = "the transfer is refused, or writes to the wrong place: item length mismatch"

SETTINGS = (
    Setting(
        "kv_cache_dtype",
        _kv_format,
        lambda view: (
            view.at("kv_cache_dtype") if "kv_cache_dtype" in view.pool.model_fields_set else None
        ),
        "decode refuses the pair at its first request: KV cache dtype mismatch",
    ),
    Setting(
        "mtp",
        lambda view: "off" if view.pool.mtp is None else "on",
        lambda view: None if view.pool.mtp is None else view.at("mtp"),
        STATE,
    ),
    Setting(
        FP4_INDEXER,
        _fp4_indexer,
        lambda view: view.at("extra_args", FP4_INDEXER) if _fp4_indexer(view) == "on" else None,
        "nothing compares it: indexer keys land at the wrong offsets",
    ),
    _variable("SGLANG_DSV4_KV_LAYOUT", "v4", LAYOUT),
    _variable("SGLANG_DSV4_COMPRESSED_KV_LAYOUT", "auto", LAYOUT),
    _variable("SGLANG_DSV4_COMPRESS_STATE_DTYPE", "float32", STATE),
)
