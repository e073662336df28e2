"""Stands for SGLang's MoE settings."""

from typing import Any


def initialize_moe_config(server_args: Any) -> None:
    """Accept what is published."""
    assert server_args is not None
