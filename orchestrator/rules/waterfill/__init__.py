"""WAT3xx: Waterfill, which sends shared experts to the least loaded rank."""

from orchestrator.rules.waterfill.waterfill_before_engine_support import (
    waterfill_before_engine_support,
)
from orchestrator.rules.waterfill.waterfill_below_its_batch import waterfill_below_its_batch
from orchestrator.rules.waterfill.waterfill_on_one_rank import waterfill_on_one_rank
from orchestrator.rules.waterfill.waterfill_on_too_many_ranks import waterfill_on_too_many_ranks
from orchestrator.rules.waterfill.waterfill_without_deepep import waterfill_without_deepep
from orchestrator.rules.waterfill.waterfill_without_recording import waterfill_without_recording
from orchestrator.rules.waterfill.waterfill_without_shared_expert_fusion import (
    waterfill_without_shared_expert_fusion,
)

RULES = (
    waterfill_without_deepep,
    waterfill_on_one_rank,
    waterfill_without_shared_expert_fusion,
    waterfill_before_engine_support,
    waterfill_on_too_many_ranks,
    waterfill_below_its_batch,
    waterfill_without_recording,
)
