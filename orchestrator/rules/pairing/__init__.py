"""PDC5xx: what prefill and decode must agree on."""

from orchestrator.rules.pairing.attention_ranks_do_not_divide import attention_ranks_do_not_divide
from orchestrator.rules.pairing.context_lengths_differ import context_lengths_differ
from orchestrator.rules.pairing.hicache_without_prefix_cache import hicache_without_prefix_cache
from orchestrator.rules.pairing.nic_map_misses_gpus import nic_map_misses_gpus
from orchestrator.rules.pairing.nics_excluded_from_nccl import nics_excluded_from_nccl
from orchestrator.rules.pairing.nics_unread_by_nixl import nics_unread_by_nixl
from orchestrator.rules.pairing.nics_without_rdma import nics_without_rdma
from orchestrator.rules.pairing.partner_timeout_too_long import partner_timeout_too_long
from orchestrator.rules.pairing.prefill_and_decode_differ import prefill_and_decode_differ
from orchestrator.rules.pairing.rdma_transfer_without_rdma import rdma_transfer_without_rdma
from orchestrator.rules.pairing.trtllm_attention_with_transfer import trtllm_attention_with_transfer

RULES = (
    prefill_and_decode_differ,
    context_lengths_differ,
    rdma_transfer_without_rdma,
    nics_without_rdma,
    trtllm_attention_with_transfer,
    attention_ranks_do_not_divide,
    hicache_without_prefix_cache,
    nic_map_misses_gpus,
    nics_unread_by_nixl,
    partner_timeout_too_long,
    nics_excluded_from_nccl,
)
