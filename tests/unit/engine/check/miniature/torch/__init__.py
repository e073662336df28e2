"""Stands for torch, of which the engine's side only sets answers in torch.cuda."""

from importlib.util import find_spec


def sees(package: str) -> bool:
    """Return whether this package would find another one."""
    return find_spec(package) is not None
