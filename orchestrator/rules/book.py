"""All rules in the order of their codes. Explicit: a family lists its rules, this file the families."""

from orchestrator.rules import (
    deepep,
    engine,
    experts,
    kubernetes,
    memory,
    pairing,
    parallelism,
    storage,
    waterfill,
)
from orchestrator.rules.model import Rule

RULES: tuple[Rule, ...] = (
    *parallelism.RULES,
    *deepep.RULES,
    *waterfill.RULES,
    *experts.RULES,
    *pairing.RULES,
    *memory.RULES,
    *storage.RULES,
    *engine.RULES,
    *kubernetes.RULES,
)
