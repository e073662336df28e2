"""MEM6xx: whether it fits the GPU."""

from orchestrator.rules.memory.gpu_memory_exceeded import gpu_memory_exceeded
from orchestrator.rules.memory.gpu_memory_tight import gpu_memory_tight

RULES = (gpu_memory_exceeded, gpu_memory_tight)
