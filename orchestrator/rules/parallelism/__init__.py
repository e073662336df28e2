"""PAR1xx: roles, replicas, ranks and nodes: whether the shape of the cluster can exist."""

from orchestrator.rules.parallelism.attention_dp_does_not_divide_tp import (
    attention_dp_does_not_divide_tp,
)
from orchestrator.rules.parallelism.chunk_beyond_compressor import chunk_beyond_compressor
from orchestrator.rules.parallelism.chunk_not_page_aligned import chunk_not_page_aligned
from orchestrator.rules.parallelism.deepep_over_tcp import deepep_over_tcp
from orchestrator.rules.parallelism.deepep_without_mlx5 import deepep_without_mlx5
from orchestrator.rules.parallelism.duplicate_pool_name import duplicate_pool_name
from orchestrator.rules.parallelism.expert_ranks_differ_from_tp import expert_ranks_differ_from_tp
from orchestrator.rules.parallelism.model_config_unreadable import model_config_unreadable
from orchestrator.rules.parallelism.more_gpus_than_a_node_has import more_gpus_than_a_node_has
from orchestrator.rules.parallelism.normal_mode_over_partial_nodes import (
    normal_mode_over_partial_nodes,
)
from orchestrator.rules.parallelism.outside_nvlink_domain import outside_nvlink_domain
from orchestrator.rules.parallelism.ranks_do_not_fill_nodes import ranks_do_not_fill_nodes
from orchestrator.rules.parallelism.unknown_hardware import unknown_hardware
from orchestrator.rules.parallelism.unpaired_roles import unpaired_roles
from orchestrator.rules.parallelism.unsupported_expert_ranks import unsupported_expert_ranks

RULES = (
    expert_ranks_differ_from_tp,
    ranks_do_not_fill_nodes,
    attention_dp_does_not_divide_tp,
    unsupported_expert_ranks,
    unpaired_roles,
    duplicate_pool_name,
    unknown_hardware,
    model_config_unreadable,
    chunk_not_page_aligned,
    deepep_over_tcp,
    normal_mode_over_partial_nodes,
    more_gpus_than_a_node_has,
    chunk_beyond_compressor,
    deepep_without_mlx5,
    outside_nvlink_domain,
)
