"""Stands for torch.serialization."""

from typing import Any

PACKAGES = []


def register_package(*package: Any) -> None:
    """Note how storages of another device are restored."""
    PACKAGES.append(package)
