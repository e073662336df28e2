"""DEP2xx: DeepEP modes, dispatch budget and CUDA graphs."""

from orchestrator.rules.deepep.aggregated_explicit_mode import aggregated_explicit_mode
from orchestrator.rules.deepep.cuda_graph_with_normal_mode import cuda_graph_with_normal_mode
from orchestrator.rules.deepep.decode_not_low_latency import decode_not_low_latency
from orchestrator.rules.deepep.dispatch_tokens_above_kernel_limit import (
    dispatch_tokens_above_kernel_limit,
)
from orchestrator.rules.deepep.dispatch_tokens_below_graph_batch import (
    dispatch_tokens_below_graph_batch,
)
from orchestrator.rules.deepep.draft_tokens_differ_from_steps import draft_tokens_differ_from_steps
from orchestrator.rules.deepep.fewer_requests_than_ranks import fewer_requests_than_ranks
from orchestrator.rules.deepep.fp4_experts_with_deepep_on_hopper import (
    fp4_experts_with_deepep_on_hopper,
)
from orchestrator.rules.deepep.megamoe_as_verified import megamoe_as_verified
from orchestrator.rules.deepep.megamoe_requested import megamoe_requested
from orchestrator.rules.deepep.prefill_not_normal import prefill_not_normal
from orchestrator.rules.deepep.recorder_with_auto_mode import recorder_with_auto_mode
from orchestrator.rules.deepep.recorder_with_waterfill import recorder_with_waterfill
from orchestrator.rules.deepep.runner_without_deepep_layout import runner_without_deepep_layout
from orchestrator.rules.deepep.running_requests_beyond_graphs import running_requests_beyond_graphs

RULES = (
    prefill_not_normal,
    decode_not_low_latency,
    aggregated_explicit_mode,
    recorder_with_auto_mode,
    cuda_graph_with_normal_mode,
    dispatch_tokens_below_graph_batch,
    dispatch_tokens_above_kernel_limit,
    megamoe_requested,
    fp4_experts_with_deepep_on_hopper,
    draft_tokens_differ_from_steps,
    running_requests_beyond_graphs,
    fewer_requests_than_ranks,
    recorder_with_waterfill,
    megamoe_as_verified,
    runner_without_deepep_layout,
)
