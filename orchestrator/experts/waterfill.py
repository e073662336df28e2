"""For how many ranks and tokens the engine's Waterfill runs at all; what it does to loads is `balance/`'s."""

from __future__ import annotations

MOST_RANKS = 32

MIN_TOKENS = 64
"""Below so many tokens of its own a rank keeps its shared expert (waterfill.py:72, SGLang 0.5.23)."""


def runs(ranks: int) -> bool:
    """Return whether Waterfill's kernel compiles for so many ranks; if not, a batch kills the engine.

    kernels/ops/moe/deepep_waterfill_kernels.py:112, 135 (SGLang 0.5.23). Seen on an H100 with Triton
    3.6.0: for 24 ranks `arange's range must be a power of 2`; for 64 the mask of candidates,
    `(1 << ranks) - 1`, is no number that Triton takes. 2, 4, 8, 16 and 32 ran.
    """
    return ranks <= MOST_RANKS and ranks & (ranks - 1) == 0
