"""Stands for torch.distributed: a rank is known once there is a group."""

from typing import Any

RANKS = []


class HashStore:
    """Where a group meets."""


def init_process_group(_backend: str, *, store: Any, rank: int, world_size: int) -> None:
    """Make a group of one."""
    assert isinstance(store, HashStore)
    assert world_size == 1
    RANKS.append(rank)


def get_rank() -> int:
    """Return the rank of this process."""
    return RANKS[0]
