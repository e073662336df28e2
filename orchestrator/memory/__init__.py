"""What one GPU of a pool holds, row by row, against what the engine lets it use.

Arithmetic on a pool's sizes, a model's shape and a GPU's memory; knows no spec, no flags, no Kubernetes.
"""

from orchestrator.memory.estimate import estimate
from orchestrator.memory.fraction import default_fraction
from orchestrator.memory.pool import PoolShape
from orchestrator.memory.table import MemoryRow, MemoryTable, Verdict, lines
from orchestrator.memory.weights import checkpoint_bytes

__all__ = (
    "MemoryRow",
    "MemoryTable",
    "PoolShape",
    "Verdict",
    "checkpoint_bytes",
    "default_fraction",
    "estimate",
    "lines",
)
