"""STO7xx: volumes that many nodes share."""

from orchestrator.rules.storage.checkpoint_without_cache import checkpoint_without_cache
from orchestrator.rules.storage.expert_file_without_one_home import expert_file_without_one_home
from orchestrator.rules.storage.model_outside_cache import model_outside_cache
from orchestrator.rules.storage.nested_mounts import nested_mounts
from orchestrator.rules.storage.same_mount import same_mount
from orchestrator.rules.storage.two_jit_caches import two_jit_caches
from orchestrator.rules.storage.volume_access_unknown import volume_access_unknown
from orchestrator.rules.storage.volume_not_shared import volume_not_shared

RULES = (
    volume_not_shared,
    volume_access_unknown,
    same_mount,
    nested_mounts,
    model_outside_cache,
    two_jit_caches,
    expert_file_without_one_home,
    checkpoint_without_cache,
)
