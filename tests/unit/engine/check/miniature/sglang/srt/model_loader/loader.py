"""Stands for SGLang's loader."""

from typing import Any


def _get_quantization_config(_model_config: Any, _load_config: Any) -> str:
    return "quantised"
