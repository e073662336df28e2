"""EXP4xx: redundant experts, their placement, and the expert-distribution file."""

from orchestrator.rules.experts.corrupt_expert_file import corrupt_expert_file
from orchestrator.rules.experts.empty_recording import empty_recording
from orchestrator.rules.experts.expert_file_digest_differs import expert_file_digest_differs
from orchestrator.rules.experts.expert_file_not_replayable import expert_file_not_replayable
from orchestrator.rules.experts.expert_file_of_another_model import expert_file_of_another_model
from orchestrator.rules.experts.expert_file_outside_volume import expert_file_outside_volume
from orchestrator.rules.experts.experts_not_divisible import experts_not_divisible
from orchestrator.rules.experts.hierarchical_placement_algorithm import (
    hierarchical_placement_algorithm,
)
from orchestrator.rules.experts.idle_redundant_experts import idle_redundant_experts
from orchestrator.rules.experts.map_does_not_fit_pool import map_does_not_fit_pool
from orchestrator.rules.experts.map_misses_experts import map_misses_experts
from orchestrator.rules.experts.partly_empty_recording import partly_empty_recording
from orchestrator.rules.experts.unknown_placement_algorithm import unknown_placement_algorithm
from orchestrator.rules.experts.unreadable_expert_file import unreadable_expert_file

RULES = (
    experts_not_divisible,
    idle_redundant_experts,
    unknown_placement_algorithm,
    hierarchical_placement_algorithm,
    unreadable_expert_file,
    expert_file_not_replayable,
    expert_file_of_another_model,
    empty_recording,
    map_does_not_fit_pool,
    map_misses_experts,
    expert_file_outside_volume,
    partly_empty_recording,
    expert_file_digest_differs,
    corrupt_expert_file,
)
