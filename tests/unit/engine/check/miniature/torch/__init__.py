"""Stands for torch, of which the engine's side only sets answers in torch.cuda."""

from importlib.util import find_spec
from typing import Any

from torch import cuda, distributed, library, serialization  # noqa: F401 - as torch does


def sees(package: str) -> bool:
    """Return whether this package would find another one."""
    return find_spec(package) is not None


class Tensor:
    """A table of numbers that can be put on a GPU."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows
        self.shape = (len(rows), len(rows[0]))

    def to(self, device: Any) -> Any:
        """Need the GPU for its memory."""
        if device == "cuda":
            cuda._lazy_init()  # noqa: SLF001 - what torch calls by itself
        return self

    def tolist(self) -> list[list[int]]:
        """Return the numbers."""
        return self.rows
