"""Stands for torch.library."""

DEFINED = {}


def define(name: str, signature: str) -> None:
    """Note an operator."""
    DEFINED[name] = signature
